"""From a case of another library to ways to write it with losscomp, and what has to come out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from oracle.ours import LOSSES, REDUCTIONS, SILENT, Ours
from oracle.repairs import repaired
from oracle.vectors import Case

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Way:
    """A spec, the tensors of one batch, and what has to come out of them.

    Attributes:
        name: which way it is, where a case can be written in more than one.
        spec: for `build_total_loss`.
        y_true, y_pred: the tensors of the batch.
        expected: the total or, where `unreduced`, the values; None where none is promised.
        gradients: of the sum of these, by tensor of `y_pred`.
        rows: cells of the breakdown, by (row, column).
        unreduced: whether `total_loss.values` is called.
        over_last: whether the values are then added over their last axis.
        regularization: what is given as `regularization=`.
        rtol, atol: how far off it may be.
    """

    name: str
    spec: Mapping[str, Any]
    y_true: Arrays
    y_pred: Arrays
    expected: np.ndarray | None
    gradients: Arrays
    rtol: float
    atol: float
    rows: Mapping[tuple[str, str], float] = field(default_factory=dict)
    unreduced: bool = False
    over_last: bool = False
    regularization: tuple[float, ...] | None = None


def ways(case: Case) -> list[Way]:
    """Every way we know to write a case; all of them have to give its number."""
    case = repaired(case)
    special = SPECIAL.get((case.oracle, case.loss))
    return list(special(case) if special else _single_loss(case, LOSSES[case.oracle, case.loss]))


def _single_loss(case: Case, ours: Ours) -> Iterator[Way]:
    reduction = REDUCTIONS[case.reduction or ours.reduction]
    y_true, y_pred = _sides(case)
    for weighting in _weightings(case, reduction):
        tensors = y_true | weighting.tensors
        yield Way(
            name=weighting.name,
            spec={"tasks": {"task": {"loss": list(_losses(case, ours, reduction, weighting))}}},
            y_true=tensors,
            y_pred=y_pred,
            expected=case.expected.get("value"),
            gradients=case.gradients,
            rtol=case.rtol,
            atol=case.atol,
            unreduced=reduction is None,
            over_last=reduction is None and bool(ours.over_last),
        )


@dataclass(frozen=True)
class _Weighting:
    """How the weights of a case are written: an expression, and the tensors that it reads."""

    name: str
    weight: str = ""
    mask: str = ""
    tensors: Arrays = field(default_factory=dict)


def _weightings(case: Case, reduction: str | None) -> Iterator[_Weighting]:
    weights = case.weights
    if weights is None:
        yield _Weighting("no weight")
    else:
        # In weighted_mean a number of ours does not cancel out, as their scalar does.
        if weights.ndim == 0 and reduction != "weighted_mean":
            yield _Weighting("a number", repr(float(weights)))
        excess = weights.ndim - rank_of_values(case)
        index = f"[..., {', '.join(['0'] * excess)}]" if excess > 0 else ""
        yield _Weighting("a tensor", f"y_true.weight{index}", tensors={"weight": weights})
    # Their mask is a weight of 0 and 1, which stays in the divisor of the batch size.
    if case.oracle == "mask" and reduction != "sum_over_batch_size":
        yield _Weighting("a mask", mask="y_true.mask", tensors={"mask": weights != 0})
        if np.isnan(case.inputs["labels"]).any():
            yield _Weighting("a mask of finite labels", mask="isfinite(y_true.labels)")


def rank_of_values(case: Case) -> int:
    """How many axes the values of the loss that plays it have."""
    ours = LOSSES[case.oracle, case.loss]
    rank = _prediction(case).ndim
    return {"elements": rank, "kept": rank, "rows": rank - 1, "samples": 1}[ours.values]


def _losses(
    case: Case, ours: Ours, reduction: str | None, weighting: _Weighting
) -> Iterator[dict[str, Any]]:
    """The loss that plays theirs; and, where theirs is smaller by 1 everywhere, those ones."""
    names = case.params | {"classes": (_prediction(case).shape or (1,))[-1]}
    mean = ours.over_last == "mean" and reduction in (None, "sum")
    factor = f"1 / {names['classes']}" if mean or ours.over_classes else ""
    weight = " * ".join(each for each in (weighting.weight, factor) if each) or "1"
    common: dict[str, Any] = {"reduction": reduction} if reduction else {}
    mask = weighting.mask or ours.mask.format(**names)
    common |= {"mask": mask} if mask else {}
    yield {
        "type": ours.type,
        **_parameters(case, ours),
        **ours.fixed,
        **_roles(case, ours, names),
        **common,
        "weight": weight,
    }
    if ours.minus_one:
        ones = f"1 + 0 * {ours.y_true}[..., :1]"
        yield {"type": "precomputed", "y_pred": ones, **common, "weight": f"-({weight})"}


def _parameters(case: Case, ours: Ours) -> dict[str, Any]:
    unknown = case.params.keys() - ours.parameters.keys() - SILENT
    if any(case.params[name] is not None for name in unknown):
        raise LookupError(f"{case.id}: nothing of ours plays {sorted(unknown)}")
    return {
        name: np.asarray(case.params[theirs]).tolist()
        for theirs, name in ours.parameters.items()
        if case.params.get(theirs) is not None
    }


def _roles(case: Case, ours: Ours, names: Mapping[str, Any]) -> dict[str, str]:
    y_true, y_pred = ours.y_true, ours.y_pred.format(**names)
    if ours.type == "sparse_softmax_cross_entropy" and case.inputs["labels"].dtype.kind == "f":
        y_true = f"argmax({y_true})"
    if ours.of_probabilities and not case.params.get("from_logits"):
        y_pred = ours.of_probabilities.format(p=y_pred)
    return {"y_true": y_true, "y_pred": y_pred} if y_true else {"y_pred": y_pred}


def _prediction(case: Case) -> np.ndarray:
    return next(array for name, array in case.inputs.items() if not name.endswith("labels"))


def _sides(case: Case) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Labels are y_true, all else is y_pred."""
    labels = {name: array for name, array in case.inputs.items() if name.endswith("labels")}
    return labels, {name: case.inputs[name] for name in case.inputs if name not in labels}


_TRIPLET = {"anchor": "y_pred.anchor", "positive": "y_pred.positive", "negative": "y_pred.negative"}
_SQUARE = "sum(square(y_pred.anchor - y_pred.{other}), axis=-1)"


def _triplet(case: Case) -> Iterator[Way]:
    """The loss, and the two mean distances that the snippet returns too: losses of weight 0."""
    root = case.loss == "triplet_loss_per_row_l2"
    # The snippet sums over the batch: one sample for us, which holds all its rows.
    whole = case.loss == "triplet_loss"
    arrays = {name: array.reshape(1, -1) if whole else array for name, array in case.inputs.items()}
    distance = f"sqrt({_SQUARE})" if root else _SQUARE
    loss = {
        "type": "triplet",
        **_TRIPLET,
        "margin": case.params["margin"],
        "distance": "euclidean" if root else "squared_euclidean",
    }
    apart = [
        {"type": "precomputed", "name": name, "y_pred": distance.format(other=other), "weight": 0}
        for name, other in (("near", "positive"), ("far", "negative"))
    ]
    total, *distances = case.expected["values"]
    yield Way(
        name="one sample" if whole else "row by row",
        spec={"tasks": {"task": {"loss": [loss, *apart]}}},
        y_true={},
        y_pred=arrays,
        expected=total,
        gradients={n: array.reshape(arrays[n].shape) for n, array in case.gradients.items()},
        rtol=case.rtol,
        atol=case.atol,
        rows={
            (f"task/{name}", "loss"): float(number)
            for name, number in zip(("near", "far"), distances, strict=True)
        },
    )


def _get_total_loss(case: Case) -> Iterator[Way]:
    """TF-Slim's total of three tasks, with the regularization losses and without."""
    y_true, y_pred = _sides(case)
    depth_weight = "y_true.weight" if case.weights.ndim else float(case.weights)
    tasks = {
        "scene": _task("scene", "scene_logits", "softmax_cross_entropy"),
        "depth": _task("depth", "depth_pred", "mean_squared_error") | {"weight": depth_weight},
        "pose": _task("pose", "pose_pred", "absolute_difference"),
    }
    tasks["scene"]["weight"] = case.params["scene_weight"]
    members = dict(zip(tasks, case.expected["get_losses"], strict=True))
    rows = {(_row(task, tasks[task]), "weighted"): number for task, number in members.items()}
    with_their_sum = rows | {
        ("regularization", "weighted"): sum(case.expected["get_regularization_losses"])
    }
    without = Way(
        name="without regularization",
        spec={"tasks": tasks},
        y_true=y_true | {"weight": case.weights},
        y_pred=y_pred,
        expected=np.float32(case.expected["total_without_regularization"]),
        gradients={},
        rtol=case.rtol,
        atol=case.atol,
        rows=rows,
    )
    yield without
    yield replace(
        without,
        name="with regularization",
        spec={"tasks": tasks, "regularization": {"weight": 1}},
        expected=np.float32(case.expected["total_with_regularization"]),
        rows=with_their_sum,
        regularization=tuple(case.params["regularization_losses"]),
    )


def _compile_loss(case: Case) -> Iterator[Way]:
    """Keras's two heads: it logs each loss before its weight, which is our column `loss`."""
    y_true, y_pred = _sides(case)
    scene = _task("scene", "scene_logits", "softmax_cross_entropy")
    scene["loss"]["weight"] = "y_true.weight"
    tasks = {"scene": scene, "depth": _task("depth", "depth_pred", "mean_squared_error")}
    for name, weight in case.params["loss_weights"].items():
        tasks[name]["weight"] = weight
    logged = case.expected["logged_breakdown_unweighted"]
    yield Way(
        name="two heads",
        spec={"reduction": "sum_over_batch_size", "tasks": tasks},
        y_true=y_true | {"weight": case.weights},
        y_pred=y_pred,
        expected=np.float32(case.expected["total"]),
        gradients={},
        rtol=case.rtol,
        atol=case.atol,
        rows={(_row(task, tasks[task]), "loss"): logged[f"{task}_loss"] for task in tasks},
    )


def _task(name: str, prediction: str, loss: str) -> dict[str, Any]:
    return {
        "y_true": f"y_true.{name}_labels",
        "y_pred": f"y_pred.{prediction}",
        "loss": {"type": loss},
    }


def _row(task: str, content: Mapping[str, Any]) -> str:
    return f"{task}/{content['loss']['type']}"


SPECIAL: dict[tuple[str, str], Callable[[Case], Iterator[Way]]] = {
    ("blog", "triplet_loss"): _triplet,
    ("blog", "triplet_loss_per_row"): _triplet,
    ("blog", "triplet_loss_per_row_l2"): _triplet,
    ("v1_graph", "get_total_loss"): _get_total_loss,
    ("keras3", "CompileLoss"): _compile_loss,
}
