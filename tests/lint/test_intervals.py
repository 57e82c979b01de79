"""Ranges hold every value that an expression comes to, on any batch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from composer.data.evaluate import Evaluator, Value
from composer.language.errors import ExpressionError
from composer.language.expression import parse
from composer.language.static.infer import infer
from composer.lint import ranges
from composer.lint.assuming import assume as assumed
from composer.lint.intervals import Facts
from composer.lint.ranges import exactly, hull
from tests.language.strategies import HELD, Names, batches, flags, values, written

TOO_SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
INF = float("inf")
DTYPES = {"u": "uint8", "i": "int8", "b": "bool", "x": "float32", "z": "float32"}
FACTS = Facts(
    lambda node: ranges.of_dtype(DTYPES[node.path[0]]),
    {"k": exactly(3), "table": hull(map(exactly, [1, 2.5]))},
    {"k": 0, "table": 1},
)


def tree_of(text: str):
    return parse(text).tree


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2.5", (2.5, 2.5)),
        ("y_true.u", (0, 255)),
        ("y_true.i", (-128, 127)),
        ("y_true.b", (0, 1)),
        ("y_true.x", (-INF, INF)),
        ("k", (3, 3)),
        ("take(table, y_true.u)", (1, 2.5)),
        ("-y_true.u", (-255, 0)),
        ("y_true.u + y_true.i", (-128, 382)),
        ("1 - y_true.b", (0, 1)),
        ("y_true.u * y_true.i", (-32640, 32385)),
        ("y_true.i * y_true.i", (0, 16384)),
        ("y_true.i ** 2", (0, 16384)),
        ("y_true.x ** 2", (0, INF)),
        ("y_true.u // 10", (0, 25)),
        ("y_true.i % 10", (0, 9)),
        ("abs(y_true.i)", (0, 128)),
        ("exp(y_true.x)", (0, INF)),
        ("-log(sigmoid(y_true.x))", (0, INF)),
        ("log(1 + y_true.u)", (0, INF)),
        ("sqrt(y_true.x)", (0, INF)),
        ("square(y_true.x)", (0, INF)),
        ("softmax(y_true.x)", (0, 1)),
        ("minimum(y_true.u, 7)", (0, 7)),
        ("maximum(y_true.x, 0)", (0, INF)),
        ("clip(y_true.x, -1, 2)", (-1, 2)),
        ("where(y_true.b, 2, 3)", (2, 3)),
        ("where(y_true.u < 256, 2, 3)", (2, 2)),
        ("sum(y_true.u)", (0, INF)),
        ("mean(y_true.b)", (0, 1)),
        ("one_hot(y_true.u, 4)", (0, 1)),
        ("argmax(y_true.x)", (0, 2**31)),
        ("step", (0, 2**31)),
        ("ramp(step, 0, 10)", (0, 1)),
        ("cosine(step, 0, 10)", (0, 1)),
        ("piecewise(step, [5], [3, 1])", (1, 3)),
        ("cycle(step, 10, [1, 0.5, 2])", (0.5, 2)),
        ("y_true.u / k", (0, 85)),
        ("1 / y_true.u", (1 / 255, INF)),
        ("y_true.u == 300", (0, 0)),
        ("y_true.u >= 0", (1, 1)),
        ("y_true.u == 2.5", (0, 0)),
        ("y_true.x == y_true.x", (0, 1)),
        ("y_true.u == y_true.u", (1, 1)),
        ("y_true.u in [300, -1]", (0, 0)),
        ("y_true.b in [0, 1]", (1, 1)),
        ("y_true.b not in [0, 1]", (0, 0)),
        ("isfinite(y_true.u)", (1, 1)),
        ("isnan(y_true.u)", (0, 0)),
        ("isnan(y_true.x)", (0, 1)),
        ("any(y_true.u > 300)", (0, 0)),
        ("not y_true.u > 300", (1, 1)),
        ("y_true.b or y_true.u >= 0", (1, 1)),
        ("y_true.b and y_true.u < 0", (0, 0)),
    ],
)
def test_ranges(text, wanted):
    found = FACTS.range_of(tree_of(text))
    assert (pytest.approx(found.low, rel=2e-6), pytest.approx(found.high, rel=2e-6)) == wanted


NEVER = [
    "y_true.x > 0 and y_true.x < 0",
    "y_true.x > 0 and y_true.x <= 0",
    "80 < y_true.x < 0",
    "y_true.u > 2 and y_true.u < 3",
    "y_true.x != 0 and y_true.x == 0",
    "y_true.x == 0 and y_true.x != 0",
    "y_true.b and not y_true.b",
    "not (y_true.b or not y_true.b)",
    "y_true.u in [1, 2] and y_true.u > 2",
    "y_true.u in [1, 2] and y_true.u not in [1, 2]",
    "isnan(y_true.x) and y_true.x > 0",
    "isnan(y_true.x) and isfinite(y_true.x)",
    "y_true.x == y_true.x and isnan(y_true.x)",
    "y_true.x < y_true.x",
    "y_true.u != y_true.u",
    "step > 100 and step < 50",
    "(y_true.x > 1 or y_true.x < -1) and y_true.x == 0",
    "y_true.x > 1 and (y_true.b or y_true.x > 2) and y_true.x < 0.5",
    "all(y_true.x > 0) and not all(y_true.x > 0)",
    "y_true.x[..., 0] > 0 and y_true.x[..., 0] < 0",
    "y_true.x > y_true.z and y_true.x < 0 and y_true.z > 0",
    "y_true.u > 254 and y_true.u != 255",
    "y_true.u != 255 and y_true.u != 254 and y_true.u > 253",
]
ALWAYS = [
    "y_true.u > 0 or y_true.u <= 0",
    "y_true.b or not y_true.b",
    "y_true.u not in [256, 300]",
    "not (y_true.x > 0 and y_true.x < 0)",
    "isfinite(y_true.u)",
    "y_true.x != y_true.x or y_true.x == y_true.x",
]
SOMETIMES = [
    "y_true.x > 0 or y_true.x <= 0",  # not where it is NaN
    "y_true.x == y_true.x",
    "y_true.x != y_true.x",
    "not (y_true.x > 0) and not (y_true.x <= 0)",
    "y_true.x > 0 and y_true.x < 1",
    "y_true.x >= 0 and y_true.x <= 0",
    "y_true.x[..., 0] > 0 and y_true.x[..., 1] < 0",
    "y_true.x > 0 and y_pred.x < 0",
    "y_true.u > 2 and y_true.u < 4",
    "all(y_true.x > 0) and any(y_true.x < 1)",
    "(y_true.x > 1 or y_true.x < -1) and y_true.x < 0",
    "isfinite(y_true.x) and y_true.x > 1e300",
    "not y_true.b and any(y_true.b)",  # at another element
    "y_true.x < 0 and y_true.x[..., 0] > 0",
    "y_true.x < 0 and sum(y_true.x) > 0",
]


@pytest.mark.parametrize("text", NEVER)
def test_what_never_holds(text):
    assert assumed(tree_of(text), True, FACTS) is None


@pytest.mark.parametrize("text", ALWAYS)
def test_what_always_holds(text):
    assert assumed(tree_of(text), False, FACTS) is None


@pytest.mark.parametrize("text", SOMETIMES)
def test_what_may_hold_or_not(text):
    assert assumed(tree_of(text), True, FACTS) is not None
    assert assumed(tree_of(text), False, FACTS) is not None


# Soundness

KINDS = ("bool", "uint8", "int8", "int32", "int64", "float16", "float32", "float64")
CONSTANTS = {name: Value(*held) for name, held in HELD.items()}
EDGES = [0.0, -0.0, 1, 1, -1, 2, 0.5, 3, -7, 0.1, np.nan, np.inf, -np.inf]


def drawn(batch, seed):
    """Arrays of a batch: small numbers, NaN and infinity, and the ends of integers."""
    generator = np.random.default_rng(seed)
    arrays = {}
    for place, (dtype, shape) in batch.types.items():
        if dtype.startswith("float"):
            arrays[place] = generator.choice(EDGES, shape).astype(dtype)
        else:
            ends = [] if dtype == "bool" else [np.iinfo(dtype).min, np.iinfo(dtype).max]
            arrays[place] = generator.choice(np.array([0, 1, 1, *ends, 1], dtype), shape)
    return arrays


def facts_of(batch):
    constants = {name: hull(map(exactly, np.ravel(value.array).tolist()))
                 for name, value in CONSTANTS.items()}  # fmt: skip
    ranks = {name: value.array.ndim for name, value in CONSTANTS.items()}
    return Facts(
        lambda node: ranges.of_dtype(batch.types[node.side, node.path[0]][0]), constants, ranks
    )


def value_of(tree, batch, seed):
    """The value of a tree in NumPy; random ones are not all well-typed."""
    try:
        infer(tree, Names(batch))
    except ExpressionError:
        assume(False)
    arrays = drawn(batch, seed)
    read = Evaluator(lambda side, path: arrays[side, path[0]], CONSTANTS, step=3)
    return np.asarray(read(tree).array, np.float64)


def is_within(found, value):
    room = 1e-5 * np.abs(value)  # a chain of float32 operations rounds at every link
    inside = (value >= found.low - room) & (value <= found.high + room)
    return np.all(np.where(np.isnan(value), found.nan, inside))


def check_range(tree, batch, seed):
    value, found = value_of(tree, batch, seed), facts_of(batch).range_of(tree)
    assert is_within(found, value), (written(tree), found, value)


def check_assumption(tree, batch, seed):
    """What is said to hold never, or always, does."""
    value, facts = value_of(tree, batch, seed), facts_of(batch)
    for holds in (True, False):
        if assumed(tree, holds, facts) is None:
            assert not np.any(value == holds), written(tree)


SEEDS = st.integers(0, 2**32 - 1)


@given(values() | flags(), batches(KINDS), SEEDS)
@settings(max_examples=300, deadline=None, suppress_health_check=TOO_SLOW)
def test_every_value_is_within_its_range(tree, batch, seed):
    check_range(tree, batch, seed)


@given(flags(), batches(KINDS), SEEDS)
@settings(max_examples=300, deadline=None, suppress_health_check=TOO_SLOW)
def test_what_never_holds_never_does(tree, batch, seed):
    check_assumption(tree, batch, seed)


@pytest.mark.full
@given(values(4) | flags(4), batches(KINDS), SEEDS)
@settings(max_examples=3_000, deadline=None, suppress_health_check=TOO_SLOW)
def test_every_value_is_within_its_range_many(tree, batch, seed):
    check_range(tree, batch, seed)


@pytest.mark.full
@given(flags(4), batches(KINDS), SEEDS)
@settings(max_examples=3_000, deadline=None, suppress_health_check=TOO_SLOW)
def test_what_never_holds_never_does_many(tree, batch, seed):
    check_assumption(tree, batch, seed)
