"""Decisions on values: where a number or a gradient of another library is not that of its formula."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from oracle.decisions import assert_close, assert_refused, decide, with_loss
from oracle.running import MODES, assert_agrees, run
from oracle.translate import Way, ways
from oracle.vectors import Case


@decide(
    "nn.softmax_xent.trap.sum2",
    does="gives the same value, and the gradient of that value",
    why="TensorFlow's fused gradient is softmax − label whatever the labels add up to, so a row of "
    "zeros would cost nothing and still push",
)
def the_gradient_is_that_of_the_value(case: Case) -> None:
    (way,) = ways(case)
    true = case.record["autodiff_of_minus_sum_l_logsoftmax"]
    assert_agrees(replace(way, gradients={"logits": true}))
    zeros = run(replace(way, y_true={"labels": np.zeros((1, 3), "float32")}))
    np.testing.assert_array_equal(zeros.value, [0])
    np.testing.assert_array_equal(zeros.gradients["logits"], [[0, 0, 0]])


@decide(
    "nn.weighted_xent.trap.zero_logit_label1",
    does="gives the same value, and its true gradient at a logit of exactly 0, in every mode",
    why="TensorFlow's is 0 there, so a head that starts at 0 learns nothing from positives",
)
def the_gradient_at_zero_is_the_true_one(case: Case) -> None:
    (way,) = ways(case)
    for mode in MODES:
        assert_agrees(replace(way, gradients={"logits": case.record["true_grad"]}), mode)


@decide(
    "v1.silent.float64_downcast",
    does="gives 1.0 in float64",
    why="a loss computes in the widest float of its predictions; tf.losses computes in float32",
)
def float64_stays_float64(case: Case) -> None:
    (way,) = ways(case)
    found = assert_agrees(replace(way, expected=np.float64(1)))
    assert found.value.dtype == np.float64


@decide(
    "v1.silent.cosine_not_normalised",
    does="gives −24 like tf.losses, and 0 with `normalize: true`",
    why="the name and the default are those of tf.losses; the parameter says what is meant",
)
def the_cosine_is_normalized_on_request(case: Case) -> None:
    (way,) = ways(case)
    assert_agrees(way)
    assert_agrees(replace(with_loss(way, normalize=True), expected=np.float32(0)))


@decide(
    "v1.silent.hinge_pm1_labels",
    does="reads labels as 0 and 1 like tf.losses, and as −1 and 1 with `labels: signed`",
    why="values decide nothing in a graph; the parameter says which labels they are",
)
def signed_labels_are_asked_for(case: Case) -> None:
    (way,) = ways(replace(case, reduction="NONE"))
    assert_agrees(way)
    assert_agrees(replace(with_loss(way, labels="signed"), expected=np.float32([1.5, 0.5])))


@decide(
    "keras3.trap.label_smoothing_axis1",
    does="has its classes on the last axis, and gives the right number once they are moved there",
    why="with `axis=1` Keras smooths over the size of the last axis all the same",
)
def classes_are_on_the_last_axis(case: Case) -> None:
    moved = {name: np.moveaxis(array, 1, -1) for name, array in case.inputs.items()}
    loss = {
        "type": "softmax_cross_entropy",
        "label_smoothing": case.params["label_smoothing"],
        "y_true": "y_true.labels",
        "y_pred": "log(y_pred.predictions)",  # they are probabilities
    }
    assert_agrees(
        Way(
            name="classes last",
            spec={"tasks": {"task": {"loss": loss}}},
            y_true={"labels": moved["labels"]},
            y_pred={"predictions": moved["predictions"]},
            expected=np.float32(case.closed_form),
            gradients={},
            rtol=case.rtol,
            atol=case.atol,
            unreduced=True,
        )
    )


@decide(
    "keras3.trap.tversky_fp",
    does="has no Tversky loss, and says so: unknown-loss",
    why="Keras 3.15 takes its alpha for its beta; of this family the catalogue has Dice, which has "
    "neither",
)
def there_is_no_tversky(case: Case) -> None:
    assert_refused(
        {"tasks": {"task": {"loss": {"type": case.loss, **case.params}}}}, "unknown-loss"
    )


@decide(
    "tfa.triplet_semihard.trap.no_positive",
    does="has no mining, and says so: unknown-loss; a batch without a triplet costs 0",
    why="the batch brings its triplets, row for row; TensorFlow Addons divides 0 by 0 where there "
    "are none",
)
def no_triplet_costs_nothing(case: Case) -> None:
    assert_refused({"tasks": {"task": {"loss": "triplet_semihard"}}}, "unknown-loss")
    roles = {name: f"y_pred.{name}" for name in ("anchor", "positive", "negative")}
    empty = np.zeros((0, case.inputs["embeddings"].shape[1]), "float32")
    way = Way(
        name="no triplet",
        spec={"tasks": {"task": {"loss": {"type": "triplet", **roles}}}},
        y_true={},
        y_pred=dict.fromkeys(roles, empty),
        expected=np.float32(0),
        gradients=dict.fromkeys(roles, empty),
        rtol=0,
        atol=0,
    )
    for mode in MODES:
        assert_agrees(way, mode)


@decide(
    "blog.softmax.trap.dead_gradient",
    does="gives the cross entropy, and the gradient softmax − label, however wrong the row is",
    why="the snippet clips probabilities below 1e-5: its worst rows stop at 11.5 and stop learning",
)
def nothing_is_clipped(case: Case) -> None:
    (way,) = ways(case)
    logits, labels = (np.float64(case.inputs[name]) for name in ("logits", "labels"))
    softmax = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    classes = logits.shape[-1]
    expected = -np.log((softmax * labels).sum()) / classes
    assert expected > 1.7 * case.expected["value"]
    np.testing.assert_array_equal(case.gradients["logits"], 0)
    true = {"logits": np.float32((softmax - labels) / classes)}
    assert_agrees(replace(way, expected=np.float32(expected), gradients=true))


@decide(
    "blog.focal.trap.saturated_n0.0",
    does="gives 0 with gradient 0 in every mode",
    why="the snippet takes the slope of (1 − p)^n at p = 1, which is NaN for n below 1",
)
def a_saturated_row_has_gradient_zero(case: Case) -> None:
    (way,) = ways(case)
    assert np.isnan(case.gradients["logits"]).all()
    for mode in MODES:
        assert_agrees(replace(way, gradients={"logits": np.zeros((1, 3), "float32")}), mode)


@decide(
    "blog.triplet.trap.anchor_eq_positive",
    does="gives a hinge for each row; the snippet's number for a batch that is one sample, and its "
    "gradient, in every mode",
    why="squared distances need no root; the snippet squares one, whose slope at 0 is NaN in XLA",
)
def squared_distances_take_no_root(case: Case) -> None:
    (way,) = ways(case)
    for mode in MODES:
        assert_agrees(way, mode)
    rows = replace(way, y_pred=case.inputs, gradients={}, rows={})
    assert_agrees(replace(rows, expected=np.float32(((0 - 4 + 10) + (0 - 1 + 10)) / 2)))


@decide(
    "blog.triplet_l2.trap.anchor_eq_positive",
    does="gives the same value, and gradient 0 from a distance of 0, in every mode",
    why="the slope of a root at 0 is infinite; the snippet's gradient is NaN in every mode",
)
def a_distance_of_zero_has_gradient_zero(case: Case) -> None:
    (way,) = ways(case)
    assert np.isnan(case.gradients["anchor"]).all()
    # Only the distances to the negatives have a slope: along (−1, 0) and (0, −1), for two rows.
    away = np.float32([[0.5, 0], [0, 0.5]])
    gradients = {"anchor": away, "positive": np.zeros_like(away), "negative": -away}
    for mode in MODES:
        found = assert_agrees(replace(way, gradients=gradients), mode)
        assert_close(found.value, case.expected["values"][0], case)
