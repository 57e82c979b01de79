"""The table of an epoch is what one batch of the whole epoch gives, and it adds up."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.linear import (
    column,
    compiled,
    in_two_modes,
    known_batches_of,
    linear_model,
)

REDUCTIONS = ("sum_by_nonzero_weights", "weighted_mean", "sum_over_batch_size", "sum")
NAMES = [f"depth/{reduction}" for reduction in REDUCTIONS]


def spec(weight=1, reductions=REDUCTIONS, **more):
    """Squared errors, reduced in every way."""
    losses = [{"type": "mean_squared_error", "reduction": r, "name": r} for r in reductions]
    task = {"mask": "y_true.valid", "weight": f"({weight}) * y_true.weight", "loss": losses}
    return {"tasks": {"depth": task}, **more}


# The model predicts x, and the target is 0: values 1, 4, 9, 16 and then 4.
X = column(1, 2, 3, 4, 2)
Y = {
    "depth": column(0, 0, 0, 0, 0),
    "valid": np.array([True, True, True, False, True]),
    "weight": np.array([1, 2, 0, 7, 4], "float32"),
}
# In the first batch of four Σ K·W·v is 1·1 + 2·4 + 0·9 = 9, in the second 4·4 = 16. D by reduction:
# weights that are not 0, their sum, what the mask keeps, and none.
D = {"sum_by_nonzero_weights": (2, 1), "weighted_mean": (3, 4), "sum_over_batch_size": (3, 1)}


def epoch(weights):
    """What `History` says of an epoch of the two batches at these scalar weights."""
    first, second = weights
    rows = {}
    for reduction in REDUCTIONS:
        # The mean of a `sum` over two steps divides by 2 as well.
        divisor = sum(D.get(reduction, (1, 1)))
        rows[f"depth/{reduction}"] = 25 / divisor
        rows[f"depth/{reduction}/weighted"] = (9 * first + 16 * second) / divisor
    return rows | {"loss": sum(v for name, v in rows.items() if name.endswith("/weighted"))}


def assert_history(history, epochs):
    assert set(history) == set(epochs[0])
    for name, numbers in history.items():
        np.testing.assert_allclose(numbers, [each[name] for each in epochs], 1e-6, err_msg=name)


@in_two_modes
def test_an_epoch_of_uneven_batches_is_what_one_batch_of_all_gives(mode):
    model = compiled(linear_model(spec("1 + ramp(step, 0, 8, 0, 8)")), mode=mode)
    batches = known_batches_of(X, Y, [4, 1])
    history = model.fit(batches, epochs=2, shuffle=False, verbose=0).history
    # The steps are 0 and 1, then 2 and 3; a new epoch knows nothing of the one before.
    assert_history(history, [epoch((1, 2)), epoch((3, 4))])


def test_the_table_gives_the_mean_weight_and_what_part_counts():
    from composer.training.rows import EpochRow

    model = compiled(linear_model(spec("1 + ramp(step, 0, 8, 0, 8)")), mode="eager")
    model.fit(known_batches_of(X, Y, [4, 1]), shuffle=False, verbose=0)
    table = model.rows.table()
    assert list(table) == NAMES
    assert table["depth/sum_over_batch_size"] == EpochRow(
        loss=25 / 4, weighted=41 / 4, weight=1.5, kept=3 / 5, skipped=0
    )
    assert table["depth/sum"] == EpochRow(
        loss=12.5, weighted=20.5, weight=1.5, kept=3 / 5, skipped=0
    )
    assert model.rows.last_step()["depth/weighted_mean"] == EpochRow(
        loss=4, weighted=8, weight=2, kept=1, skipped=0
    )


def test_keras_averages_what_batches_give():
    """What the rows are for: Keras's tracker of a loss gives another number."""
    import keras

    model = keras.Sequential(
        [keras.Input([1]), keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")]
    )
    model.compile(keras.optimizers.SGD(0.0), loss="mse")
    model.fit(X, Y["depth"], batch_size=4, sample_weight=Y["valid"], shuffle=False, verbose=0)
    keras_says = model.evaluate(X, Y["depth"], 4, 0, sample_weight=Y["valid"].astype("float32"))
    assert keras_says == pytest.approx((14 + 4) / 5)  # by samples, masked or not
    ours = compiled(
        linear_model({"tasks": {"depth": {"mask": "y_true.valid", "loss": "mean_squared_error"}}})
    )
    assert ours.evaluate(X, Y, 4, 0)[0] == pytest.approx((14 + 4) / 4)


@pytest.mark.parametrize("sizes", [[0, 4, 1], [4, 0, 1], [4, 1, 0]], ids=str)
def test_an_empty_batch_is_a_step_with_nothing_in_it(sizes):
    model = compiled(linear_model(spec()), mode="eager")
    history = model.fit(known_batches_of(X, Y, sizes), shuffle=False, verbose=0).history
    wanted = epoch((1, 1))
    for name in ("depth/sum", "depth/sum/weighted"):
        wanted["loss"] -= wanted[name] / 3 if name.endswith("weighted") else 0
        wanted[name] *= 2 / 3  # a mean over three steps
    assert_history(history, [wanted])


def test_an_epoch_in_which_nothing_counts_is_0():
    nothing = Y | {"valid": np.zeros(5, bool)}
    model = compiled(linear_model(spec()), mode="eager")
    history = model.fit(X, nothing, batch_size=2, verbose=0).history
    assert {name: numbers for name, numbers in history.items() if numbers != [0.0]} == {}
    assert {row.kept for row in model.rows.table().values()} == {0.0}


def test_regularization_is_a_mean_over_the_steps():
    import keras
    import tensorflow as tf

    from composer.training.rows import Rows

    total_loss = build(
        spec(reductions=["sum"], regularization={"weight": "ramp(step, 0, 8, 0, 8)"})
    )
    rows = Rows(total_loss.names)
    for step, penalty in [(1, 3.0), (2, 5.0)]:
        add(rows, total_loss, slice(0, 1), step, regularization=[tf.constant(penalty)])
    found = keras.tree.map_structure(float, rows.result())
    assert found["regularization"] == 4
    assert found["regularization/weighted"] == (1 * 3 + 2 * 5) / 2
    assert rows.table()["regularization"].kept == 1


@functools.cache
def _cached(reductions):
    from composer import build_total_loss

    return build_total_loss(spec(reductions=list(reductions)))


def build(mapping):
    from composer import build_total_loss

    return build_total_loss(mapping)


def add(rows, total_loss, part, step=0, **more):
    """One step on some of the samples."""
    import tensorflow as tf

    y_true = {name: tf.constant(array[part]) for name, array in Y.items()}
    y_pred = {"depth": tf.constant(X[part])}
    evaluation = total_loss.evaluate(y_true, y_pred, step=step, **more)
    rows.update_state(evaluation, tf.ones([], tf.float64), step)


@given(st.lists(st.integers(0, 5), max_size=5))
@settings(max_examples=25, deadline=None)
def test_however_the_samples_are_split_the_epoch_is_the_same(cuts):
    import keras

    from composer.training.rows import Rows

    total_loss = _cached(REDUCTIONS[:3])
    ends = [0, *sorted(cuts), 5]
    rows = Rows(total_loss.names)
    for start, end in itertools.pairwise(ends):
        add(rows, total_loss, slice(start, end))
    found = keras.tree.map_structure(float, rows.result())
    wanted = epoch((1, 1))
    for name in found.keys() - {"loss"}:
        assert found[name] == pytest.approx(wanted[name], rel=1e-6), name
    assert found["loss"] == pytest.approx(25 / 3 + 25 / 7 + 25 / 4, rel=1e-6)


def test_a_sum_over_an_epoch_keeps_its_last_digits():
    """100 steps of 0.5 after one of 1e8: a float32 sum would not move."""
    import tensorflow as tf

    from composer.compose import Evaluation, Term
    from composer.training.rows import Rows

    rows = Rows(["a/b"])
    one = tf.ones([], tf.float64)
    for loss, times in [(1e8, 1), (0.5, 100)]:
        row = Term(*(tf.constant(x) for x in (loss, 1.0, loss, 1.0)))
        for _ in range(times):
            rows.update_state(Evaluation(row.loss, {"a/b": row}, {}), one, 0)
    assert rows.table()["a/b"].loss == (1e8 + 50) / 101


def test_rows_of_ten_tasks_have_the_names_and_the_order_of_the_spec():
    from composer.training.rows import Rows

    names = [f"t{number}/huber" for number in range(10)]
    found = Rows(names).result()
    wanted = ["loss"] + [column for name in names for column in (name, f"{name}/weighted")]
    assert list(found) == wanted
    assert Rows.from_config(Rows(names).get_config()).names == tuple(names)
