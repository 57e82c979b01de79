"""One device, two replicas with uneven shards and k micro-batches give the same numbers."""

from __future__ import annotations

import functools
from types import SimpleNamespace

import numpy as np
import pytest

from tests.matrix import CASES, REDUCTIONS, STEP, Case, assert_close, in_mode, per_replica

TOLERANCE = 1e-6  # parts of the largest entry
# Left out by name: what one value of these depends on is spread over the replicas.
COUPLED = [case for case in CASES if case.type == "dice" and case.parameters.get("per") == "batch"]
TASKS = {case.id.replace("-", "_"): case for case in CASES if case not in COUPLED}


def test_the_losses_left_out_are_those_that_couple_the_batch():
    assert [case for case in CASES if case.loss.coupling == "batch"] == COUPLED
    assert len(COUPLED) == 1
    assert Case("dice").loss.coupling == "sample"
    assert Case("huber").loss.coupling == "nothing"


@functools.cache
def every_loss(strategy=None):
    """All losses in one spec, the reductions in turn, with a regularization of 3 + 4.

    Its centers belong to the scope that it is first called in, so each strategy has one of its own.
    """
    from composer import build_total_loss

    tasks = {}
    for place, (name, case) in enumerate(TASKS.items()):
        entry = {
            key: f"y_pred.{name}.{key}" if key in case.places else value
            for key, value in case.entry.items()
        }
        tasks[name] = {
            **{side: f"{side}.{name}.t" for side in ("y_true", "y_pred") if side in case.places},
            "mask": f"y_true.{name}.mask",
            "weight": case.weight(f"y_true.{name}.weight"),
            "loss": {**entry, "reduction": REDUCTIONS[place % 4]},
        }
    return build_total_loss({"tasks": tasks, "regularization": {"weight": 0.5}})


@functools.cache
def whole_batch():
    drawn = {name: case.drawn() for name, case in TASKS.items()}
    return SimpleNamespace(
        y_true={name: each.y_true for name, each in drawn.items()},
        y_pred={name: each.y_pred for name, each in drawn.items()},
    )


def differentiate(total_loss, y_true, y_pred, step=STEP, **more):
    """The total, the breakdown and the gradients of the total by the predictions."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        total, rows = total_loss(y_true, y_pred, step=step, training=False, **more)
    return total, rows, tape.gradient(total, y_pred)


def as_tensors(structure, rows=slice(None)):
    import tensorflow as tf

    return tf.nest.map_structure(lambda array: tf.constant(array[rows]), structure)


@functools.cache
def on_one_device():
    batch = whole_batch()
    return differentiate(
        every_loss(), as_tensors(batch.y_true), as_tensors(batch.y_pred), regularization=[3.0, 4.0]
    )


def assert_same(total, rows, gradients, calls):
    """What shares have come to is what one device gives; `regularization` counts its calls."""
    import tensorflow as tf

    one_total, one_rows, one_gradients = on_one_device()
    assert rows["regularization"].denominator == calls
    rows["regularization"] = rows["regularization"]._replace(denominator=1.0)
    assert_close(total, one_total, TOLERANCE)
    assert list(rows) == list(one_rows)
    for name, row in one_rows.items():
        for field, number in row._asdict().items():
            assert_close(getattr(rows[name], field), number, TOLERANCE, f"{name}: {field}")
    found, wanted = tf.nest.flatten(gradients), tf.nest.flatten(one_gradients)
    for each, other in zip(found, wanted, strict=True):
        assert_close(each, other, TOLERANCE)


@pytest.mark.parametrize(
    ("sizes", "mode"),
    [
        ((3, 2), "eager"),
        ((5, 0), "eager"),
        ((0, 5), "eager"),
        ((3, 2), "graph"),
        ((5, 0), "graph"),
        pytest.param((0, 5), "graph", marks=pytest.mark.full),
    ],
    ids=str,
)
def test_two_replicas_give_what_one_device_gives(strategy, sizes, mode):
    import tensorflow as tf

    batch = whole_batch()
    with strategy.scope():
        total_loss = every_loss(strategy)

    def run(y_true, y_pred):
        return strategy.run(
            functools.partial(differentiate, total_loss, regularization=[3.0, 4.0]),
            args=(y_true, y_pred),
        )

    shards = [
        tf.nest.map_structure(lambda array: per_replica(strategy, array, sizes), side)
        for side in (batch.y_true, batch.y_pred)
    ]
    total, rows, gradients = in_mode(run, mode)(*shards)
    local = strategy.experimental_local_results

    def joined(name, row):
        for field in ("weight", "denominator"):
            first, second = local(getattr(row, field))
            assert first == second, f"{name}: {field}"
        return row._replace(
            loss=sum(local(row.loss)),
            weighted=sum(local(row.weighted)),
            weight=local(row.weight)[0],
            denominator=local(row.denominator)[0],
        )

    assert_same(
        sum(local(total)),
        {name: joined(name, row) for name, row in rows.items()},
        tf.nest.map_structure(lambda each: np.concatenate(local(each)), gradients),
        calls=2,
    )


@pytest.mark.parametrize("mode", ["eager", "graph", pytest.param("xla", marks=pytest.mark.full)])
@pytest.mark.parametrize("sizes", [(5,), (3, 2), (2, 0, 3), (1, 1, 1, 1, 1)], ids=str)
def test_micro_batches_with_summed_denominators_give_what_one_batch_gives(sizes, mode):
    import tensorflow as tf

    batch = whole_batch()
    parts = [
        [as_tensors(side, slice(end - size, end)) for side in (batch.y_true, batch.y_pred)]
        for size, end in zip(sizes, np.cumsum(sizes), strict=True)
    ]
    counts, share = denominators_and_share(mode)
    found = [counts(*part) for part in parts]
    denominators = {name: sum(each[name] for each in found) for name in found[0]}
    assert denominators["regularization"] == len(sizes)
    shares = [share(*part, denominators) for part in parts]

    rows = {
        name: row._replace(
            loss=sum(each[name].loss for _, each, _ in shares),
            weighted=sum(each[name].weighted for _, each, _ in shares),
        )
        for name, row in shares[0][1].items()
    }
    gradients = tf.nest.map_structure(
        lambda *each: np.concatenate(each), *(gradients for _, _, gradients in shares)
    )
    assert_same(sum(total for total, _, _ in shares), rows, gradients, calls=len(sizes))


@functools.cache
def denominators_and_share(mode):
    """Both functions in a mode, traced once for batches of any size."""
    import tensorflow as tf

    total_loss, batch = every_loss(), whole_batch()

    def counts(y_true, y_pred):
        return total_loss.denominators(y_true, y_pred, step=STEP)

    def share(y_true, y_pred, denominators):
        return differentiate(
            total_loss, y_true, y_pred, regularization=[3.0, 4.0], denominators=denominators
        )

    if mode == "eager":
        return counts, share
    sides = [
        tf.nest.map_structure(lambda x: tf.TensorSpec([None, *x.shape[1:]], x.dtype), side)
        for side in (batch.y_true, batch.y_pred)
    ]
    found = counts(as_tensors(batch.y_true), as_tensors(batch.y_pred))
    scalars = tf.nest.map_structure(tf.TensorSpec.from_tensor, found)
    compiled = functools.partial(tf.function, jit_compile=mode == "xla")
    return (
        compiled(counts, input_signature=sides),
        compiled(share, input_signature=[*sides, scalars]),
    )


def small(loss="absolute_difference", **task):
    from composer import build_total_loss

    return build_total_loss({"tasks": {"t": {"mask": "y_true.k", "loss": loss, **task}}})


VALUES = np.array([1, 2, 4, 8, 16], "float32")
KEEP = np.array([True, False, False, True, True])


def small_shards(strategy, sizes=(3, 2)):
    return tuple(per_replica(strategy, array, sizes) for array in (0 * VALUES, KEEP, VALUES))


def test_the_mean_of_all_that_counts_is_not_the_mean_of_the_means(strategy):
    total_loss = small()

    def step(target, keep, pred):
        return total_loss({"t": target, "k": keep}, {"t": pred})[0]

    shares = strategy.run(step, args=small_shards(strategy))
    # (1 + 8 + 16) / 3; the mean of the replicas' own means is (1 + 12) / 2
    assert strategy.reduce("SUM", shares, axis=None) == np.float32(25 / 3)
    first, second = strategy.experimental_local_results(shares)
    np.testing.assert_allclose([first, second], [1 / 3, 8], rtol=1e-6)


def test_the_sum_of_the_gradients_of_a_variable_is_that_of_one_device(strategy):
    import tensorflow as tf

    total_loss = small()
    with strategy.scope():
        scale = tf.Variable(3.0)

    def step(target, keep, pred):
        with tf.GradientTape() as tape:
            total, _ = total_loss({"t": target, "k": keep}, {"t": scale * pred})
        return tape.gradient(total, scale)

    gradients = strategy.run(step, args=small_shards(strategy))
    assert strategy.reduce("SUM", gradients, axis=None) == np.float32(25 / 3)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_no_replica_has_anything_that_counts(strategy, reduction):
    import tensorflow as tf

    total_loss = small({"type": "absolute_difference", "reduction": reduction})

    def step(target, keep, pred):
        with tf.GradientTape() as tape:
            tape.watch(pred)
            total, _ = total_loss({"t": target, "k": keep & False}, {"t": pred})
        return total, tape.gradient(total, pred)

    totals, gradients = strategy.run(step, args=small_shards(strategy))
    for total, gradient in zip(
        strategy.experimental_local_results(totals),
        strategy.experimental_local_results(gradients),
        strict=True,
    ):
        assert total == 0
        assert not np.any(gradient)


def test_weights_of_both_signs_cancel_over_the_replicas_and_not_on_one(strategy):
    total_loss = small({"type": "l2", "reduction": "weighted_mean"}, weight="y_true.w")
    keep = np.full(5, True)
    weight = np.array([1, 1, 1, -1, -2], "float32")

    def step(keep, weight, pred):
        return total_loss({"k": keep, "w": weight}, {"t": pred})

    shards = (per_replica(strategy, array, (3, 2)) for array in (keep, weight, VALUES))
    totals, rows = strategy.run(step, args=tuple(shards))
    assert strategy.experimental_local_results(totals) == (0, 0)
    assert strategy.experimental_local_results(rows["t/l2"].denominator) == (0, 0)


def test_where_denominators_are_given_nothing_is_communicated(strategy):
    import tensorflow as tf

    total_loss = small()

    # An all-reduce inside a compiled function raises.
    @tf.function(jit_compile=True)
    def compiled(target, keep, pred, denominators):
        return total_loss({"t": target, "k": keep}, {"t": pred}, denominators=denominators)[0]

    def step(target, keep, pred):
        local = total_loss.denominators({"t": target, "k": keep})
        summed = tf.distribute.get_replica_context().all_reduce("SUM", local)
        return compiled(target, keep, pred, summed)

    shares = strategy.run(step, args=small_shards(strategy))
    assert strategy.reduce("SUM", shares, axis=None) == np.float32(25 / 3)
    with pytest.raises(RuntimeError, match="merge_call"):
        strategy.run(lambda *shard: compiled(*shard, None), args=small_shards(strategy))


def test_a_spec_of_sums_alone_communicates_nothing(strategy):
    import tensorflow as tf

    total_loss = small({"type": "absolute_difference", "reduction": "sum"})
    compiled = tf.function(
        lambda target, keep, pred: total_loss({"t": target, "k": keep}, {"t": pred})[0],
        jit_compile=True,
    )
    shares = strategy.run(compiled, args=small_shards(strategy))
    assert strategy.reduce("SUM", shares, axis=None) == 25


def test_denominators_are_of_one_replica_alone(strategy):
    total_loss = small()

    def step(target, keep, pred):
        return total_loss.denominators({"t": target, "k": keep})["t/absolute_difference"]

    shares = strategy.run(step, args=small_shards(strategy))
    assert strategy.experimental_local_results(shares) == (1, 2)


def test_a_loss_that_couples_the_batch_is_another_number_over_replicas(strategy):
    (case,) = COUPLED
    batch = case.drawn()
    from composer import build_total_loss

    total_loss = build_total_loss({"tasks": {"t": {"loss": case.entry}}})
    one, _ = total_loss(batch.y_true, batch.y_pred)

    def step(target, pred):
        return total_loss({"t": target}, {"t": pred})[0]

    shards = (per_replica(strategy, side["t"], (3, 2)) for side in (batch.y_true, batch.y_pred))
    shares = strategy.run(step, args=tuple(shards))
    assert abs(strategy.reduce("SUM", shares, axis=None) - one) > 1e-3


@pytest.mark.parametrize("mode", ["eager", "graph"])
def test_terms_of_two_dtypes_meet_over_the_replicas(strategy, mode):
    from composer import build_total_loss

    total_loss = build_total_loss({"tasks": {"a": {"loss": "l2"}, "b": {"loss": "l2"}}})

    def step(single, double):
        return total_loss({}, {"a": single, "b": double})[0]

    def run(*shards):
        return strategy.run(step, args=shards)

    shards = (per_replica(strategy, VALUES.astype(x), (3, 2)) for x in ("float32", "float64"))
    totals = in_mode(run, mode)(*shards)
    # (1 + 4 + 16 + 64 + 256) / 2 / 5, twice
    np.testing.assert_allclose(strategy.reduce("SUM", totals, axis=None), 68.2, rtol=1e-6)


def test_denominators_have_one_dtype_so_that_they_are_added_at_once():
    from composer import build_total_loss

    total_loss = build_total_loss(
        {"tasks": {"t": {"loss": "huber"}}, "regularization": {"weight": 1}}
    )
    for y_pred, dtype in ((None, "float64"), ({"t": VALUES}, "float32")):
        found = total_loss.denominators({"t": VALUES}, y_pred)
        assert {each.dtype.name for each in found.values()} == {dtype}
