"""Flow collections of YAML, on one line or on several."""

from __future__ import annotations

from tests.locations.pen import Pen
from tests.locations.spelling import write_scalar
from tests.locations.tree import Alias, Map, Scalar, Seq, Tree


def write_flow(pen: Pen, node: Tree, column: int) -> None:
    """A value between brackets; further lines of it start in a column or behind it."""
    if isinstance(node, Alias):
        write_alias(pen, node)
    elif isinstance(node, Scalar):
        write_scalar(pen, node, column, "flow")
    else:
        _collection(pen, node, column)


def write_alias(pen: Pen, node: Alias) -> None:
    start = pen.at
    pen.put(f"*{node.of.anchor}")
    pen.marks[id(node)] = (start, pen.at)


def write_anchor(pen: Pen, node: Tree) -> None:
    """What stands before a value that is named."""
    if node.anchor:
        pen.put(f"&{node.anchor} ")


def _collection(pen: Pen, node: Map | Seq, column: int) -> None:
    start = pen.at
    opened, closed = "{}" if isinstance(node, Map) else "[]"
    pen.put(opened)
    children = node.entries if isinstance(node, Map) else node.items
    for place, child in enumerate(children):
        _gap(pen, column)
        if isinstance(child, tuple):
            _entry(pen, *child, column)
        else:
            _value(pen, child, column)
        if place + 1 < len(children) or pen.chance(0.05):
            # A blank keeps the name of an alias from taking the comma in.
            pen.put(" ," if pen.parts[-1][0] == "*" or pen.chance(0.05) else ",")
    _gap(pen, column, is_last=True)
    pen.put(closed)
    pen.marks[id(node)] = (start, pen.at)


def _entry(pen: Pen, key: Scalar, value: Tree, column: int) -> None:
    write_scalar(pen, key, column, "flow key")
    if not key.is_bare:
        pen.put(pen.rng.choice([": ", ": ", ":  ", " : "]))
        _value(pen, value, column)


def _value(pen: Pen, value: Tree, column: int) -> None:
    write_anchor(pen, value)
    write_flow(pen, value, column)


def _gap(pen: Pen, column: int, *, is_last: bool = False) -> None:
    """What stands before an entry, or before the bracket that closes."""
    if pen.folds and pen.chance(0.15):
        if is_last:
            pen.put(pen.line_break)
        else:
            pen.end_line()
        pen.put(" " * (column + pen.rng.randint(0, 3)))
    elif not is_last or pen.chance(0.2) or pen.parts[-1][0] == "*":
        pen.put(pen.rng.choice([" ", " ", " ", "  "]))
