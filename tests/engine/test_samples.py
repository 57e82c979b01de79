"""Terms computed together from batches whose size is unknown while tracing."""

from __future__ import annotations

import numpy as np
import pytest

from tests.joined import HEADS, HUBER, batch_of, build, check, each, numbers, run

xla = pytest.param("unknown xla", marks=pytest.mark.full)
unknown = pytest.mark.parametrize("way", ["unknown", xla])
WEIGHTED = each({"mask": "y_true > -0.5", "weight": "y_true.#_weight", **HUBER})


def batches(sizes, of_weights=None):
    """A batch in which each head has a number of samples of its own."""
    y_true, y_pred = {}, {}
    for seed, (name, size) in enumerate(zip(HEADS, sizes, strict=True)):
        y_true[name], y_pred[name] = numbers((size, 2), seed), numbers((size, 2), 10 + seed)
    for seed, (name, size) in enumerate(zip(HEADS, of_weights or sizes, strict=True)):
        y_true[f"{name}_weight"] = np.abs(numbers((size,), 20 + seed))
    return y_true, y_pred


@unknown
@pytest.mark.parametrize("sizes", [(5, 5, 5, 5), (1, 4, 0, 3), (0, 0, 0, 0)])
def test_each_term_may_have_a_batch_of_its_own(sizes, way):
    found = check(WEIGHTED, batches(sizes), way)
    assert [int(every) for _, every in found[2].values()] == [2 * size for size in sizes]


@unknown
def test_a_weight_of_one_sample_stands_for_all(way):
    check(WEIGHTED, batches((3, 4, 2, 3), (1, 4, 1, 1)), way)


@unknown
@pytest.mark.parametrize(
    ("wrong", "of_weights"),
    [
        ({"a": (4, 2), "b": (3, 2)}, None),  # equally many in all
        ({"a": (4, 2)}, None),
        ({"a": (1, 2)}, None),
        ({}, (2, 4, 3, 3)),
        ({}, (3, 3, 3, 6)),
    ],
)
def test_numbers_of_samples_that_differ_raise(wrong, of_weights, way):
    import tensorflow as tf

    y_true, y_pred = batches((3, 4, 3, 3), of_weights)
    y_pred |= {name: numbers(shape, 5) for name, shape in wrong.items()}
    for joined in (True, False):
        total_loss = build(WEIGHTED)
        total_loss._plans.joins = lambda joined=joined: joined
        with pytest.raises(tf.errors.InvalidArgumentError):
            run(total_loss, (y_true, y_pred), way)


def test_a_weight_for_a_single_sample_does_not_make_it_many():
    import tensorflow as tf

    y_true, y_pred = batches((1, 1, 1, 1), (1, 3, 1, 1))
    with pytest.raises(tf.errors.InvalidArgumentError):
        run(build(WEIGHTED), (y_true, y_pred), "unknown")


def test_what_may_stand_for_all_samples_of_another_tensor_in_a_role_stays_alone():
    y_true, y_pred = batch_of((*HEADS, "scale"), (3, 1))
    y_true["scale"] = y_true["scale"][:1]
    tasks = each({"y_true": "y_true.# * y_true.scale", **HUBER})
    check(tasks, (y_true, y_pred), "unknown", joined=False)


def test_unknown_sizes_of_a_sample_stay_alone():
    import tensorflow as tf

    total_loss, seen = build(each(HUBER)), []
    together = total_loss._plans.together
    total_loss._plans.together = lambda *args: seen.append(together(*args)) or seen[-1]
    spec = {name: tf.TensorSpec([4, None]) for name in HEADS}
    tf.function(total_loss, autograph=False).get_concrete_function(spec, spec)
    assert [len(terms) for terms in seen] == [4]


def test_sums_of_many_samples_keep_their_digits():
    # In float32 one after the other, 2^24 + 1 + 1 + … stays 2^24; so do halves.
    y_pred = {name: np.ones((1001, 1), "float32") for name in HEADS}
    for x in y_pred.values():
        x[0] = 2.0**12
    tasks = each({"loss": {"type": "l2", "reduction": "sum"}})
    _, rows, _, _ = check(tasks, ({}, y_pred), "unknown")
    assert [float(row.loss) for row in rows.values()] == [(2**24 + 1000) / 2] * 4
