"""Decisions on inputs: which shapes, dtypes, labels and parameters are taken."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from composer import check_spec
from oracle.decisions import assert_refused, decide, help_on_refusal, with_loss
from oracle.reference import tf_losses
from oracle.repairs import repaired
from oracle.running import MODES, assert_agrees, run
from oracle.translate import ways
from oracle.vectors import Case


@decide(
    "error.v1.rank_mismatch",
    does="refuses [batch, 1] against [batch] before anything runs: shape-mismatch, with what to "
    "write; written so, it works",
    why="values never broadcast; Keras would make a [batch, batch] square of them",
)
def ranks_that_differ_are_refused(case: Case) -> None:
    (way,) = ways(case)
    help = help_on_refusal(way, "shape-mismatch")
    assert "[..., 0]" in help
    assert_agrees(replace(with_loss(way, y_true="y_true.labels[..., 0]"), expected=np.float32(1)))
    declared = {
        "y_true": {"labels": "float32[batch, 1]"},
        "y_pred": {"predictions": "float32[batch]"},
    }
    problems = check_spec(way.spec | {"tensors": declared})
    assert [problem.code for problem in problems] == ["shape-mismatch"]


@decide(
    "error.slim.rank0",
    "error.slim.sparse_rank3",
    does="accepts every rank that tf.losses does, and gives its number",
    why="TF-Slim's limits are those of its code, not of the losses",
)
def every_rank_is_accepted(case: Case) -> None:
    value, gradient = tf_losses(repaired(case))
    right = {"expected": value, "gradients": {"predictions": gradient}}
    for way in ways(case):
        assert_agrees(replace(way, **right))


@decide(
    "nn.l2_loss.int.error",
    does="refuses integers as predictions: dtype-mismatch",
    why="a prediction is differentiated, and an integer has no gradient",
)
def predictions_are_floats(case: Case) -> None:
    (way,) = ways(case)
    help_on_refusal(way, "dtype-mismatch")
    problems = check_spec(way.spec | {"tensors": {"y_pred": {"t": "int32[batch]"}}})
    assert [problem.code for problem in problems] == ["dtype-mismatch"]


@decide(
    "nn.sparse_xent.label_-1.error",
    does="gives NaN for a label out of range, in every mode, and 0 where a mask removes it",
    why="TensorFlow raises or gives NaN, as the device pleases; NaN is the same everywhere and "
    "cannot be overlooked in a total",
)
def labels_out_of_range_give_nan(case: Case) -> None:
    (way,) = ways(case)
    nan = replace(way, expected=np.float32([np.nan]))
    masked = replace(
        with_loss(way, mask="y_true.labels >= 0"),
        unreduced=False,
        expected=np.float32(0),
        gradients={"logits": np.zeros_like(case.inputs["logits"])},
    )
    for mode in MODES:
        assert_agrees(nan, mode)
        assert np.isnan(run(replace(way, unreduced=False), mode).value)
        assert_agrees(masked, mode)


@decide(
    "v1.silent.negative_label_smoothing_ignored",
    does="refuses a smoothing below 0 or above 1: invalid-value",
    why="tf.losses ignores the one and computes with the other, both without a word",
)
def smoothing_is_from_zero_to_one(case: Case) -> None:
    smoothing = repaired(case).params["label_smoothing"]
    (way,) = ways(replace(case, id="as it is in the file"))  # without the parameter
    assert_agrees(way)
    for wrong in (smoothing, 2.0):
        assert_refused(with_loss(way, label_smoothing=wrong).spec, "invalid-value")
