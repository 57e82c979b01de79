"""YAML written from a tree, in every style, by a writer that remembers where it put what."""

from __future__ import annotations

import random

from tests.locations.flow import write_alias, write_anchor, write_flow
from tests.locations.pen import Pen, Written
from tests.locations.spelling import write_scalar
from tests.locations.tree import Alias, Map, Scalar, Seq, Tree


def write(root: Map, rng: random.Random) -> Written:
    """The tree as a document, in styles drawn at random."""
    pen = Pen(rng)
    if pen.chance(0.1):
        pen.put("%YAML 1.2" + pen.line_break + "---" + pen.line_break)
    if pen.chance(0.1):
        pen.lines_between(0)
    if pen.chance(0.15):
        pen.folds = pen.folds and pen.chance(0.5)
        write_flow(pen, root, 1)
    else:
        _Blocks(pen, rng.choice([0, 0.2, 0.5])).write(root, 0)
    pen.end_line()
    if pen.chance(0.1):
        pen.put("..." + pen.line_break)
    return pen.written()


class _Blocks:
    """Block collections, and what stands in them; a share of the collections is written as flow."""

    def __init__(self, pen: Pen, flow_share: float) -> None:
        self.pen = pen
        self.flow_share = flow_share

    def write(self, node: Map | Seq, column: int) -> None:
        """A collection whose entries start in a column; its first line is already indented."""
        if isinstance(node, Map):
            self._map(node, column)
        else:
            self._list(node, column)

    def _map(self, node: Map, column: int) -> None:
        start = self.pen.at
        for place, (key, value) in enumerate(node.entries):
            if place:
                self.pen.next_line(column)
            self._key(key, column)
            self._below(value, column, is_item=False)
        own = [key for key, _ in node.entries if key.text != "<<"]
        marks = self.pen.marks
        marks[id(node)] = marks[id(own[0])] if own else (start, self.pen.at)

    def _key(self, key: Scalar, column: int) -> None:
        is_explicit = self.pen.chance(0.03) and key.text != "<<"
        self.pen.put("? " if is_explicit else "")
        write_scalar(self.pen, key, column, "key")
        if is_explicit:
            self.pen.next_line(column)
            self.pen.put(":")
        else:
            self.pen.put(" :" if self.pen.chance(0.05) else ":")

    def _list(self, node: Seq, column: int) -> None:
        for place, item in enumerate(node.items):
            if place:
                self.pen.next_line(column)
            start = self.pen.at
            self.pen.put("-")
            self._below(item, column, is_item=True)
            if not place:
                self.pen.marks[id(node)] = (start, self.pen.at)

    def _below(self, value: Tree, column: int, *, is_item: bool) -> None:
        """The value of a key, or an item of a list, that starts in a column."""
        pen = self.pen
        if isinstance(value, Map | Seq) and self._is_block(value):
            self._block_below(value, column, is_item=is_item)
            return
        if pen.folds and pen.chance(0.05) and not isinstance(value, Alias):
            pen.next_line(column + pen.rng.randint(1, 4))
        else:
            pen.put(pen.rng.choice([" ", " ", " ", "  "]))
        write_anchor(pen, value)
        if isinstance(value, Map | Seq):
            write_flow(pen, value, column + 1)
        elif isinstance(value, Alias):
            write_alias(pen, value)
        else:
            write_scalar(pen, value, column, "value")

    def _is_block(self, node: Map | Seq) -> bool:
        is_flow = isinstance(node, Map) and node.is_flow
        is_empty = not (node.entries if isinstance(node, Map) else node.items)
        return not is_flow and not is_empty and not self.pen.chance(self.flow_share)

    def _block_below(self, value: Map | Seq, column: int, *, is_item: bool) -> None:
        deeper = self.pen.rng.choice([2, 2, 2, 1, 4])
        if value.anchor:
            self.pen.put(f" &{value.anchor}")
        elif is_item and self.pen.chance(0.8):
            self.pen.put(" " * deeper)
            self.write(value, column + 1 + deeper)
            return
        if isinstance(value, Seq) and not is_item and self.pen.chance(0.3):
            deeper = 0
        self.pen.next_line(column + deeper)
        self.write(value, column + deeper)
