"""What of losscomp plays the losses of other libraries: tables, and nothing that computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from oracle.boxes import GIOU_LOSS


@dataclass(frozen=True)
class Ours:
    """What plays one loss of another library.

    Expressions may hold parameters of theirs by name, such as `{margin}`.

    Attributes:
        type: our loss.
        parameters: from the names of their parameters to the names of ours.
        fixed: fields of ours that theirs has no parameter for.
        y_true, y_pred: how their inputs are read; empty where ours has no such role.
        of_probabilities: how `y_pred` is read instead, unless they were called with
            `from_logits=True`; `{p}` is their input.
        values: the shape of our values: `elements` of y_pred, `rows` without its last axis, `kept`
            with size 1 there, or one for each of the `samples`.
        over_last: what they do to the last axis of our values before they weigh.
        minus_one: whether each of their values is ours minus 1.
        over_classes: whether theirs is ours over the number of classes.
        mask: a mask that they write as a parameter.
        reduction: theirs, where the case names none.
    """

    type: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    y_true: str = "y_true.labels"
    y_pred: str = "y_pred.predictions"
    of_probabilities: str = ""
    values: Literal["elements", "rows", "kept", "samples"] = "elements"
    over_last: Literal["", "mean", "sum"] = ""
    minus_one: bool = False
    over_classes: bool = False
    mask: str = ""
    reduction: str = "SUM_BY_NONZERO_WEIGHTS"


REDUCTIONS = {
    # tf.losses; TF-Slim has the last one alone.
    "NONE": None,
    "SUM": "sum",
    "MEAN": "weighted_mean",
    "SUM_OVER_BATCH_SIZE": "sum_over_batch_size",
    "SUM_BY_NONZERO_WEIGHTS": "sum_by_nonzero_weights",
    "SUM_BY_NONZERO_WEIGHTS (fixed)": "sum_by_nonzero_weights",
    "(fixed: weighted sum over batch of per-sample pair means)": "sum",
    # Keras. Its batch size, too, is the number of values.
    "none": None,
    "sum": "sum",
    "sum_over_batch_size": "sum_over_batch_size",
    "mean_with_sample_weight": "weighted_mean",
    # tf.nn and the snippets return values; the cases say what was then done to them.
    "NONE: shape = labels.shape without the class axis": None,
    "NONE: same shape as logits": None,
    "NONE, SUM over last axis": None,
    "NONE (blog returns the element-wise tensor)": None,
    "MEAN over batch": "sum_over_batch_size",
    "sum/2 over ALL elements (never averaged)": "sum",
}
"""From their reductions to ours; None is `total_loss.values`, which does not reduce."""

_SMOOTHED = {"label_smoothing": "label_smoothing"}
_LOGIT = "log({p} / (1 - {p}))"

_TF = {
    "absolute_difference": Ours("absolute_difference"),
    "abs": Ours("absolute_difference"),
    "mean_squared_error": Ours("mean_squared_error"),
    "mse": Ours("mean_squared_error"),
    "huber_loss": Ours("huber", {"delta": "delta"}),
    "hinge_loss": Ours("hinge"),
    "log_loss": Ours("log_loss", {"epsilon": "epsilon"}),
    "sigmoid_cross_entropy": Ours("sigmoid_cross_entropy", _SMOOTHED),
    "softmax_cross_entropy": Ours("softmax_cross_entropy", _SMOOTHED, values="rows"),
    "sparse_softmax_cross_entropy": Ours("sparse_softmax_cross_entropy", values="rows"),
    "cosine_distance": Ours("cosine_distance", {"axis": "axis"}, values="kept"),
    "mean_pairwise_squared_error": Ours(
        "mean_pairwise_squared_error", values="samples", reduction="SUM"
    ),
    "compute_weighted_loss": Ours("precomputed", y_true="", y_pred="y_pred.losses"),
}
_SLIM = _TF | {
    "hinge_loss": replace(_TF["hinge_loss"], reduction="NONE"),
    "mean_pairwise_squared_error": replace(
        _TF["mean_pairwise_squared_error"], fixed={"unbiased": False}
    ),
}
_NN = {
    "softmax": Ours("precomputed", y_true="", y_pred="softmax(y_pred.logits)", reduction="NONE"),
    "softmax_cross_entropy_with_logits": Ours(
        "softmax_cross_entropy", y_pred="y_pred.logits", values="rows", reduction="NONE"
    ),
    "manual -sum(y*log(softmax))": Ours(
        "softmax_cross_entropy", y_pred="y_pred.logits", values="rows"
    ),
    "sparse_softmax_cross_entropy_with_logits": Ours(
        "sparse_softmax_cross_entropy", y_pred="y_pred.logits", values="rows", reduction="NONE"
    ),
    "sigmoid_cross_entropy_with_logits": Ours("sigmoid_cross_entropy", y_pred="y_pred.logits"),
    "weighted_cross_entropy_with_logits": Ours(
        "weighted_cross_entropy",
        {"pos_weight": "pos_weight"},
        y_pred="y_pred.logits",
        reduction="NONE",
    ),
    "l2_loss": Ours("l2", y_true="", y_pred="y_pred.t", reduction="SUM"),
}

_ERROR = "(y_pred.predictions - y_true.labels)"
_KERAS = {
    "MeanSquaredError": Ours("mean_squared_error", over_last="mean"),
    "MeanAbsoluteError": Ours("absolute_difference", over_last="mean"),
    "Huber": Ours("huber", {"delta": "delta"}, over_last="mean"),
    # No loss of the catalogue, but short enough to write down.
    "LogCosh": Ours(
        "precomputed",
        y_true="",
        y_pred=f"abs({_ERROR}) + log(1 + exp(-2 * abs({_ERROR}))) - log(2)",
        over_last="mean",
    ),
    "Hinge": Ours("hinge", over_last="mean"),
    "CosineSimilarity": Ours(
        "cosine_distance", fixed={"normalize": True}, values="kept", over_last="sum", minus_one=True
    ),
    "BinaryCrossentropy.logits": Ours("sigmoid_cross_entropy", over_last="mean"),
    "BinaryCrossentropy.logits.ls": Ours("sigmoid_cross_entropy", _SMOOTHED, over_last="mean"),
    "BinaryCrossentropy.probs": Ours("log_loss", over_last="mean"),
    "CategoricalCrossentropy.logits": Ours("softmax_cross_entropy", values="rows"),
    "CategoricalCrossentropy.logits.ls": Ours("softmax_cross_entropy", _SMOOTHED, values="rows"),
    "SparseCategoricalCrossentropy.logits": Ours("sparse_softmax_cross_entropy", values="rows"),
    "sparse_categorical_crossentropy": Ours(
        "sparse_softmax_cross_entropy", values="rows", mask="y_true.labels != {ignore_class}"
    ),
    "BinaryFocalCrossentropy": Ours(
        "sigmoid_focal", {"gamma": "gamma"}, of_probabilities=_LOGIT, over_last="mean"
    ),
    "BinaryFocalCrossentropy.balanced": Ours(
        "sigmoid_focal",
        {"gamma": "gamma", "alpha": "alpha"},
        of_probabilities=_LOGIT,
        over_last="mean",
    ),
    "CategoricalFocalCrossentropy.logits": Ours(
        "softmax_focal", {"gamma": "gamma", "alpha": "alpha"}, values="rows"
    ),
}


_TFA = {
    "sigmoid_focal_crossentropy": Ours(
        "sigmoid_focal",
        {"gamma": "gamma", "alpha": "alpha"},
        of_probabilities=_LOGIT,
        over_last="sum",
    ),
    "contrastive_loss": Ours(
        "precomputed",
        y_true="",
        y_pred="y_true.labels * square(y_pred.distances)"
        " + (1 - y_true.labels) * square(maximum({margin} - y_pred.distances, 0))",
    ),
    "pinball_loss": Ours(
        "precomputed",
        y_true="",
        y_pred=f"maximum({{tau}} * -{_ERROR}, ({{tau}} - 1) * -{_ERROR})",
        over_last="mean",
        reduction="NONE",
    ),
    "giou_loss": Ours("precomputed", y_true="", y_pred=GIOU_LOSS, reduction="NONE"),
}
_FOCAL = {
    "sparse_categorical_focal_loss": Ours(
        "sparse_softmax_focal", {"gamma": "gamma"}, values="rows"
    ),
    "binary_focal_loss": Ours("sigmoid_focal", {"gamma": "gamma"}),
}
# The snippets take means over batch and classes.
_BLOG = {
    "softmax_loss": Ours(
        "softmax_cross_entropy",
        y_pred="y_pred.logits",
        values="rows",
        over_classes=True,
        reduction="SUM_OVER_BATCH_SIZE",
    ),
    "focal_loss": Ours(
        "softmax_focal",
        {"n": "gamma"},
        y_pred="y_pred.logits",
        values="rows",
        over_classes=True,
        reduction="SUM_OVER_BATCH_SIZE",
    ),
    "huber_loss": Ours("huber", {"delta": "delta"}),
}

LOSSES = {
    (oracle, loss): ours
    for oracle, table in {
        "v1": _TF, "slim": _SLIM, "nn": _NN, "keras3": _KERAS, "tfk": _KERAS, "tfa": _TFA,
        "focal": _FOCAL, "blog": _BLOG, "mask": _TF,
    }.items()
    for loss, ours in table.items()
}  # fmt: skip
"""By library and its loss, what plays it."""

SILENT = {"from_logits", "apply_class_balancing", "margin", "tau", "ignore_class", "axis"}
"""Parameters of theirs that a row of the tables speaks for, or that say nothing new."""
