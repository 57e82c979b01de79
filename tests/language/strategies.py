"""Random expressions, the text they are written as, and tensors for them to read."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from composer.language import tree as t
from composer.language.functions import FUNCTIONS
from composer.language.shape import Shape
from composer.language.static.infer import Type

DTYPES = (
    "bool", "uint8", "int8", "int32", "int64", "float16", "bfloat16", "float32", "float64",
)  # fmt: skip
NUMBERS = ("a", "b", "c", "d")
FLAGS = ("flag", "other_flag")
TABLES = {"classes": ("float32", (3,)), "ids": ("int64", (2,)), "matrix": ("float32", (3, 2))}
SCALARS = {"alpha": 0.25, "count": 7, "enabled": True}
HELD = {
    "alpha": (np.asarray(0.25), "float32", "scalar"),
    "count": (np.asarray(7), "int64", "scalar"),
    "enabled": (np.asarray(True), "bool", "scalar"),
    "classes": (np.asarray([0.0, 1.0, 2.0]), "float32", "table"),
    "ids": (np.asarray([0, 1]), "int64", "table"),
    "matrix": (np.asarray([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]), "float32", "table"),
}
"""The constants as a spec holds them: their numbers, dtype and place."""


# Text


def written(tree: t.Tree) -> str:
    """A text that reads as the tree, with brackets around every part that has parts."""
    match tree:
        case t.Number():
            return repr(tree.value)
        case t.Tensor():
            return tree.side + "".join(_name(name) for name in tree.path)
        case t.Constant():
            return tree.name
        case t.Step():
            return "step"
        case t.Unary():
            return f"{tree.op} {_bracketed(tree.operand)}"
        case t.Binary():
            return f"{_bracketed(tree.left)} {tree.op} {_bracketed(tree.right)}"
        case t.Compare():
            links = zip(tree.ops, tree.operands[1:], strict=True)
            rest = "".join(f" {op} {_bracketed(operand)}" for op, operand in links)
            return _bracketed(tree.operands[0]) + rest
        case t.Logic():
            return f" {tree.op} ".join(map(_bracketed, tree.operands))
        case t.Member():
            word = "not in" if tree.negated else "in"
            values = ", ".join(map(written, tree.values))
            return f"{_bracketed(tree.operand)} {word} [{values}]"
        case t.Index():
            return f"{_bracketed(tree.operand)}[{', '.join(map(_item, tree.items))}]"
        case t.Call():
            return f"{tree.name}({', '.join(_arguments(tree))})"
    raise TypeError(type(tree))


def _name(name: str) -> str:
    plain = name.isascii() and name.isidentifier() and not name.startswith("__")
    return f".{name}" if plain and not keyword.iskeyword(name) else f"[{name!r}]"


def _bracketed(tree: t.Tree) -> str:
    is_leaf = isinstance(tree, t.Tensor | t.Constant | t.Step | t.Call | t.Index)
    return written(tree) if is_leaf else f"({written(tree)})"


def _item(item: t.Item) -> str:
    if not isinstance(item, t.Slice):
        return "..." if item == "..." else str(item)
    parts = ["" if part is None else str(part) for part in (item.start, item.stop, item.step)]
    return ":".join(parts if item.step is not None else parts[:2])


def _arguments(call: t.Call) -> list[str]:
    arguments = [written(argument) for argument in call.args]
    arguments += [f"[{', '.join(map(written, items))}]" for items in call.lists]
    if call.axis is not None:
        arguments.append(
            f"axis={list(call.axis)}" if len(call.axis) > 1 else f"axis={call.axis[0]}"
        )
    if call.size is not None:
        arguments.append(f"{FUNCTIONS[call.name].size}={call.size}")
    return arguments


# Trees


def numbers() -> st.SearchStrategy[t.Tree]:
    """Literals, many of them at an edge."""
    integers = st.integers(-(2**63) + 1, 2**63 - 1) | st.integers(-3, 300)
    floats = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, 0.1, 1e-30])
    return st.builds(lambda value: t.Number(0, 0, value), integers | floats)


small = st.builds(lambda value: t.Number(0, 0, value), st.integers(-3, 300) | st.just(0.1))
truths = st.builds(lambda value: t.Number(0, 0, value), st.booleans())


def tensors(names: tuple[str, ...]) -> st.SearchStrategy[t.Tree]:
    sides = st.sampled_from(("y_true", "y_pred"))
    return st.builds(
        lambda side, name: t.Tensor(0, 0, side, (name,)), sides, st.sampled_from(names)
    )


@st.composite
def indices(draw: st.DrawFn) -> tuple[t.Item, ...]:
    """What stands in brackets, most often of a tensor with three axes."""
    bound = st.none() | st.integers(-3, 3)
    part = st.builds(t.Slice, bound, bound, st.none() | st.integers(1, 2))
    items: list[t.Item] = draw(
        st.lists(part | st.none() | st.integers(-2, 2), min_size=0, max_size=2)
    )
    first: t.Item = draw(st.sampled_from([t.Slice(None, None, None), "..."]))
    return (first, *items)


def _is_foldable(tree: t.Tree) -> bool:
    return isinstance(tree, t.Number)


def _binary(op: str, left: t.Tree, right: t.Tree) -> t.Tree:
    """Numbers among themselves are computed while reading; a division by 0 is refused."""
    if _is_foldable(left) and _is_foldable(right):
        return left
    if isinstance(right, t.Number) and op in ("/", "//", "%") and not right.value:
        return left
    if isinstance(right, t.Number) and op == "**":
        right = t.Number(0, 0, right.value % 4 if isinstance(right.value, int) else 0.5)
    return t.Binary(0, 0, op, left, right)


def _negative(tree: t.Tree) -> t.Tree:
    return tree if _is_foldable(tree) else t.Unary(0, 0, "-", tree)


def _compare(ops: list[str], operands: list[t.Tree]) -> t.Tree:
    count = min(len(ops), len(operands) - 1)
    return t.Compare(0, 0, tuple(ops[:count]), tuple(operands[: count + 1]))


_axes = st.none() | st.lists(st.sampled_from([1, 2, -1]), min_size=1, max_size=2).map(tuple)


def _tables() -> st.SearchStrategy[t.Tree]:
    """Constants with axes, and some of their rows, maybe none."""
    constant = st.builds(lambda name: t.Constant(0, 0, name), st.sampled_from(list(TABLES)))
    bound = st.none() | st.integers(-3, 3)
    rows = st.builds(lambda start, stop: (t.Slice(start, stop, None),), bound, bound)
    return constant | st.builds(lambda table, rows: t.Index(0, 0, table, rows), constant, rows)


def _calls(value: st.SearchStrategy, flag: st.SearchStrategy) -> st.SearchStrategy[t.Tree]:
    """Calls that give numbers."""

    def call(names: list[str], *args: st.SearchStrategy) -> st.SearchStrategy[t.Tree]:
        return st.builds(
            lambda name, *given: t.Call(0, 0, name, given), st.sampled_from(names), *args
        )

    unary = [
        "abs", "exp", "log", "sqrt", "square", "sigmoid", "softmax", "argmax", "stop_gradient",
    ]  # fmt: skip
    reduced = st.builds(
        lambda name, x, axis: t.Call(0, 0, name, (x,), (), axis),
        st.sampled_from(["sum", "mean"]), value, _axes,
    )  # fmt: skip
    one_hot = st.builds(
        lambda x, n: t.Call(0, 0, "one_hot", (x,), (), None, n), value, st.integers(1, 3)
    )
    last = st.builds(
        lambda left, op, name: t.Binary(
            0, 0, op, left, t.Call(0, 0, "last_axis", (t.Constant(0, 0, name),))
        ),
        value, st.sampled_from(["+", "*", "/"]), st.sampled_from(["classes", "ids"]),
    )  # fmt: skip
    return (
        call(unary, value)
        | call(["minimum", "maximum"], value, value)
        | call(["clip"], value, value, value)
        | call(["where"], flag, value, value)
        | call(["take"], _tables(), value)
        | reduced
        | one_hot
        | last
    )


def schedules() -> st.SearchStrategy[t.Tree]:
    """Functions of the step."""
    step, number = t.Step(0, 0), lambda value: t.Number(0, 0, value)
    ramps = st.builds(
        lambda name, start, length, low, high: t.Call(
            0, 0, name, (step, *map(number, (start, start + length, low, high)))
        ),
        st.sampled_from(["ramp", "cosine"]), st.integers(0, 9), st.integers(0, 9),
        st.floats(-1, 1), st.floats(-1, 1),
    )  # fmt: skip
    pieces = st.just(
        t.Call(
            0, 0, "piecewise", (step,), ((number(1), number(5)), tuple(map(number, (1, 0.5, 2))))
        )
    )
    cycles = st.builds(
        lambda period, size: t.Call(
            0, 0, "cycle", (step, number(period)), (tuple(map(number, range(size))),)
        ),
        st.integers(1, 9) | st.just(2.5), st.integers(1, 4),
    )  # fmt: skip
    return ramps | pieces | cycles


def _one(*choices: st.SearchStrategy[t.Tree]) -> st.SearchStrategy[t.Tree]:
    """One of the choices, as likely as any other branch that it stands beside."""
    return st.one_of(*choices).map(lambda tree: tree)


def _value_leaves() -> st.SearchStrategy[t.Tree]:
    scalars = st.builds(lambda name: t.Constant(0, 0, name), st.sampled_from(list(SCALARS)))
    number = _one(small, scalars, st.just(t.Step(0, 0)), _one(schedules()))
    return _one(tensors(NUMBERS), tensors(NUMBERS), tensors(NUMBERS), number)


def _flag_leaves() -> st.SearchStrategy[t.Tree]:
    return _one(tensors(FLAGS), tensors(FLAGS), tensors(FLAGS), truths)


def values(depth: int = 3) -> st.SearchStrategy[t.Tree]:
    """Expressions for numbers, mostly of sound types."""
    value, flag = _values_below(depth), _flags_below(depth)
    operators = st.sampled_from(["+", "-", "*", "/", "//", "%", "**"])
    return (
        st.builds(_binary, operators, value, value)
        | st.builds(_binary, st.sampled_from(["//", "%"]), value, small)
        | st.builds(_negative, value)
        | st.builds(lambda x, items: t.Index(0, 0, x, items), value, indices())
        | _calls(value, flag)
    )


def _values_below(depth: int) -> st.SearchStrategy[t.Tree]:
    return _one(_value_leaves(), _one(values(depth - 1))) if depth > 1 else _value_leaves()


def _flags_below(depth: int) -> st.SearchStrategy[t.Tree]:
    return _one(_flag_leaves(), _one(flags(depth - 1))) if depth > 1 else _flag_leaves()


def flags(depth: int = 3) -> st.SearchStrategy[t.Tree]:
    """Boolean expressions, mostly of sound types."""
    value, flag = _values_below(depth), _flags_below(depth)
    operators = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
    reduced = st.builds(
        lambda name, x, axis: t.Call(0, 0, name, (x,), (), axis),
        st.sampled_from(["any", "all"]), flag, _axes,
    )  # fmt: skip
    return (
        st.builds(
            _compare,
            st.lists(operators, min_size=1, max_size=2),
            st.lists(value, min_size=2, max_size=3),
        )
        | st.builds(
            lambda op, *both: t.Logic(0, 0, op, both), st.sampled_from(["and", "or"]), flag, flag
        )
        | st.builds(lambda x: t.Unary(0, 0, "not", x), flag)
        | st.builds(
            lambda x, members, negated: t.Member(0, 0, x, tuple(members), negated),
            value, st.lists(small | truths, min_size=1, max_size=3), st.booleans(),
        )
        | st.builds(
            lambda name, x: t.Call(0, 0, name, (x,)), st.sampled_from(["isfinite", "isnan"]), value
        )
        | reduced
    )  # fmt: skip


def any_trees() -> st.SearchStrategy[t.Tree]:
    """Trees of any types, with tensors of any names, that can be written down."""
    paths = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), max_size=3)
    free = st.builds(
        lambda side, path: t.Tensor(0, 0, side, tuple(path)), st.sampled_from(["y_true", "y_pred"]), paths
    )  # fmt: skip
    leaves = free | numbers() | truths | _value_leaves() | _flag_leaves()
    return st.recursive(leaves, _grown, max_leaves=12)


def _grown(part: st.SearchStrategy[t.Tree]) -> st.SearchStrategy[t.Tree]:
    operators = st.sampled_from(["+", "-", "*", "/", "//", "%", "**"])
    return (
        st.builds(_binary, operators, part, part)
        | st.builds(lambda x: t.Unary(0, 0, "not", x), part)
        | st.builds(_negative, part)
        | st.builds(lambda op, a, b: t.Logic(0, 0, op, (a, b)), st.sampled_from(["and", "or"]), part, part)
        | st.builds(_compare, st.lists(st.sampled_from(["==", "<"]), min_size=1), st.tuples(part, part))
        | st.builds(lambda x, items: t.Index(0, 0, x, items), part, indices())
        | _calls(part, part)
    )  # fmt: skip


# Batches


@dataclass(frozen=True)
class Batch:
    """The dtype and the shape of every tensor; the axes also as symbols."""

    types: dict[tuple[str, str], tuple[str, tuple[int, ...]]]
    symbols: dict[tuple[str, str], tuple[int | str, ...]]


_SHAPES: tuple[tuple[int | str, ...], ...] = (
    (), ("batch",), ("batch",), ("batch", "h"), ("batch", "h"), ("batch", 1), ("batch", "w"),
    ("batch", "h", "w"), ("batch", "h", "w"), ("batch", 1, "w"), ("batch", "h", 1),
)  # fmt: skip


@st.composite
def batches(draw: st.DrawFn, dtypes: Sequence[str] = DTYPES) -> Batch:
    """Dtypes and shapes for all names, a few sizes among them; the batch may be empty."""
    sizes = {
        "batch": draw(st.sampled_from([2, 3, 1, 0])),
        "h": draw(st.sampled_from([3, 2, 1])),
        "w": draw(st.sampled_from([2, 3, 1])),
    }
    types, symbols = {}, {}
    for side in ("y_true", "y_pred"):
        for name in (*NUMBERS, *FLAGS):
            dtype = "bool" if name in FLAGS else draw(st.sampled_from(dtypes))
            shape = draw(st.sampled_from(_SHAPES))
            symbols[side, name] = shape
            types[side, name] = (dtype, tuple(sizes.get(a, a) for a in shape))
    return Batch(types, symbols)


class Names:
    """The static types of a batch's tensors, told as fully as `shape` and `dtype` let through."""

    def __init__(
        self, batch: Batch, shape=Shape, dtype=lambda dtype: dtype, symbolic=False
    ) -> None:
        self.batch = batch
        self.shape = shape
        self.dtype = dtype
        self.symbolic = symbolic

    def tensor(self, node: t.Tensor) -> Type:
        place = (node.side, node.path[0])
        dtype, sizes = self.batch.types[place]
        axes = self.batch.symbols[place] if self.symbolic else sizes
        return Type(self.dtype(dtype), self.shape(axes))

    def constant(self, node: t.Constant) -> Type:
        if node.name in TABLES:
            dtype, sizes = TABLES[node.name]
            return Type(dtype, Shape(sizes), "table")
        kinds = {bool: "bool", int: "int64", float: "float32"}
        return Type(kinds[type(SCALARS[node.name])], Shape(), "scalar")
