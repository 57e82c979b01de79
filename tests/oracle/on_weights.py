"""Decisions on weights: which axis they belong to, and how they are counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from oracle.decisions import assert_close, decide, help_on_refusal, with_loss
from oracle.reference import tf_losses, with_full_weights
from oracle.running import assert_agrees, run
from oracle.translate import ways
from oracle.vectors import Case, cases


@decide(
    "v1.*.batch.*",
    "seed003.absolute_difference_batch_weight_contradiction",
    "keras3.error.batch_weight_on_rank2_loss",
    does="accepts [batch] weights; they equal [batch, 1, …] bit for bit",
    why="shapes align at the left, batch first; the documentation of tf.losses promises this and "
    "its code refuses it; Keras aligns at the right and raises where the sizes differ",
)
def batch_weights_align_at_the_left(case: Case) -> None:
    full = with_full_weights(case)
    assert full.weights.ndim > case.weights.ndim
    (way,), (spelled_out,) = ways(case), ways(full)
    found, same = run(way), run(spelled_out)
    np.testing.assert_array_equal(found.value, same.value)
    np.testing.assert_array_equal(found.gradients["predictions"], same.gradients["predictions"])
    if case.oracle == "keras3":
        full = replace(full, loss="mean_squared_error", reduction="SUM_OVER_BATCH_SIZE")
    value, gradient = tf_losses(full)
    assert_close(found.value, value, case)
    assert_close(found.gradients["predictions"], gradient, case)


@decide(
    "keras3.trap.batch_weight_on_rank2_loss",
    "tf_keras.trap.batch_weight_on_rank2_loss",
    does="weighs the batch with [batch] weights, as tf-keras does, whatever the next axis",
    why="Keras 3 aligns at the right, and silently weighs the time axis where it is as long",
)
def batch_weights_weigh_the_batch(case: Case) -> None:
    (way,) = ways(case)
    right = cases()["tf_keras.trap.batch_weight_on_rank2_loss"].expected["value"]
    wrong = cases()["keras3.trap.batch_weight_on_rank2_loss"].expected["value"]
    found = assert_agrees(replace(way, expected=right))
    assert np.abs(found.value - wrong).max() > 1


@decide(
    "keras3.*.batch1.none",
    does="gives the same numbers in the shape of the values, [batch]",
    why="weights scale values and add no axis; Keras makes [batch, 1] of them",
)
def weights_add_no_axis(case: Case) -> None:
    (way,) = ways(case)
    assert_agrees(replace(way, expected=case.expected["value"].reshape(-1)))


@decide(
    "slim.*.lastdim",
    "slim.*.one",
    "slim.*.2x3x4.batch1",
    "slim.*.2x3x4.batch1_zeros",
    does="counts weights where they are broadcast to, as tf.losses does",
    why="TF-Slim counts an axis of size 1 once, so its divisor is too small",
)
def weights_are_counted_where_they_are_broadcast_to(case: Case) -> None:
    agrees_with_the_closed_form(case)


@decide(
    "slim.softmax_cross_entropy.label_smoothing0.1.2x3x4.scalar",
    "slim.softmax_cross_entropy.label_smoothing0.1.2x3x4.batch",
    "slim.softmax_cross_entropy.label_smoothing0.1.2x3x4.full_negative",
    does="smooths over the classes, the last axis, as tf.losses does",
    why="TF-Slim takes the size of axis 1 for the number of classes",
)
def smoothing_counts_the_last_axis(case: Case) -> None:
    agrees_with_the_closed_form(case)


@decide(
    "v1.mean_pairwise_squared_error.EAGER.3x4.none",
    does="divides by the pairs of one sample, eagerly as in a graph",
    why="with a scalar weight, tf.losses run eagerly divides by those of the whole batch",
)
def pairs_are_those_of_one_sample(case: Case) -> None:
    agrees_with_the_closed_form(case)


def agrees_with_the_closed_form(case: Case) -> None:
    """With the formula in value; and in gradient with tf.losses, called as it should be."""
    assert not np.allclose(case.expected["value"], case.closed_form, rtol=1e-3)
    value, gradient = tf_losses(with_full_weights(case))
    assert_close(value, case.closed_form, case)
    right = {"expected": np.float32(case.closed_form), "gradients": {"predictions": gradient}}
    for way in ways(case):
        assert_agrees(replace(way, **right))


@decide(
    "slim.mean_pairwise_squared_error.3x4.batch1",
    does="takes one weight for each value, [batch], and refuses [batch, 1] with a help",
    why="TF-Slim makes a [batch, batch] square of [batch, 1] weights and [batch] values, and gives "
    "a negative loss",
)
def samples_have_one_weight(case: Case) -> None:
    (way,) = ways(case)
    assert case.expected["value"] < 0
    found = assert_agrees(replace(way, expected=np.float32(case.closed_form), gradients={}))
    (flat,) = ways(replace(case, weights=case.weights[:, 0]))
    same = run(flat)
    np.testing.assert_array_equal(found.value, same.value)
    np.testing.assert_array_equal(found.gradients["predictions"], same.gradients["predictions"])
    help = help_on_refusal(with_loss(way, weight="y_true.weight"), "shape-mismatch")
    assert "mean(y_true.weight, axis=-1)" in help


@decide(
    "v1.mean_pairwise_squared_error.full_ones.trap",
    does="refuses a weight for each element of a loss that has one value a sample; with the mean "
    "over the sample, as the help says, the number is right",
    why="tf.losses adds the value of a sample once for each of its weights: ones triple it",
)
def samples_have_no_weight_for_each_element(case: Case) -> None:
    (way,) = ways(case)
    help = help_on_refusal(with_loss(way, weight="y_true.weight"), "shape-mismatch")
    assert "mean(y_true.weight, axis=-1)" in help
    weighed = with_loss(way, weight="mean(y_true.weight, axis=-1)")
    assert_agrees(replace(weighed, expected=np.float32(case.closed_form)))
    np.testing.assert_allclose(case.expected["value"], 3 * case.closed_form)


@decide(
    "keras3.*.scalar.mean_with_sample_weight",
    does="gives the mean for `weighted_mean` and a tensor of rank 0, and the number's multiple of "
    "it for a number",
    why="a weighted mean of equal weights is the mean; Keras divides by the one weight, and so "
    "gives the sum. A number is a scalar weight, which no divisor cancels",
)
def equal_weights_give_the_mean(case: Case) -> None:
    (way,), (unweighted,) = ways(case), ways(replace(case, weights=None))
    weighted, mean = run(way), run(unweighted)
    number = float(case.weights)
    tasks = {"task": unweighted.spec["tasks"]["task"] | {"weight": number}}
    multiple = run(replace(unweighted, spec={"tasks": tasks}))
    values = case.inputs["predictions"].size // case.inputs["predictions"].shape[-1]
    assert_close(weighted.value, mean.value, case)
    assert_close(multiple.value, number * mean.value, case)
    assert_close(case.expected["value"], values * mean.value, case)
    gradients = [each.gradients["predictions"] for each in (weighted, mean, multiple)]
    assert_close(gradients[0], gradients[1], case)
    assert_close(gradients[2], number * gradients[1], case)
    assert_close(case.gradients["predictions"], values * gradients[1], case)


@decide(
    "keras3.trap.mean_with_sample_weight_broadcast",
    does="divides `weighted_mean` by the weights where they are broadcast to: ones give the mean",
    why="Keras divides by the sum before the broadcast, and gives as many times the mean as there "
    "are time steps",
)
def weights_are_summed_where_they_are_broadcast_to(case: Case) -> None:
    (way,) = ways(case)
    assert_agrees(replace(way, expected=np.float32(case.closed_form)))


@decide(
    "seed001.weights_div_size",
    does="gives the same number for `weight / size`, and the weighted average by `weighted_mean`",
    why="the recipe divides twice and gives no average; the reduction has a name",
)
def dividing_by_the_size_is_no_average(case: Case) -> None:
    (way,) = ways(case)
    assert_agrees(way)
    average = np.average(case.inputs["losses"], weights=case.weights)
    assert average > 1.1 * case.expected["value"]
    assert_agrees(replace(with_loss(way, reduction="weighted_mean"), expected=np.float32(average)))


@decide(
    "v1.silent.zero_times_nan",
    does="gives 2.0, and gradient exactly 0 where the weight is 0",
    why="exactly zero is exactly absent: it is selected away; 0·NaN is NaN in tf.losses",
)
def a_weight_of_zero_lets_nothing_through(case: Case) -> None:
    (way,) = ways(case)
    found = assert_agrees(replace(way, expected=np.float32(2)))
    np.testing.assert_array_equal(found.gradients["losses"], [0, 1])
