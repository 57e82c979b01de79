"""What expressions come to in TensorFlow, against numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings

from composer.engine.evaluate import Evaluator, Value
from composer.language.errors import ExpressionError
from composer.language.expression import parse
from composer.language.static.infer import infer
from tests.language.strategies import SCALARS, TABLES, Names, batches, flags, values, written

MODES = ("eager", "graph", "xla")
NAN, INF = math.nan, math.inf
TOO_SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


def constant(value):
    """A constant as a spec holds it: floats exactly, counted as float32."""
    array = np.asarray(value)
    dtype = {"b": "bool", "i": "int64", "f": "float32"}[array.dtype.kind]
    return Value(array, dtype, "table" if array.shape else "scalar")


def compiled(text, mode="eager", constants=None, width="float32", unknown=False, **tensors):
    """An expression as a function of the step; the keywords are y_true's tensors, `y_true` too."""
    import tensorflow as tf

    tree = parse(text).tree
    held = {name: constant(value) for name, value in (constants or {}).items()}

    def run(tensors, step):
        found = Evaluator(lambda _, path: tensors["".join(path)], held, step, width)(tree)
        return tf.convert_to_tensor(found.tensor)

    tensors = {name.replace("y_true", ""): tf.convert_to_tensor(x) for name, x in tensors.items()}
    run = in_mode(run, mode, tensors, unknown)
    return lambda step: run(tensors, tf.constant(step, tf.int64))


def in_mode(run, mode, tensors, unknown=False):
    """A function of named tensors and the step as the mode runs it."""
    import tensorflow as tf

    if mode == "eager":
        return run
    signature = {
        name: tf.TensorSpec([None] * x.shape.rank if unknown else x.shape, x.dtype)
        for name, x in tensors.items()
    }
    return tf.function(
        run,
        input_signature=[signature, tf.TensorSpec([], tf.int64)],
        autograph=False,
        jit_compile=mode == "xla",
    )


def evaluate(text, mode="eager", step=0, **rest):
    """The value of an expression at a step."""
    return compiled(text, mode, **rest)(step)


def tensor(values, dtype):
    import tensorflow as tf

    return tf.constant(values, dtype)


def expect(found, values, dtype):
    assert found.dtype.name == dtype
    found = np.asarray(found.numpy(), "float64" if found.dtype.is_floating else None)
    np.testing.assert_array_equal(found, np.asarray(values))
    assert found.shape == np.asarray(values).shape


UINT8 = ([0, 1, 255], "uint8")
INT8 = ([-128, -1, 127], "int8")
INT32 = ([-3, 0, 4], "int32")
LARGE = ([2**53, 2**53 + 1, -(2**53) - 1], "int64")
BOOL = ([True, False, True], "bool")
HALF = ([0.1, 1.0, -2.0], "float16")
BRAIN = ([0.1, 1.0, -2.0], "bfloat16")
FLOAT = ([-1.5, 0.0, 2.0], "float32")
DOUBLE = ([-1.5, 0.0, 0.1], "float64")
ODD = ([NAN, INF, -INF], "float32")
half, brain, single = float(np.float16(0.1)), 0.10009765625, float(np.float32(0.1))

OPERATIONS = [
    # Integers and booleans compute in int64.
    ("y_true - 1", UINT8, [-1, 0, 254], "int64"),
    ("0 - y_true", UINT8, [0, -1, -255], "int64"),
    ("y_true + y_true", UINT8, [0, 2, 510], "int64"),
    ("y_true * y_true", UINT8, [0, 1, 65025], "int64"),
    ("-y_true", INT8, [128, 1, -127], "int64"),
    ("+y_true", INT8, [-128, -1, 127], "int64"),
    ("y_true ** 2", INT8, [16384, 1, 16129], "int64"),
    ("y_true ** 0", INT32, [1, 1, 1], "int64"),
    ("y_true ** -1", ([1, 2, 4], "int32"), [1.0, 0.5, 0.25], "float32"),
    ("2 ** y_true", ([0, 1, 3], "int32"), [1.0, 2.0, 8.0], "float32"),
    ("y_true // 2", INT32, [-2, 0, 2], "int64"),
    ("y_true % 3", INT32, [0, 0, 1], "int64"),
    ("y_true // -2", INT32, [1, 0, -2], "int64"),
    ("y_true % -3", INT32, [0, 0, -2], "int64"),
    ("y_true / 2", INT32, [-1.5, 0.0, 2.0], "float32"),
    ("1 / y_true", ([1, 2, 0], "uint8"), [1.0, 0.5, INF], "float32"),
    ("y_true + 1", LARGE, [2**53 + 1, 2**53 + 2, -(2**53)], "int64"),
    ("y_true + 0.5", INT32, [-2.5, 0.5, 4.5], "float32"),
    ("y_true + y_true", BOOL, [2, 0, 2], "int64"),
    ("1 - y_true", BOOL, [0, 1, 0], "int64"),
    ("-y_true", BOOL, [-1, 0, -1], "int64"),
    ("1 + 4 * (y_true == 1)", INT32, [1, 1, 1], "int64"),
    ("1 + 4 * (y_true == 4)", INT32, [1, 1, 5], "int64"),
    ("True + y_true", INT32, [-2, 1, 5], "int64"),
    # Floats in their own width, at least float32; numbers take the precision of what they meet.
    ("y_true + 0.1", HALF, [float(np.float32(half) + np.float32(0.1)), float(np.float32(1.1)),
                            float(np.float32(-2) + np.float32(0.1))], "float32"),
    ("y_true * 2", BRAIN, [2 * brain, 2.0, -4.0], "float32"),
    ("y_true - 1", FLOAT, [-2.5, -1.0, 1.0], "float32"),
    ("y_true + 0.1", DOUBLE, [-1.4, 0.1, 0.2], "float64"),
    ("y_true * (1 / 3)", ([3.0, 0.0, 1.0], "float64"), [1.0, 0.0, 1 / 3], "float64"),
    ("y_true // 1", FLOAT, [-2.0, 0.0, 2.0], "float32"),
    ("y_true % 1", FLOAT, [0.5, 0.0, 0.0], "float32"),
    ("y_true ** 2", FLOAT, [2.25, 0.0, 4.0], "float32"),
    ("y_true ** 0.5", ([4.0, 0.0, 9.0], "float32"), [2.0, 0.0, 3.0], "float32"),
    ("1 / y_true", ([0.0, 2.0, -0.0], "float32"), [INF, 0.5, -INF], "float32"),
    ("y_true / y_true", ([0.0, 2.0, INF], "float32"), [NAN, 1.0, NAN], "float32"),
    ("-y_true", FLOAT, [1.5, 0.0, -2.0], "float32"),
    # Comparisons keep the tensor's own dtype, and are exact for numbers that it cannot hold.
    ("y_true == 255", UINT8, [False, False, True], "bool"),
    ("y_true == 300", UINT8, [False, False, False], "bool"),
    ("y_true < 300", UINT8, [True, True, True], "bool"),
    ("y_true != 44", ([44, 0, 1], "uint8"), [False, True, True], "bool"),
    ("y_true == 300", ([44, 0, 1], "uint8"), [False, False, False], "bool"),
    ("y_true == -1", UINT8, [False, False, False], "bool"),
    ("y_true > -1", UINT8, [True, True, True], "bool"),
    ("-129 < y_true", INT8, [True, True, True], "bool"),
    ("y_true >= 0.5", UINT8, [False, True, True], "bool"),
    ("y_true == 0.5", INT32, [False, False, False], "bool"),
    ("y_true == 9007199254740993", LARGE, [False, True, False], "bool"),
    ("y_true < 9007199254740993", LARGE, [True, False, True], "bool"),
    ("y_true == 0.1", HALF, [True, False, False], "bool"),
    ("y_true == 0.1", BRAIN, [True, False, False], "bool"),
    ("y_true == 0.1", DOUBLE, [False, False, True], "bool"),
    ("y_true > 16777217", ([16777216.0, 16777218.0, 0.0], "float32"), [False, True, False], "bool"),
    ("y_true == 16777217", ([16777216, 16777217, 16777218], "int32"), [False, True, False], "bool"),
    ("y_true == True", BOOL, [True, False, True], "bool"),
    ("y_true == 1", BOOL, [True, False, True], "bool"),
    ("y_true > 0", BOOL, [True, False, True], "bool"),
    ("y_true < True", BOOL, [False, True, False], "bool"),
    ("y_true == -1", ([2**64 - 1, 1, 0], "uint64"), [False, False, False], "bool"),
    ("y_true == 9223372036854775807", ([2**63 - 1, 2**63, 0], "uint64"), [True, False, False],
     "bool"),
    ("-1 <= y_true < 2", FLOAT, [False, True, False], "bool"),
    ("0 < y_true < y_true + 1 <= 5", INT32, [False, False, True], "bool"),
    ("y_true == y_true", ODD, [False, True, True], "bool"),
    ("not y_true", BOOL, [False, True, False], "bool"),
    ("y_true and not y_true", BOOL, [False, False, False], "bool"),
    ("y_true or True", BOOL, [True, True, True], "bool"),
    ("y_true == 1 or y_true == 255 or False", UINT8, [False, True, True], "bool"),
    ("y_true in [1, 255, 300]", UINT8, [False, True, True], "bool"),
    ("y_true not in [1, -1]", UINT8, [True, False, True], "bool"),
    ("y_true in [0.1]", HALF, [True, False, False], "bool"),
    ("y_true in [True]", BOOL, [True, False, True], "bool"),
    # Functions
    ("isfinite(y_true)", ODD, [False, False, False], "bool"),
    ("isfinite(y_true)", FLOAT, [True, True, True], "bool"),
    ("isfinite(y_true)", INT32, [True, True, True], "bool"),
    ("isnan(y_true)", ODD, [True, False, False], "bool"),
    ("isnan(y_true)", BOOL, [False, False, False], "bool"),
    ("isnan(y_true)", ([NAN, 1.0, INF], "bfloat16"), [True, False, False], "bool"),
    ("abs(y_true)", INT8, [128.0, 1.0, 127.0], "float32"),
    ("exp(y_true)", ([0.0, 0.0, -INF], "float32"), [1.0, 1.0, 0.0], "float32"),
    ("log(y_true)", ([1.0, 0.0, INF], "float64"), [0.0, -INF, INF], "float64"),
    ("sqrt(y_true)", ([4, 9, 0], "int32"), [2.0, 3.0, 0.0], "float32"),
    ("square(y_true)", UINT8, [0.0, 1.0, 65025.0], "float32"),
    ("minimum(y_true, 0)", FLOAT, [-1.5, 0.0, 0.0], "float32"),
    ("maximum(0, y_true)", INT32, [0.0, 0.0, 4.0], "float32"),
    ("clip(y_true, -1, 1)", FLOAT, [-1.0, 0.0, 1.0], "float32"),
    ("clip(y_true, 0, y_true)", FLOAT, [-1.5, 0.0, 2.0], "float32"),
    ("clip(y_true, 0, 1)", ([NAN, INF, -INF], "float64"), [NAN, 1.0, 0.0], "float64"),
    ("where(y_true, 1, 2)", BOOL, [1.0, 2.0, 1.0], "float32"),
    ("where(y_true > 0, y_true, 0.5)", FLOAT, [0.5, 0.5, 2.0], "float32"),
    ("where(isnan(y_true), 0, y_true)", ODD, [0.0, INF, -INF], "float32"),
    ("where(True, y_true, 0.1)", DOUBLE, [-1.5, 0.0, 0.1], "float64"),
    ("sigmoid(y_true)", ([0.0, INF, -INF], "float32"), [0.5, 1.0, 0.0], "float32"),
    ("stop_gradient(y_true)", HALF, [half, 1.0, -2.0], "float32"),
    ("one_hot(y_true, 2)", ([0, 1, 2], "uint8"), [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], "float32"),
    ("one_hot(y_true, 2)", ([-1, 1, 0], "int64"), [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]], "float32"),
]  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("text", "given", "wanted", "dtype"), OPERATIONS)
def test_operations(text, given, wanted, dtype, mode):
    expect(evaluate(text, mode, y_true=tensor(*given)), wanted, dtype)


MATRIX = [[1.0, 2.0, 3.0], [4.0, 6.0, 5.0]]
CUBE = np.arange(8.0).reshape(2, 2, 2)
CLASSES = {
    "weights": [1.0, 0.1, 5.0],
    "rows": [[1, 2], [3, 4], [5, 6]],
    "ids": [7, 8],
    "flags": [True, False],
}

SHAPES = [
    # Alignment at the left
    ("y_true.a * y_true.b", {"a": [10.0, 100.0], "b": MATRIX},
     [[10.0, 20.0, 30.0], [400.0, 600.0, 500.0]]),
    ("y_true.a and y_true.b > 2", {"a": [True, False], "b": MATRIX},
     [[False, False, True], [False, False, False]]),
    ("y_true.a < y_true.b < 6", {"a": [2.0, 4.0], "b": MATRIX},
     [[False, False, True], [False, False, True]]),
    ("y_true.a + y_true.b", {"a": [[1.0], [2.0]], "b": MATRIX}, [[2.0, 3.0, 4.0], [6.0, 8.0, 7.0]]),
    ("y_true.a + y_true.b", {"a": [[1.0, 2.0]] * 2, "b": CUBE},
     [[[1.0, 2.0], [4.0, 5.0]], [[5.0, 6.0], [8.0, 9.0]]]),
    ("where(y_true.a, y_true.b, 0)", {"a": [True, False], "b": MATRIX}, [MATRIX[0], [0.0, 0.0, 0.0]]),
    ("clip(y_true.b, y_true.a, 5)", {"a": [2.0, 5.0], "b": MATRIX}, [[2.0, 2.0, 3.0], [5.0, 5.0, 5.0]]),
    # Indices
    ("y_true[..., 0]", {"y_true": MATRIX}, [1.0, 4.0]),
    ("y_true[..., -1]", {"y_true": MATRIX}, [3.0, 5.0]),
    ("y_true[:, 1:]", {"y_true": MATRIX}, [[2.0, 3.0], [6.0, 5.0]]),
    ("y_true[..., ::2]", {"y_true": MATRIX}, [[1.0, 3.0], [4.0, 5.0]]),
    ("y_true[..., None]", {"y_true": [1.0, 2.0]}, [[1.0], [2.0]]),
    ("y_true[:, None] - y_true", {"y_true": [[1.0], [2.0]]}, [[[0.0]], [[0.0]]]),
    ("y_true[:, :, 0]", {"y_true": CUBE}, [[0.0, 2.0], [4.0, 6.0]]),
    ("y_true[:, 0]", {"y_true": CUBE}, [[0.0, 1.0], [4.0, 5.0]]),
    # Last axis
    ("argmax(y_true)", {"y_true": MATRIX}, [2, 1]),
    ("argmax(y_true)", {"y_true": [[True, False], [False, True]]}, [0, 1]),
    ("softmax(y_true)", {"y_true": [[0.0, 0.0], [0.0, -INF]]}, [[0.5, 0.5], [1.0, 0.0]]),
    ("y_true * last_axis(weights)", {"y_true": MATRIX},
     np.float32(MATRIX) * np.float32([1, 0.1, 5])),
    ("y_true.a * last_axis(ids)", {"a": np.ones((1, 2, 2), np.uint8)}, [[[7, 8], [7, 8]]]),
    ("0 < last_axis(weights) <= y_true", {"y_true": MATRIX}, [[True, True, False], [True, True, True]]),
    ("y_true.a <= last_axis(ids) <= y_true.b",
     {"a": [[7, 8, 9]], "b": np.full((1, 3, 2), 7, np.int32)},
     [[[True, False], [False, False], [False, False]]]),
    ("y_true and last_axis(flags)", {"y_true": [[True, True], [False, True]]},
     [[True, False], [False, False]]),
    # Reductions
    ("sum(y_true)", {"y_true": MATRIX}, [6.0, 15.0]),
    ("mean(y_true)", {"y_true": CUBE}, [1.5, 5.5]),
    ("sum(y_true, axis=1)", {"y_true": CUBE}, [[2.0, 4.0], [10.0, 12.0]]),
    ("sum(y_true, axis=-1)", {"y_true": CUBE}, [[1.0, 5.0], [9.0, 13.0]]),
    ("mean(y_true, axis=[1, 2])", {"y_true": CUBE}, [1.5, 5.5]),
    ("sum(y_true, axis=[1, -2])", {"y_true": CUBE}, [[2.0, 4.0], [10.0, 12.0]]),
    ("sum(y_true)", {"y_true": [1.0, 2.0]}, [1.0, 2.0]),
    ("any(y_true > 4)", {"y_true": MATRIX}, [False, True]),
    ("all(y_true > 1, axis=-1)", {"y_true": MATRIX}, [False, True]),
    ("sum(y_true)", {"y_true": [[True, True], [False, True]]}, [2.0, 1.0]),
    ("mean(y_true)", {"y_true": np.zeros((0, 3), np.float32)}, np.zeros(0)),
    ("mean(y_true)", {"y_true": np.zeros((2, 0), np.float32)}, [NAN, NAN]),
    # Tables
    ("take(weights, y_true)", {"y_true": [0, 2, 1]}, [1.0, 5.0, single]),
    ("take(weights, y_true)", {"y_true": [-1, 3, 2**31 - 1, 2]}, [NAN, NAN, NAN, 5.0]),
    ("take(weights, y_true)", {"y_true": np.array([2**62, 255], np.int64)}, [NAN, NAN]),
    ("take(weights, y_true)", {"y_true": np.array([255, 1], np.uint8)}, [NAN, single]),
    ("take(weights, y_true)", {"y_true": [True, False]}, [single, 1.0]),
    ("take(rows, y_true)", {"y_true": [2, 3]}, [[5.0, 6.0], [NAN, NAN]]),
    ("take(rows, y_true)", {"y_true": [[2], [0]]}, [[[5.0, 6.0]], [[1.0, 2.0]]]),
    ("take(rows, 1) + take(rows, step)", {}, [4.0, 6.0]),
    ("last_axis(take(rows, 5)) * y_true", {"y_true": [[1.0, 1.0]]}, [[NAN, NAN]]),
    ("y_true + rows[1, 0]", {"y_true": [1, 2]}, [4, 5]),
    ("y_true * last_axis(rows[0])", {"y_true": [[1, 1]]}, [[1, 2]]),
    ("y_true * last_axis(rows[:, 1] + 1)", {"y_true": [[1, 1, 1]]}, [[3, 5, 7]]),
]  # fmt: skip


@pytest.mark.parametrize("mode", [*MODES, "graph of unknown sizes", "xla of unknown sizes"])
@pytest.mark.parametrize(("text", "given", "wanted"), SHAPES)
def test_shapes(text, given, wanted, mode):
    given = {name: narrowed(value) for name, value in given.items()}
    mode, unknown = mode.split()[0], "unknown" in mode
    found = evaluate(text, mode, constants=CLASSES, unknown=unknown, **given).numpy()
    np.testing.assert_array_equal(found, wanted)
    assert found.shape == np.shape(wanted)


def narrowed(value):
    array = np.asarray(value)
    return array.astype("float32") if array.dtype == float else array


SCHEDULES = [
    ("step // 1000 % 2", {0: 0, 999: 0, 1000: 1, 1999: 1, 2000: 0, 10**9: 0, 10**9 + 1000: 1}),
    ("step > 1000", {1000: False, 1001: True, 10**9: True}),
    ("step / 4", {1: 0.25, 10**9: 2.5e8}),
    ("1 / 3", {0: 1 / 3}),
    ("exp(-step)", {0: 1.0, 10**9: 0.0}),
    ("alpha * step", {3: 0.3 * 3}),
    ("ramp(step, 0, 1000)", {0: 0.0, 1: 0.001, 250: 0.25, 1000: 1.0, 1001: 1.0, 10**9: 1.0}),
    ("ramp(step, 100, 200, 2, 4)", {0: 2.0, 100: 2.0, 150: 3.0, 200: 4.0, 10**9: 4.0}),
    ("ramp(step, 0, 10, 0.1, 0.3)", {0: 0.1, 10: 0.3, 11: 0.3}),
    ("ramp(step, 0, 10, high=0, low=1)", {0: 1.0, 5: 0.5, 10: 0.0}),
    ("ramp(step, 5, 5)", {4: 0.0, 5: 1.0, 6: 1.0}),
    ("ramp(step, 10**9, 10**9 + 10)", {10**9 - 1: 0.0, 10**9 + 5: 0.5, 10**9 + 10: 1.0}),
    ("ramp(step - 3, 0, 4)", {2: 0.0, 4: 0.25, 7: 1.0}),
    ("ramp(step, 0, warmup)", {250: 0.5, 500: 1.0}),
    ("cosine(step, 0, 1000)", {0: 1.0, 500: 0.5, 1000: 0.0, 10**9: 0.0}),
    ("cosine(step, 10, 20, 0.7, 0.1)", {0: 0.7, 10: 0.7, 15: 0.4, 20: 0.1, 99: 0.1}),
    ("cosine(step, 5, 5)", {4: 1.0, 5: 0.0}),
    ("piecewise(step, [10, 20], [1, 0.5, 0.1])", {0: 1.0, 9: 1.0, 10: 0.5, 19: 0.5, 20: 0.1, 10**9: 0.1}),
    ("piecewise(step, [10**9], [0, alpha])", {10**9 - 1: 0.0, 10**9: 0.3}),
    ("cycle(step, 4, [1, 2])", {0: 1.0, 1: 1.0, 2: 2.0, 3: 2.0, 4: 1.0, 10**9 + 2: 2.0}),
    ("cycle(step, 3, [5, 6, 7])", {0: 5.0, 1: 6.0, 2: 7.0, 3: 5.0}),
    ("cycle(step, 2.5, [1, 2])", {0: 1.0, 1: 1.0, 2: 2.0, 3: 1.0, 4: 2.0, 5: 1.0}),
    ("cycle(step, zero, [1, 2])", {0: NAN, 7: NAN}),
]  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("text", "wanted"), SCHEDULES)
def test_functions_of_the_step(text, wanted, mode):
    """Among themselves, scalars are exact."""
    constants = {"alpha": 0.3, "warmup": 500, "zero": 0}
    run = compiled(text, mode, constants)
    for step, value in wanted.items():
        found = run(step)
        assert found.dtype.name in ("float64", "int64", "bool")
        np.testing.assert_allclose(found.numpy(), value, rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("period", [49, 30])
def test_a_cycle_has_equal_parts(period, mode):
    values = ", ".join(map(str, range(period)))
    run = compiled(f"cycle(step, {period}, [{values}])", mode)
    for step in (*range(period), 10**9 * period + period - 1):
        assert run(step).numpy() == step % period


@pytest.mark.parametrize("mode", ["graph", "xla"])
def test_a_vector_never_widens_an_axis_that_was_unknown(mode):
    import tensorflow as tf

    with pytest.raises((tf.errors.InvalidArgumentError, ValueError)):
        evaluate("y_true * last_axis(c)", mode, constants={"c": [1.0, 2.0]}, unknown=True,
                 y_true=np.ones((3, 1), np.float32))  # fmt: skip


def test_scalars_take_the_width_that_is_asked_for():
    found = evaluate("softmax(y_true) + one_hot(argmax(y_true), 2)", width="float64",
                     y_true=np.float32([[0, 0]]))  # fmt: skip
    expect(found, [[1.5, 0.5]], "float64")
    expect(
        evaluate("take(c, y_true)", width="float64", constants={"c": [0.1]}, y_true=[0]),
        [0.1],
        "float64",
    )
    expect(evaluate("exp(0) + 0.1"), 1.1, "float64")
    expect(evaluate("take(c, 0)", constants={"c": [0.1]}), 0.1, "float64")


def test_a_gate_stands_before_what_is_computed_and_only_once():
    import tensorflow as tf

    passed = []

    def gate(tensor):
        passed.append(tensor)
        return tensor

    x = tf.constant([1.0, 4.0])
    evaluator = Evaluator(lambda _, path: x, {}, None, gate=gate)
    found = evaluator(parse("sqrt(y_true.a) + 1 + y_true.a[..., None]").tree)
    assert found.tensor.shape == (2, 1)
    assert len(passed) == 2
    assert evaluator(parse("y_true.a[...]").tree).is_read
    assert evaluator(parse("y_true.a > 0 and y_true.a in [1]").tree).dtype == "bool"
    assert len(passed) == 2


def test_what_stands_at_several_places_is_computed_once():
    import tensorflow as tf

    from composer.language import tree as t

    reads = []
    part = parse("y_true.a").tree
    for _ in range(40):
        part = t.Binary(0, 0, "+", part, part)
    evaluator = Evaluator(lambda *path: reads.append(path) or tf.constant([1]), {}, None)
    assert evaluator(part).tensor.numpy() == [2**40]
    assert len(reads) == 1


# Against the static types


def _drawn(batch):
    """Tensors of a batch: small numbers, zeros among them."""
    import tensorflow as tf

    generator = np.random.default_rng(0)
    return {
        place: tf.cast(generator.integers(-2, 5, shape), dtype)
        if dtype != "bool" else tf.constant(generator.integers(0, 2, shape) > 0)
        for place, (dtype, shape) in batch.types.items()
    }  # fmt: skip


def _constants():
    found = {
        name: Value(np.asarray(value), constant(value).dtype, "scalar")
        for name, value in SCALARS.items()
    }
    for name, (dtype, shape) in TABLES.items():
        exact = "float64" if dtype == "float32" else dtype
        found[name] = Value(
            np.arange(math.prod(shape)).reshape(shape).astype(exact), dtype, "table"
        )
    return found


def _run(tree, tensors, mode):
    """The Value, and its tensor as the mode gives it."""
    import tensorflow as tf

    held = []

    def run(named, step):
        held.append(
            Evaluator(lambda *path: named["/".join([path[0], *path[1]])], _constants(), step)(tree)
        )
        return tf.convert_to_tensor(held[-1].tensor)

    named = {"/".join(place): tensor for place, tensor in tensors.items()}
    run = in_mode(run, mode.split()[0], named, unknown="unknown" in mode)
    return run(named, tf.constant(3, tf.int64)), held[-1]


def check_types(tree, batch, modes=("eager",)):
    """Whatever `infer` accepts is computed, and is what it said."""
    names = Names(batch)
    try:
        told = infer(tree, names)
    except ExpressionError:
        assume(False)
    tensors = _drawn(batch)
    for mode in modes:
        found, value = _run(tree, tensors, mode)
        assert value.place == told.place, written(tree)
        assert tuple(found.shape) == told.shape.head, written(tree)
        if told.place == "batch":
            assert found.dtype.name == value.dtype == told.dtype, written(tree)
    return told


TREES = values() | flags()


@given(TREES, batches())
@settings(max_examples=150, deadline=None, suppress_health_check=TOO_SLOW)
def test_what_the_static_types_accept_is_computed_as_they_say(tree, batch):
    check_types(tree, batch)


@given(TREES, batches())
@settings(max_examples=12, deadline=None, suppress_health_check=TOO_SLOW)
def test_so_it_is_in_graphs_and_under_xla(tree, batch):
    check_types(tree, batch, ("graph", "xla", "graph of unknown sizes"))


@pytest.mark.full
@given(values(4) | flags(4), batches())
@settings(max_examples=5_000, deadline=None, suppress_health_check=TOO_SLOW)
def test_what_the_static_types_accept_is_computed_as_they_say_many(tree, batch):
    check_types(tree, batch)


@pytest.mark.full
@given(TREES, batches())
@settings(max_examples=300, deadline=None, suppress_health_check=TOO_SLOW)
def test_so_it_is_in_graphs_and_under_xla_many(tree, batch):
    check_types(tree, batch, ("graph", "xla", "graph of unknown sizes"))
