"""Which terms are computed together, and which are not."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.joined import (
    ALL_HUBER,
    HEADS,
    HUBER,
    PLAIN,
    batch_of,
    build,
    check,
    each,
    groups,
    numbers,
)

THREE = dict.fromkeys(HEADS[:3], HUBER)


def with_d(**task):
    """Three plain terms and another."""
    return THREE | {"d": {**HUBER, **task}}


def far(delta):
    return {"type": "huber", "delta": delta, "name": "far"}


ALONE = {
    "three": THREE,
    "a parameter": with_d(loss={"type": "huber", "delta": 2}),
    "a reduction": with_d(loss={"type": "huber", "reduction": "sum"}),
    "a loss": with_d(loss="mean_squared_error"),
    "a mask": with_d(mask="y_true > 0"),
    "a tensor weight": with_d(weight="y_true"),
    "an expression": with_d(y_true="2 * y_true.d"),
    "sides": with_d(y_true="y_pred.d", y_pred="y_true.d"),
    "one tensor twice": with_d(y_true="y_pred.d"),
    "no gradient": with_d(weight=0),
    "a gradient by the step": with_d(weight="ramp(step, 0, 9)"),
    "a number in a mask": each({"mask": "y_true < 2", **HUBER})
    | {"d": {"mask": "y_true < 3", **HUBER}},
    "the dtype of a number": each({"y_true": "y_true.# * 2", **HUBER})
    | {"d": {"y_true": "y_true.d * 2.0", **HUBER}},
    "the batch coupled": each(
        {"loss": {"type": "dice", "per": "batch", "y_pred": "sigmoid(y_pred.#)"}}
    ),
}


@pytest.mark.parametrize("tasks", ALONE.values(), ids=ALONE)
def test_terms_that_differ_in_more_than_tensors_stay_alone(tasks):
    options = {"step": 3} if "step" in json.dumps(tasks) else {}
    check(tasks, batch_of(HEADS, (6, 3)), joined=False, options=options)


TOGETHER = {
    "plain": (PLAIN, ALL_HUBER),
    "names": (with_d(loss={"type": "huber", "name": "d"}), [[*ALL_HUBER[0][:3], "d/d"]]),
    "a default written out": (with_d(loss={"type": "huber", "delta": 1}), ALL_HUBER),
    "numbers as weights": (with_d(weight=3), ALL_HUBER),
    "tensors named elsewhere": (with_d(y_true="y_true.a", y_pred="y_pred.b"), ALL_HUBER),
    "weights of 0": (each({"weight": 0, **HUBER}), ALL_HUBER),
    "schedules": (
        {name: {"weight": f"ramp(step, {n}, 9) * {n}", **HUBER} for n, name in enumerate(HEADS)},
        ALL_HUBER,
    ),
    "two forms": (
        each({"loss": ["huber", far(2)]}),
        [ALL_HUBER[0], [f"{name}/far" for name in HEADS]],
    ),
    "a form in three and one in four": (
        {"a": {"loss": far(2)}} | {name: {"loss": ["huber", far(2)]} for name in HEADS[1:]},
        [[f"{name}/far" for name in HEADS]],
    ),
}


@pytest.mark.parametrize(("tasks", "expected"), TOGETHER.values(), ids=TOGETHER)
def test_terms_that_differ_in_tensors_and_weights_are_joined(tasks, expected):
    batch = batch_of(HEADS, (6, 3))
    options = {"step": 3} if "step" in json.dumps(tasks) else {}
    assert groups(build(tasks), *batch, **options) == sorted(map(sorted, expected))
    check(tasks, batch, options=options)


@pytest.mark.parametrize(
    "other",
    [numbers((5, 1), 9), numbers((6, 2), 9), numbers((6, 1), 9, "float64"), numbers((6,), 9)],
    ids=["batch", "sample", "dtype", "rank"],
)
def test_terms_of_other_sizes_and_dtypes_stay_alone(other):
    y_true, y_pred = batch_of(HEADS)
    y_true["d"] = y_pred["d"] = other
    check(PLAIN, (y_true, y_pred), joined=False)


def test_empty_batches_and_single_numbers_stay_alone():
    check(PLAIN, batch_of(HEADS, (0, 3)), joined=False)
    check(PLAIN, batch_of(HEADS, ()), joined=False)


def test_samples_that_hold_nothing_come_to_0():
    total, rows = check(PLAIN, batch_of(HEADS, (4, 0)))[:2]
    assert float(total) == 0
    assert len(rows) == len(HEADS)


def test_large_terms_stay_alone_and_many_make_several_groups():
    from composer.engine.arrangement import MOST_ELEMENTS, MOST_TOGETHER

    check(PLAIN, batch_of(HEADS, (MOST_ELEMENTS + 1, 1)), joined=False)
    assert groups(build(PLAIN), *batch_of(HEADS, (MOST_ELEMENTS, 1))) == ALL_HUBER
    many = [f"t{n}" for n in range(MOST_TOGETHER // MOST_ELEMENTS + 1)]
    tasks, batch = dict.fromkeys(many, HUBER), batch_of(many, (MOST_ELEMENTS, 1))
    assert sorted(map(len, groups(build(tasks), *batch))) == [8, 9]
    check(tasks, batch)


def test_losses_of_ones_own_and_losses_with_state_stay_alone():
    import tensorflow as tf

    from composer import Loss, Signature, build_total_loss

    class Own(Loss):
        type: str = "own"
        signature = Signature("y_true=number[...], y_pred=float[...] -> float[...]")

        def values(self, y_true, y_pred):
            return tf.abs(y_pred - tf.reduce_mean(y_true))

    own = build_total_loss({"tasks": {name: {"loss": "own"} for name in HEADS}}, losses=[Own])
    assert groups(own, *batch_of(HEADS)) == []
    center = {"loss": {"type": "center", "num_classes": 3, "embedding_size": 2}}
    labels = {name: np.zeros(6, "int32") for name in HEADS}
    assert groups(build(each(center)), labels, batch_of(HEADS, (6, 2))[1]) == []


def test_xla_gets_the_terms_one_by_one():
    import tensorflow as tf

    from composer import build_total_loss

    seen = []
    y_true, y_pred = batch_of(HEADS)

    def noting(jit_compile):
        total_loss = build_total_loss({"tasks": PLAIN}, jit_compile=jit_compile)
        together = total_loss._plans.together

        def noted(*args):
            terms = together(*args)
            seen.append(len(terms))
            return terms

        total_loss._plans.together = noted
        return total_loss

    tf.function(noting(jit_compile=False), autograph=False)(y_true, y_pred)
    assert set(seen) == {1}
    seen.clear()
    tf.function(noting(jit_compile=False), autograph=False, jit_compile=True)(y_true, y_pred)
    noting(jit_compile=True)(y_true, y_pred)
    assert set(seen) == {4}
