"""What expressions come to, worked out by hand; every interpreter is held to it."""

from __future__ import annotations

import math

import numpy as np

NAN, INF = math.nan, math.inf

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
    ("y_true + 1", ([2**63 - 1, -(2**63)], "int64"), [-(2**63), -(2**63) + 1], "int64"),
    ("3 * y_true", ([2**62, -(2**62)], "int64"), [-(2**62), 2**62], "int64"),
    ("y_true ** 2", ([2**32, 2**31], "int64"), [0, 2**62], "int64"),
    ("-y_true", ([-(2**63), 1], "int64"), [-(2**63), -1], "int64"),
    ("y_true // -1", ([-(2**63), 1], "int64"), [-(2**63), -1], "int64"),
    ("y_true + 0", ([2**64 - 1, 1], "uint64"), [-1, 1], "int64"),
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
    ("y_true // 0.1", ([1.0, INF, -0.5], "float32"), [10.0, INF, -5.0], "float32"),
    ("y_true % -2", ([3.0, -4.0, INF], "float32"), [-1.0, 0.0, NAN], "float32"),
    ("1 / (y_true % 2)", ([-4.0, 4.0, -1.5], "float32"), [-INF, INF, 2.0], "float32"),
    ("y_true % 2", ([-INF, NAN, -0.5], "float64"), [NAN, NAN, 1.5], "float64"),
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
    ("y_true != y_true", ODD, [True, False, False], "bool"),
    ("y_true < 1", ODD, [False, False, True], "bool"),
    ("not y_true < 1", ODD, [True, True, False], "bool"),
    ("y_true in [0, 1]", ODD, [False, False, False], "bool"),
    # A number reaches float16 by way of float32, where this one lies between two of them.
    ("y_true == 1.000488281251", ([1.0, 1.0009765625], "float16"), [True, False], "bool"),
    ("y_true == 100000", ([65504.0, INF, 1.0], "float16"), [False, True, False], "bool"),
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
    ("minimum(y_true, 0)", ODD, [NAN, 0.0, -INF], "float32"),
    ("maximum(0, y_true)", ODD, [NAN, INF, 0.0], "float32"),
    ("clip(0, y_true, 1)", ODD, [NAN, 1.0, 0.0], "float32"),
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
    ("argmax(y_true)", {"y_true": [[1.0, 1.0], [-INF, NAN], [NAN, NAN]]}, [0, 0, 0]),
    ("argmax(y_true)", {"y_true": [[NAN, 1.0, 2.0], [3.0, NAN, 2.0], [-INF, NAN, 0.0]]}, [2, 0, 2]),
    ("softmax(y_true)", {"y_true": [[0.0, 0.0], [0.0, -INF]]}, [[0.5, 0.5], [1.0, 0.0]]),
    ("softmax(y_true)", {"y_true": np.zeros((2, 0), np.float32)}, np.zeros((2, 0))),
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
    ("sum(y_true) + mean(y_true)", {"y_true": 3.0}, 6.0),
    ("sum(y_true)", {"y_true": [[1.0, NAN], [INF, -INF], [INF, 1.0]]}, [NAN, NAN, INF]),
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
    ("take(weights[3:], y_true)", {"y_true": [0, 3]}, [NAN, NAN]),
    ("take(rows[3:], y_true)", {"y_true": [0]}, [[NAN, NAN]]),
    ("take(rows, 1) + take(rows, step)", {}, [4.0, 6.0]),
    ("last_axis(take(rows, 5)) * y_true", {"y_true": [[1.0, 1.0]]}, [[NAN, NAN]]),
    ("y_true + rows[1, 0]", {"y_true": [1, 2]}, [4, 5]),
    ("y_true * last_axis(rows[0])", {"y_true": [[1, 1]]}, [[1, 2]]),
    ("y_true * last_axis(rows[:, 1] + 1)", {"y_true": [[1, 1, 1]]}, [[3, 5, 7]]),
]  # fmt: skip

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
    ("cycle(step, 2, [1, 2])", {2**53: 1.0, 2**53 + 1: 2.0}),
    ("cycle(step, 3, [5, 6, 7])", {0: 5.0, 1: 6.0, 2: 7.0, 3: 5.0}),
    ("cycle(step, 2.5, [1, 2])", {0: 1.0, 1: 1.0, 2: 2.0, 3: 1.0, 4: 2.0, 5: 1.0}),
    ("cycle(step, zero, [1, 2])", {0: NAN, 7: NAN}),
]  # fmt: skip
STEPS = {"alpha": 0.3, "warmup": 500, "zero": 0}


def held(value):
    """A constant as a spec holds it: floats exactly, counted as float32; and where it belongs."""
    array = np.asarray(value)
    dtype = {"b": "bool", "i": "int64", "f": "float32"}[array.dtype.kind]
    return array, dtype, "table" if array.shape else "scalar"


def narrowed(value):
    array = np.asarray(value)
    return array.astype("float32") if array.dtype == float else array
