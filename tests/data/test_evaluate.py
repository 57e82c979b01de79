"""What expressions come to in NumPy: numbers worked out by hand, and what TensorFlow gives."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from composer.data.evaluate import Evaluator, Value
from composer.language import tree as t
from composer.language.dtypes import INTEGERS
from composer.language.errors import ExpressionError
from composer.language.expression import parse
from composer.language.interpret import evaluate as walk
from composer.language.static.infer import infer
from tests.language.strategies import HELD, Names, batches, flags, values, written
from tests.language.worked import (
    CLASSES,
    INF,
    NAN,
    OPERATIONS,
    SCHEDULES,
    SHAPES,
    STEPS,
    held,
    narrowed,
)
from tests.test_import_hygiene import loaded_by

TOO_SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


def evaluate(text, step=0, constants=None, width="float32", **tensors):
    """The value of an expression; the keywords are y_true's tensors, `y_true` itself too."""
    arrays = {name.replace("y_true", ""): np.asarray(each) for name, each in tensors.items()}
    named = {name: Value(*held(each)) for name, each in (constants or {}).items()}
    return Evaluator(lambda _, path: arrays["".join(path)], named, step, width)(parse(text).tree)


def expect(found, wanted, dtype):
    assert found.array.dtype == dtype
    np.testing.assert_array_equal(
        found.array.astype("float64" if dtype[0] == "f" else dtype), wanted
    )
    assert found.array.shape == np.shape(wanted)


IN_NUMPY = [row for row in OPERATIONS if row[1][1] != "bfloat16"]


@pytest.mark.parametrize(("text", "given", "wanted", "dtype"), IN_NUMPY)
def test_operations(text, given, wanted, dtype):
    expect(evaluate(text, y_true=np.array(*given)), wanted, dtype)


@pytest.mark.parametrize(("text", "given", "wanted"), SHAPES)
def test_shapes(text, given, wanted):
    given = {name: narrowed(value) for name, value in given.items()}
    found = evaluate(text, constants=CLASSES, **given).array
    np.testing.assert_array_equal(found, wanted)
    assert found.shape == np.shape(wanted)


@pytest.mark.parametrize(("text", "wanted"), SCHEDULES)
def test_functions_of_the_step(text, wanted):
    """Among themselves, scalars are exact."""
    for step, value in wanted.items():
        found = evaluate(text, step, STEPS)
        assert found.place == "scalar"
        assert found.array.dtype in ("float64", "int64", "bool")
        np.testing.assert_allclose(found.array, value, rtol=1e-15, atol=1e-15)


def test_a_cycle_has_equal_parts():
    values = ", ".join(map(str, range(49)))
    for step in (*range(49), 10**9 * 49 + 48):
        assert evaluate(f"cycle(step, 49, [{values}])", step).array == step % 49


def test_scalars_take_the_width_that_is_asked_for():
    found = evaluate("softmax(y_true) + one_hot(argmax(y_true), 2)", width="float64",
                     y_true=np.float32([[0, 0]]))  # fmt: skip
    expect(found, [[1.5, 0.5]], "float64")
    expect(evaluate("take(c, y_true)", 0, {"c": [0.1]}, "float64", y_true=[0]), [0.1], "float64")
    expect(evaluate("exp(0) + 0.1"), 1.1, "float64")
    expect(evaluate("take(c, 0)", constants={"c": [0.1]}), 0.1, "float64")
    expect(evaluate("c[0] / 2", constants={"c": [0.1]}), 0.05, "float64")


@pytest.mark.parametrize("row", [[0.0, INF], [-INF, -INF], [0.0, NAN]])
def test_softmax_of_what_has_no_sum_is_nan(row):
    expect(evaluate("softmax(y_true)", y_true=np.float32([row])), [[NAN, NAN]], "float32")


def test_what_stands_at_several_places_is_computed_once():
    reads = []
    part = parse("y_true.a").tree
    for _ in range(40):
        part = t.Binary(0, 0, "+", part, part)
    evaluator = Evaluator(lambda *path: reads.append(path) or np.array([1]), {})
    assert evaluator(part).array == [2**40]
    assert len(reads) == 1


def test_tensors_and_constants_stay_as_they_are():
    tensor, constant = np.array([1.0, 2.0], "float32"), np.array([3.0, 4.0])
    tensor.flags.writeable = constant.flags.writeable = False
    evaluator = Evaluator(lambda *_: tensor, {"c": Value(constant, "float32", "table")})
    assert evaluator(parse("y_true.a").tree).array is tensor
    found = evaluator(parse("maximum(stop_gradient(y_true.a), 1) * y_true.a + take(c, 0)").tree)
    np.testing.assert_array_equal(found.array, [4.0, 7.0])


def test_it_is_computed_without_tensorflow(tmp_path):
    loaded = loaded_by("import composer.data.selection", cwd=tmp_path)
    assert "numpy" in loaded
    assert not loaded & {"tensorflow", "keras"}


# Three interpreters agree

DTYPES = ("bool", *INTEGERS, "float16", "float32", "float64")
CONSTANTS = {name: Value(*each) for name, each in HELD.items()}
STEP = 3

ULPS = {"exp": 4, "log": 8, "sigmoid": 12, "softmax": 16, "**": 32}
"""How far two implementations of a function may be apart, in units in the last place.

Over 5 million numbers in float32 and in float64, NumPy and TensorFlow were at most 3, 5, 8, 14 and 22
apart; powers as far as that only near the largest and the smallest numbers. What else there is of
floats, square roots and divisions too, IEEE 754 defines to the last bit.
"""


def drawn(batch, seed):
    """Tensors of a batch: numbers at the edges of their dtypes among small ones."""
    generator = np.random.default_rng(seed)
    return {
        place: generator.choice(edges(dtype), shape)
        for place, (dtype, shape) in batch.types.items()
    }


@functools.cache
def edges(dtype):
    if dtype == "bool":
        return np.array([True, False])
    if dtype.startswith("float"):
        limits = np.finfo(dtype)
        odd = [0.0, -0.0, NAN, INF, -INF, limits.max, limits.tiny]
        return np.array([*odd, 1, 1, 2, -2, 0.5, 3, -7, 0.1, 255], dtype)
    limits = np.iinfo(dtype)
    return np.array([0, 0, 1, 1, 2, 3, 7, limits.min, limits.max, limits.max - 1], dtype)


class Lockstep:
    """TensorFlow and NumPy side by side: at every node both compute from what TensorFlow has.

    So no difference grows from node to node, and the one that is too large is found where it is.
    """

    def __init__(self, arrays):
        import tensorflow as tf

        from composer.engine import evaluate as engine

        constants = {name: engine.Value(*each) for name, each in HELD.items()}
        self.theirs = engine.Evaluator(
            lambda *place: tf.constant(arrays[place[0], *place[1]]),
            constants,
            tf.constant(STEP, tf.int64),
        )
        self.ours = Evaluator(lambda *place: arrays[place[0], *place[1]], CONSTANTS, STEP)

    def __getattr__(self, kind):
        return functools.partial(self._both, kind)

    def _both(self, kind, node, *operands):
        theirs = getattr(self.theirs, kind)(node, *operands)
        ours = getattr(self.ours, kind)(node, *in_numpy(operands))
        require_agreement(node, in_numpy(theirs), ours, flat(in_numpy(operands)))
        return theirs


def in_numpy(value):
    if isinstance(value, list | tuple):
        return [in_numpy(each) for each in value]
    return Value(np.asarray(value.tensor), value.dtype, value.place)


def flat(values):
    if not isinstance(values, list):
        return [values]
    return [one for each in values for one in flat(each)]


def require_agreement(node, theirs, ours, operands):
    text = written(node)
    assert (ours.dtype, ours.place) == (theirs.dtype, theirs.place), text
    assert ours.array.dtype == theirs.array.dtype, text
    assert ours.array.shape == theirs.array.shape, text
    if any(map(holds_subnormals, operands)):
        return  # TensorFlow takes them for 0
    if theirs.array.dtype.kind == "f":
        require_close(node, flushed(theirs.array), flushed(ours.array), operands, text)
    else:
        np.testing.assert_array_equal(ours.array, theirs.array, text)


def holds_subnormals(value):
    """Whether some of it is, in a dtype that it may be computed in, below the normal numbers."""
    if value.array.dtype.kind != "f":
        return False
    size, narrow = np.abs(value.array), value.array.dtype if value.place != "scalar" else "float32"
    return bool(np.any((size > 0) & (size < np.finfo(narrow).tiny)))


def flushed(array):
    """With 0 for what is below the smallest normal number, as most of TensorFlow's kernels have it."""
    return np.where(np.abs(array) < np.finfo(array.dtype).tiny, 0 * array, array)


def require_close(node, theirs, ours, operands, text):
    name = getattr(node, "op", getattr(node, "name", ""))
    if name in ("sum", "mean"):
        require_equal_sums(node, theirs, ours, operands[0].array.astype(ours.dtype), text)
        return
    ulps = ULPS.get(name, 0)
    if name == "softmax":
        theirs = np.where(has_no_sum(operands[0].array), NAN, theirs)
    if name == "cosine":
        # cos is known to 1 ulp, 1 - cos to 1 ulp of 1: an absolute error, for values up to 1.
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-15, err_msg=text)
        return
    near = ulps * np.spacing(np.maximum(np.abs(ours), np.abs(theirs)))
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    assert np.all(same | (np.abs(ours - theirs) <= near)), (text, ours, theirs)
    if name in ("+", "-", "*", "/", "//", "%"):
        # Signs of 0 too; `minimum` and `maximum` take one or the other as the lanes of a vector do.
        kept = ~np.isnan(ours)
        assert np.array_equal(np.signbit(ours)[kept], np.signbit(theirs)[kept]), text


def has_no_sum(logits):
    """Rows of a NaN or inf: for what stands beside, oneDNN gives 0 in float32, where it is NaN."""
    return np.any(np.isnan(logits) | (logits == INF), axis=-1, keepdims=True)


def require_equal_sums(node, theirs, ours, numbers, text):
    """Sums in any order: n roundings apart, each at most half an ulp of the sum of all sizes.

    Where sizes add up to more than the largest number, the order decides what overflows.
    """
    axes = tuple(
        range(1, numbers.ndim) if node.axis is None else {a % numbers.ndim for a in node.axis}
    )
    count = max(1, int(np.prod([numbers.shape[axis] for axis in axes])))
    sizes = np.sum(np.abs(np.where(np.isfinite(numbers), numbers, 0)), axis=axes)
    sizes = np.asarray(sizes / (count if node.name == "mean" else 1), ours.dtype)
    overflows = np.isinf(np.asarray(sizes * count, ours.dtype))
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    assert np.all(same | overflows | (np.abs(ours - theirs) <= count * np.spacing(sizes))), text


@np.errstate(all="ignore")
def check_agreement(tree, batch, seed):
    """Whatever the static types accept, both compute, and it is what they said."""
    try:
        told = infer(tree, Names(batch))
    except ExpressionError:
        assume(False)
    arrays = drawn(batch, seed)
    lockstep = Lockstep(arrays)
    walk(tree, lockstep)
    for found in (in_numpy(lockstep.theirs(tree)), lockstep.ours(tree)):
        assert (found.dtype, found.place) == (told.dtype, told.place), written(tree)
        assert found.array.shape == told.shape.head, written(tree)
        if told.place == "batch":
            assert found.array.dtype == told.dtype, written(tree)


TREES = values() | flags()
SEEDS = st.integers(0, 2**32 - 1)


@given(TREES, batches(DTYPES), SEEDS)
@settings(max_examples=300, deadline=None, suppress_health_check=TOO_SLOW)
def test_static_types_tensorflow_and_numpy_agree(tree, batch, seed):
    check_agreement(tree, batch, seed)


@pytest.mark.full
@given(values(4) | flags(4), batches(DTYPES), SEEDS)
@settings(max_examples=5_000, deadline=None, suppress_health_check=TOO_SLOW)
def test_static_types_tensorflow_and_numpy_agree_many(tree, batch, seed):
    check_agreement(tree, batch, seed)
