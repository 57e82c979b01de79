"""Static types: what expressions come to, what is wrong with them, and that no alarm is false."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from composer.language import tree as t
from composer.language.errors import ExpressionError
from composer.language.expression import parse
from composer.language.shape import UNKNOWN, Shape
from composer.language.static.infer import Type, infer
from composer.language.tensor_type import parse_tensor
from tests.language.strategies import Names, batches, flags, values, written

TENSORS = {
    "labels": "int32[batch]",
    "bytes": "uint8[batch, h, w]",
    "depth": "float32[batch, h, w, 1]",
    "half": "float16[batch, h]",
    "brain": "bfloat16[batch]",
    "wide": "float64[batch, 3]",
    "logits": "float32[batch, 27]",
    "valid": "bool[batch]",
    "pixels": "bool[batch, h, w]",
    "number": "float32[]",
    "four": "float32[4]",
    "empty": "float32[batch, 0]",
    "rows": "float32[batch, ?, 5]",
    "open": "float32[batch, ..., 3]",
    "tail": "bool[..., 7]",
    "any": "float32[...]",
}
CONSTANTS = {
    "weights": ("float32", (27,)),
    "three": ("float32", (3,)),
    "ids": ("int64", (27,)),
    "wide_table": ("float64", (27, 2)),
    "alpha": ("float32", ()),
    "count": ("int64", ()),
    "enabled": ("bool", ()),
}


class Declared:
    """The tensors above; what is not among them is not known at all."""

    def tensor(self, node):
        found = TENSORS.get(".".join(node.path))
        if found is None:
            return Type(None, UNKNOWN)
        tensor = parse_tensor(found)
        return Type(tensor.dtype, tensor.shape)

    def constant(self, node):
        dtype, sizes = CONSTANTS[node.name]
        return Type(dtype, Shape(sizes), "table" if sizes else "scalar")


def type_of(text):
    """The type of an expression; `@depth` is short for `y_true.depth`."""
    return infer(parse(text.replace("@", "y_true.")).tree, Declared())


def refused(text):
    with pytest.raises(ExpressionError) as caught:
        infer(parse(text.replace("@", "y_true.")).tree, Declared())
    return caught.value


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        # arithmetic
        ("@bytes + 1", "int64[batch, h, w]"),
        ("@bytes - 0.5", "float32[batch, h, w]"),
        ("@bytes / 2", "float32[batch, h, w]"),
        ("@bytes // 2 % 3", "int64[batch, h, w]"),
        ("@valid + @valid", "int64[batch]"),
        ("-@valid", "int64[batch]"),
        ("+@half", "float32[batch, h]"),
        ("@half * @brain", "float32[batch, h]"),
        ("@wide * @brain", "float64[batch, 3]"),
        ("@wide * alpha", "float64[batch, 3]"),
        ("@labels * alpha", "float32[batch]"),
        ("@labels * count", "int64[batch]"),
        ("@labels * enabled", "int64[batch]"),
        ("@labels ** 2", "int64[batch]"),
        ("@labels ** -2", "float32[batch]"),
        ("@labels ** 0.5", "float32[batch]"),
        ("@labels ** @labels", "float32[batch]"),
        ("@labels % 2.5", "float32[batch]"),
        ("@half // @brain", "float32[batch, h]"),
        ("@nowhere + 1", "?[...]"),
        ("@nowhere + @depth", "?[...]"),
        # comparison, logic
        ("@labels == 3", "bool[batch]"),
        ("0 < @depth < 80", "bool[batch, h, w, 1]"),
        ("@valid and @depth > 0", "bool[batch, h, w, 1]"),
        ("not @pixels", "bool[batch, h, w]"),
        ("not @nowhere", "bool[...]"),
        ("@bytes in [1, 2]", "bool[batch, h, w]"),
        ("@pixels < @valid", "bool[batch, h, w]"),
        # alignment
        ("@labels + @number", "float32[batch]"),
        ("@number + 1", "float32[]"),
        ("@half + @depth", "float32[batch, h, w, 1]"),
        ("@half[:, :, None] + @bytes", "float32[batch, h, w]"),
        ("@rows + @rows", "float32[batch, ?, 5]"),
        ("@rows + @half", "float32[batch, ?, 5]"),
        ("@labels + @open", "float32[batch, ..., 3]"),
        ("@half + @open", "float32[batch, ...]"),
        ("@open + @open", "float32[batch, ...]"),
        ("@any + @labels", "float32[...]"),
        ("@valid and @tail", "bool[...]"),
        # indices
        ("@depth[..., 0]", "float32[batch, h, w]"),
        ("@depth[:, 0]", "float32[batch, w, 1]"),
        ("@depth[:, 1:]", "float32[batch, ?, w, 1]"),
        ("@depth[:, :]", "float32[batch, h, w, 1]"),
        ("@depth[...]", "float32[batch, h, w, 1]"),
        ("@logits[..., :3]", "float32[batch, 3]"),
        ("@logits[..., 20:40:3]", "float32[batch, 3]"),
        ("@logits[..., -27]", "float32[batch]"),
        ("@labels[..., None]", "int32[batch, 1]"),
        ("@labels[:, None, None]", "int32[batch, 1, 1]"),
        ("@number[..., None]", "float32[1]"),
        ("@open[..., 0]", "float32[batch, ...]"),
        ("@open[..., :2]", "float32[batch, ..., 2]"),
        ("@open[..., None]", "float32[batch, ..., 3, 1]"),
        ("@open[..., 0, :2]", "float32[batch, ..., 2]"),
        ("@open[..., 5, None, 1]", "float32[batch, ..., 1]"),
        ("@open[:, 0]", "float32[batch, ...]"),
        ("@any[..., 0]", "float32[...]"),
        ("@any[:, 0]", "float32[...]"),
        # functions
        ("exp(@bytes)", "float32[batch, h, w]"),
        ("abs(@wide)", "float64[batch, 3]"),
        ("abs(@labels)", "float32[batch]"),
        ("maximum(@labels, @wide)", "float64[batch, 3]"),
        ("clip(@half, 0, @labels)", "float32[batch, h]"),
        ("where(@valid, @wide, 0)", "float64[batch, 3]"),
        ("where(@wide > 0, 1, 2)", "float32[batch, 3]"),
        ("isfinite(@depth)", "bool[batch, h, w, 1]"),
        ("isnan(alpha)", "bool[]"),
        ("softmax(@logits)", "float32[batch, 27]"),
        ("softmax(@empty)", "float32[batch, 0]"),
        ("softmax(weights)", "float32[27]"),
        ("argmax(@logits)", "int64[batch]"),
        ("argmax(@pixels)", "int64[batch, h]"),
        ("argmax(@open)", "int64[batch, ...]"),
        ("argmax(@any)", "int64[...]"),
        ("one_hot(@labels, 27)", "float32[batch, 27]"),
        ("one_hot(@valid, 2)", "float32[batch, 2]"),
        ("one_hot(@nowhere, 2)", "float32[..., 2]"),
        ("stop_gradient(@half)", "float32[batch, h]"),
        # reductions
        ("sum(@depth)", "float32[batch]"),
        ("mean(@bytes, axis=-1)", "float32[batch, h]"),
        ("mean(@wide, axis=1)", "float64[batch]"),
        ("sum(@depth, axis=[1, -1])", "float32[batch, w]"),
        ("sum(@half, axis=[1, -1])", "float32[batch]"),
        ("any(@pixels)", "bool[batch]"),
        ("all(@pixels, axis=1)", "bool[batch, w]"),
        ("any(@valid)", "bool[batch]"),
        ("sum(@number)", "float32[]"),
        ("sum(@open)", "float32[batch]"),
        ("sum(@open, axis=-1)", "float32[batch, ...]"),
        ("sum(@any)", "float32[...]"),
        ("sum(@valid)", "float32[batch]"),
        # tables
        ("take(weights, @labels)", "float32[batch]"),
        ("take(ids, @bytes)", "float32[batch, h, w]"),
        ("take(wide_table, @labels)", "float64[batch, 2]"),
        ("take(weights, @valid)", "float32[batch]"),
        ("take(weights, @nowhere)", "float32[...]"),
        ("take(wide_table, @nowhere)", "float64[..., 2]"),
        ("@logits * last_axis(weights)", "float32[batch, 27]"),
        ("@labels * @logits > last_axis(weights)", "bool[batch, 27]"),
        ("@open * last_axis(three)", "float32[batch, ..., 3]"),
        ("@any * last_axis(three)", "float32[...]"),
        ("alpha * weights + ids", "float32[27]"),
        ("wide_table[:, 0] + weights", "float64[27]"),
        ("wide_table[0]", "float64[2]"),
        ("wide_table[0, 1]", "float64[]"),
        ("take(weights, step)", "float32[]"),
        ("take(wide_table, 3)", "float64[2]"),
        ("last_axis(weights) * last_axis(ids)", "float32[27]"),
        # scalars
        ("1", "int64[]"),
        ("0.5", "float32[]"),
        ("True", "bool[]"),
        ("step // 1000 % 2", "int64[]"),
        ("step / 2", "float32[]"),
        ("exp(step)", "float32[]"),
        ("step > 10 and enabled", "bool[]"),
        ("ramp(step, 0, count)", "float32[]"),
        ("cosine(step, 5, 5)", "float32[]"),
        ("piecewise(step, [1, alpha, 2], [0, 1, 2, alpha])", "float32[]"),
        ("cycle(step, 3, [0, 1]) * @wide", "float64[batch, 3]"),
    ],
)
def test_types(text, wanted):
    assert str(type_of(text)) == wanted


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("1 + step", "scalar"), ("alpha", "scalar"), ("wide_table[0, 0]", "scalar"),
        ("take(weights, 1)", "scalar"), ("weights", "table"), ("-weights", "table"),
        ("take(wide_table, 1)", "table"), ("wide_table[0]", "table"), ("exp(ids)", "table"),
        ("last_axis(weights)", "last"), ("last_axis(weights) > 0", "last"),
        ("@logits * last_axis(weights)", "batch"), ("@number", "batch"), ("@labels + 1", "batch"),
        ("take(weights, @labels)", "batch"), ("ramp(step, 0, 1)", "scalar"),
    ],
)  # fmt: skip
def test_places(text, place):
    assert type_of(text).place == place


@pytest.mark.parametrize(
    ("text", "code", "message", "marked", "help"),
    [
        ("1 + @labels / 0", "invalid-argument", "nothing is divided by zero", "@labels / 0", None),
        ("@depth % 0.0", "invalid-argument", "nothing is divided by zero", "@depth % 0.0", None),
        ("@labels // @labels", "invalid-argument",
         "`//` divides integers by a number written out, so that it is never 0",
         "@labels // @labels", "write the number, or divide with `/`"),
        ("step % count", "invalid-argument",
         "`%` divides integers by a number written out, so that it is never 0", "step % count",
         "write the number, or divide with `/`"),
        ("not @labels", "dtype-mismatch", "`not` takes booleans, found int32", "@labels",
         "compare it, such as `x > 0` or `x != 0`"),
        ("@valid and @depth", "dtype-mismatch", "`and` takes booleans, found float32", "@depth",
         "compare it, such as `x > 0` or `x != 0`"),
        ("1 or @valid", "dtype-mismatch", "`or` takes booleans, found int64", "1",
         "for several numbers write `x in [1, 2]`"),
        ("any(@depth)", "dtype-mismatch", "`any` takes booleans, found float32", "@depth",
         "compare it, such as `x > 0` or `x != 0`"),
        ("where(@labels, 1, 2)", "dtype-mismatch",
         "the condition of `where` takes booleans, found int32", "@labels",
         "compare it, such as `x > 0` or `x != 0`"),
        ("one_hot(@half, 2)", "dtype-mismatch", "`one_hot` takes integers, found float16", "@half",
         None),
        ("take(weights, @half)", "dtype-mismatch",
         "the index of `take` takes integers, found float16", "@half", None),
        # alignment
        ("@half * @logits", "shape-mismatch",
         "[batch, h] and [batch, 27] do not go together, aligned at the left: h is not 27",
         "@half * @logits", "axes are equal or 1, and missing ones are added at the right; "
         "`x[:, None]` adds one elsewhere"),
        ("@labels > @four", "shape-mismatch",
         "[batch] and [4] do not go together, aligned at the left: batch is not 4",
         "@labels > @four", "axes are equal or 1, and missing ones are added at the right; "
         "`x[:, None]` adds one elsewhere"),
        ("@logits * weights", "unplaced-constant",
         "a constant with axes does not say which axis of a tensor it belongs to",
         "@logits * weights",
         "write `take(constant, index)` to look its rows up, or `last_axis(constant)`"),
        ("weights * last_axis(ids)", "unplaced-constant",
         "a constant with axes does not say which axis of a tensor it belongs to",
         "weights * last_axis(ids)",
         "write `take(constant, index)` to look its rows up, or `last_axis(constant)`"),
        ("weights + three", "shape-mismatch", "constants of [27] and [3] differ: 27 is not 3",
         "weights + three", None),
        ("weights + wide_table", "shape-mismatch", "constants of [27] and [27, 2] differ",
         "weights + wide_table", None),
        ("@labels * last_axis(three)", "shape-mismatch",
         "`last_axis` meets [batch], which has no axis behind the batch",
         "@labels * last_axis(three)", None),
        ("@logits * last_axis(three)", "shape-mismatch",
         "`last_axis` has 3 entries for the last axis of [batch, 27]: 27 is not 3",
         "@logits * last_axis(three)", None),
        ("@open * last_axis(weights)", "shape-mismatch",
         "`last_axis` has 27 entries for the last axis of [batch, ..., 3]: 3 is not 27",
         "@open * last_axis(weights)", None),
        ("@depth * last_axis(three)", "shape-mismatch",
         "`last_axis` has 3 entries for the last axis of [batch, h, w, 1]: 1 is not 3",
         "@depth * last_axis(three)", None),
        ("last_axis(wide_table)", "invalid-argument",
         "`last_axis` takes a constant of one axis, found a constant with axes [27, 2]",
         "wide_table", None),
        ("last_axis(@labels)", "invalid-argument",
         "`last_axis` takes a constant of one axis, found a tensor of the batch [batch]", "@labels",
         None),
        ("last_axis(alpha)", "invalid-argument",
         "`last_axis` takes a constant of one axis, found a number []", "alpha", None),
        # indices
        ("@labels[0]", "shape-mismatch", "the first axis is the batch, which stays whole and first",
         "@labels[0]", "begin the index with `:`, and name the axes behind it"),
        ("@labels[..., 0]", "shape-mismatch",
         "[batch] has no axis behind the batch, which stays whole and first", "@labels[..., 0]",
         None),
        ("@labels[..., None, :]", "shape-mismatch",
         "the first axis is the batch, which stays whole and first", "@labels[..., None, :]",
         "begin the index with `:`, and name the axes behind it"),
        ("@labels[..., :3]", "shape-mismatch",
         "[batch] has no axis behind the batch, which stays whole and first", "@labels[..., :3]",
         None),
        ("@labels[1:]", "shape-mismatch",
         "the first axis is the batch, which stays whole and first", "@labels[1:]",
         "begin the index with `:`, and name the axes behind it"),
        ("@nowhere[None]", "shape-mismatch",
         "the first axis is the batch, which stays whole and first", "@nowhere[None]",
         "begin the index with `:`, and name the axes behind it"),
        ("@half[:, 0, 0]", "shape-mismatch", "[batch, h] has 2 axes, the index names 3",
         "@half[:, 0, 0]", None),
        ("@wide[..., 3]", "shape-mismatch", "the index 3 is outside an axis of size 3",
         "@wide[..., 3]", None),
        ("@open[..., -4]", "shape-mismatch", "the index -4 is outside an axis of size 3",
         "@open[..., -4]", None),
        ("weights[27]", "shape-mismatch", "the index 27 is outside an axis of size 27",
         "weights[27]", None),
        ("step[0]", "shape-mismatch", "a number has no axes to index", "step[0]", None),
        ("last_axis(three)[:]", "shape-mismatch", "a vector of `last_axis` has no axes to index",
         "last_axis(three)[:]", None),
        # functions
        ("softmax(@labels)", "shape-mismatch",
         "`softmax` needs an axis behind the batch, found [batch]", "softmax(@labels)", None),
        ("softmax(3)", "shape-mismatch", "`softmax` needs an axis behind the batch, found []",
         "softmax(3)", None),
        ("argmax(@number)", "shape-mismatch",
         "`argmax` needs an axis behind the batch, found []", "argmax(@number)", None),
        ("argmax(@empty)", "shape-mismatch", "`argmax` has nothing to choose from in [batch, 0]",
         "argmax(@empty)", None),
        ("argmax(weights)", "invalid-argument",
         "`argmax` takes a tensor of the batch, found a constant with axes", "argmax(weights)",
         None),
        ("one_hot(3, 4)", "invalid-argument",
         "`one_hot` takes a tensor of the batch, found a number", "one_hot(3, 4)", None),
        ("mean(weights)", "invalid-argument",
         "`mean` takes a tensor of the batch, found a constant with axes", "mean(weights)", None),
        ("sum(last_axis(weights))", "invalid-argument",
         "`sum` takes a tensor of the batch, found a vector of `last_axis`",
         "sum(last_axis(weights))", None),
        ("sum(@half, axis=2)", "shape-mismatch", "[batch, h] has no axis 2", "sum(@half, axis=2)",
         None),
        ("sum(@half, axis=-2)", "shape-mismatch",
         "axis -2 of [batch, h] is the batch, which no expression reduces", "sum(@half, axis=-2)",
         None),
        ("sum(@labels, axis=-1)", "shape-mismatch",
         "axis -1 of [batch] is the batch, which no expression reduces", "sum(@labels, axis=-1)",
         None),
        ("take(@labels, @labels)", "invalid-argument",
         "`take` reads a constant with axes, found a tensor of the batch", "@labels",
         "declare the table under `constants:`"),
        ("take(weights, ids)", "invalid-argument",
         "the index of `take` is a tensor of the batch, found a constant with axes", "ids", None),
        # schedules
        ("ramp(step, 0, @labels)", "invalid-argument",
         "`ramp` takes numbers and `step`, found a tensor of the batch", "@labels", None),
        ("piecewise(step, [1], [1, weights])", "invalid-argument",
         "`piecewise` takes numbers and `step`, found a constant with axes", "weights", None),
        ("piecewise(step, [1, 2], [1, 2])", "invalid-argument",
         "2 boundaries need 3 values, found 2", "piecewise(step, [1, 2], [1, 2])",
         "the first value holds before the first boundary"),
        ("piecewise(step, [1, 3, 3], [1, 2, 3, 4])", "invalid-argument",
         "the boundaries of `piecewise` rise, found 3 after 3", "3", None),
        ("cycle(step, 0, [1])", "invalid-argument", "the period of `cycle` is above 0, found 0",
         "0", None),
    ],
)  # fmt: skip
def test_refusals(text, code, message, marked, help):
    error = refused(text)
    assert error.message == message
    assert error.code == code
    assert error.help == help
    full = text.replace("@", "y_true.")
    assert full[error.start : error.end] == marked.replace("@", "y_true.")


# No alarm is false: what is accepted with all sizes known is accepted with less known.

TREES = values() | flags()
TOO_SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=TOO_SLOW)
FULL = settings(max_examples=5_000, deadline=None, suppress_health_check=TOO_SLOW)


def told(tree, names):
    try:
        return infer(tree, names)
    except ExpressionError:
        return None


def agrees(less, more):
    """Whether a type that knows less says nothing that one that knows more denies."""
    assert less.dtype in (None, more.dtype)
    assert less.place == more.place
    head, tail, sizes = less.shape.head, less.shape.tail, more.shape.head
    if tail is None:
        assert len(head) == len(sizes)
    assert less.shape.least_rank <= len(sizes)
    ends = zip(reversed(tail or ()), reversed(sizes), strict=False)
    for known, size in [*zip(head, sizes, strict=False), *ends]:
        assert known in (None, size)


@st.composite
def weakenings(draw):
    """A way of telling less of a shape: sizes forgotten, a rank forgotten."""
    hides = draw(st.lists(st.booleans(), min_size=4, max_size=4))
    split = draw(st.none() | st.integers(0, 3))
    gap = draw(st.integers(0, 2))

    def weaken(sizes):
        dims = tuple(None if hides[axis] else size for axis, size in enumerate(sizes))
        if split is None:
            return Shape(dims)
        return Shape(dims[:split], dims[split + gap :])

    return weaken


def check_no_false_alarm(tree, batch, weaken, known):
    full = told(tree, Names(batch))
    assume(full is not None)
    names = Names(batch, shape=weaken, dtype=lambda dtype: dtype if known else None)
    try:
        less = infer(tree, names)
    except ExpressionError as error:
        raise AssertionError(f"{written(tree)}: {error.message}") from error
    agrees(less, full)


@given(TREES, batches(), weakenings(), st.booleans())
@QUICK
def test_no_alarm_is_false(tree, batch, weaken, known):
    check_no_false_alarm(tree, batch, weaken, known)


@pytest.mark.full
@given(values(4) | flags(4), batches(), weakenings(), st.booleans())
@FULL
def test_no_alarm_is_false_many(tree, batch, weaken, known):
    check_no_false_alarm(tree, batch, weaken, known)


def cuts(tree):
    """Whether an index takes a part of an axis: a name says nothing of where that ends."""
    items = [item for node in t.walk(tree) if isinstance(node, t.Index) for item in node.items]
    return any(item not in (None, "...", t.Slice(None, None, None)) for item in items)


def check_names_stand_for_sizes(tree, batch):
    """What is accepted with names for sizes holds whatever the sizes are."""
    assume(not cuts(tree))
    named = told(tree, Names(batch, symbolic=True))
    assume(named is not None)
    full = infer(tree, Names(batch))
    sizes = {
        axis: size
        for place, axes in batch.symbols.items()
        for axis, size in zip(axes, batch.types[place][1], strict=True)
    }
    shape = Shape(tuple(sizes.get(axis, axis) for axis in named.shape.head))
    agrees(Type(named.dtype, shape, named.place), full)


@given(TREES, batches())
@QUICK
def test_names_stand_for_any_size(tree, batch):
    check_names_stand_for_sizes(tree, batch)


@pytest.mark.full
@given(values(4) | flags(4), batches())
@FULL
def test_names_stand_for_any_size_many(tree, batch):
    check_names_stand_for_sizes(tree, batch)


def test_a_table_without_rows_is_read_by_nobody():
    error = refused("take(three[3:], @labels)")
    assert (error.message, error.code) == ("`take` has no rows to read in [0]", "shape-mismatch")
