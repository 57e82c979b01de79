"""What counts of a term, in NumPy: by hand, and as the engine has it for every loss."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from composer import build_total_loss, parse_spec
from composer.check import infer_terms
from composer.data.constants import constant_arrays
from composer.data.selection import TermOnArrays
from composer.language.shape import Shape
from composer.language.tensor_type import TensorType
from tests.matrix import CASES, STEP

NAN = np.nan


def term(task, step=0, constants=None, **tensors):
    """The first term of a task `t`; keywords such as `y_true_t` are its tensors."""
    spec = parse_spec(json.dumps({"constants": constants or {}, "tasks": {"t": task}}))
    arrays = {}
    declared = {"y_true": {}, "y_pred": {}}
    for key, value in tensors.items():
        side, name = key[:6], key[7:]
        arrays[side, (name,)] = array = np.asarray(value)
        declared[side][name] = TensorType(array.dtype.name, Shape(array.shape))
    missing = [side for side in declared if not declared[side]]
    problems, terms = infer_terms(spec, declared, missing)
    assert not [each for each in problems if each.severity == "error"]
    return TermOnArrays(terms[0], arrays, constant_arrays(spec), step)


def depth(task, mask=((1, 0), (1, 1), (0, 0)), **more):
    """An `absolute_difference` over three samples of two pixels."""
    zeros = np.zeros((3, 2), "float32")
    more = {"y_true_mask": np.array(mask, bool), "y_true_t": zeros, "y_pred_t": zeros} | more
    return term({"loss": "absolute_difference"} | task, **more)


def expect(array, wanted):
    np.testing.assert_array_equal(array, wanted)
    assert array.shape == np.shape(wanted)


def test_without_mask_and_weight_everything_counts():
    found = depth({"weight": "ramp(step, 0, 0, 0, 0)"})
    assert found.selection.shape == (3, 2)
    assert found.selection.present is None
    assert found.chosen("y_pred") is None
    expect(found.counted(), np.ones((3, 2), bool))


def test_a_mask_removes_elements():
    found = depth({"mask": "y_true.mask"})
    expect(found.selection.mask, [[True, False], [True, True], [False, False]])
    expect(found.chosen("y_true"), found.selection.mask)
    assert found.selection.weight is None
    assert found.counted().mean() == 0.5


def test_a_mask_of_samples_removes_all_of_them():
    found = depth({"mask": "y_true.keep"}, y_true_keep=np.array([True, False, True]))
    expect(found.counted(), [[True, True], [False, False], [True, True]])
    expect(found.empty_samples(), [False, True, False])


@pytest.mark.parametrize("step", [4, 5])
def test_a_mask_of_the_step_removes_all_or_nothing(step):
    found = depth({"mask": "step >= 5"}, step=step)
    expect(found.counted(), np.full((3, 2), step == 5))


def test_the_masks_of_a_task_and_a_loss_both_hold():
    loss = {"type": "absolute_difference", "mask": "y_true.keep"}
    found = depth({"mask": "y_true.mask", "loss": loss}, y_true_keep=np.array([True, False, True]))
    expect(found.counted(), [[True, False], [False, False], [False, False]])


def test_a_weight_of_0_removes_and_a_nan_does_not():
    weight = np.array([[2, 0], [NAN, 0], [-1, 3]], "float32")
    found = depth({"weight": "step * y_true.w"}, y_true_w=weight, step=4)
    expect(found.selection.weight, [[2, 0], [NAN, 0], [-1, 3]])
    expect(found.counted(), [[True, False], [True, False], [True, True]])


def test_a_weight_that_is_no_normal_number_counts_as_0():
    weight = np.array([1e-40, 2e-38, -1e-40], "float32")
    found = depth({"weight": "y_true.w"}, y_true_w=weight)
    expect(found.counted()[:, 0], [False, True, False])


def test_a_weight_under_the_mask_is_0_whatever_it_is():
    weight = np.array([2, NAN, NAN], "float32")
    mask = ((1, 0), (0, 0), (0, 0))
    found = depth({"weight": "y_true.w", "mask": "y_true.mask"}, mask=mask, y_true_w=weight)
    expect(found.selection.weight, [[2, 0], [0, 0], [0, 0]])


def test_weights_multiply_and_a_vector_weighs_the_last_axis():
    loss = {"type": "absolute_difference", "weight": "0.5 * last_axis(c)"}
    weight = np.array([1, 0, 2], "float32")
    found = depth(
        {"weight": "y_true.w / 4", "loss": loss}, constants={"c": [1, 0]}, y_true_w=weight
    )
    expect(found.selection.weight, [[1, 0], [0, 0], [2, 0]])
    expect(found.counted(), [[True, False], [False, False], [True, False]])


def test_constants_are_exact_and_weights_as_wide_as_the_predictions():
    found = term(
        {"loss": "absolute_difference", "weight": "take(c, y_true)"},
        constants={"c": [0.1, 0.2]},
        y_true_t=np.array([1, 0, 2]),
        y_pred_t=np.zeros(3, "float64"),
    )
    assert found.dtype == "float64"
    expect(found.selection.weight, [0.2, 0.1, NAN])


def test_a_mask_of_labels_removes_their_logits():
    found = term(
        {"loss": "sparse_softmax_cross_entropy", "mask": "y_true != 255"},
        y_true_t=np.array([1, 255], "uint8"),
        y_pred_t=np.zeros((2, 3), "float16"),
    )
    expect(found.counted(), [True, False])
    expect(found.chosen("y_true"), [True, False])
    expect(found.chosen("y_pred"), [[True] * 3, [False] * 3])
    assert (found.dtype, found.roles["y_pred"].dtype, found.roles["y_true"].dtype) == (
        "float32", "float16", "uint8",
    )  # fmt: skip


def test_a_region_counts_where_its_mask_keeps_and_its_weight_is_not_0():
    found = term(
        {"loss": "dice", "mask": "y_true.mask", "weight": "y_true.w"},
        y_true_t=np.zeros((3, 2, 1), "float32"),
        y_pred_t=np.zeros((3, 2, 1), "float32"),
        y_true_mask=np.array([[True, False], [True, True], [False, False]]),
        y_true_w=np.array([1, 0, 1], "float32"),
    )
    expect(found.selection.keep, [[True, False], [True, True], [False, False]])
    expect(found.selection.mask, [[True], [True], [False]])
    expect(found.selection.weight, [[1], [0], [0]])
    expect(found.counted(), [[True, False], [False, False], [False, False]])
    expect(found.chosen("y_pred")[..., 0], found.counted())


def test_values_of_classes_belong_to_no_sample():
    images = {"y_true_t": np.zeros((2, 3), "float32"), "y_pred_t": np.zeros((2, 3), "float32")}
    found = term({"loss": {"type": "dice", "per": "batch", "weight": "last_axis(c)"}},
                 constants={"c": [1, 0, 2]}, **images)  # fmt: skip
    expect(found.counted(), [True, False, True])
    assert found.empty_samples() is None
    keep = np.array([True, False])
    found = term({"loss": {"type": "dice", "per": "batch"}, "mask": "y_true.keep"},
                 y_true_keep=keep, **images)  # fmt: skip
    expect(found.counted(), keep)
    expect(found.empty_samples(), ~keep)


def test_targets_alone_may_tell_what_counts():
    targets = {"y_true_t": np.array([0, 255], "uint8"), "y_true_w": np.array([0.1, 2])}
    task = {"loss": "sparse_softmax_cross_entropy", "mask": "y_true != 255", "weight": "y_true.w"}
    found = term(task, **targets)
    assert found.is_here
    assert (set(found.roles), found.dtype) == ({"y_true"}, "float64")
    expect(found.selection.weight, [0.1, 0])
    expect(found.chosen("y_true"), [True, False])
    assert not term(task | {"weight": "y_pred.w"}, **targets).is_here
    roles = {role: f"y_pred.{role}" for role in ("anchor", "positive", "negative")}
    assert not term({"loss": {"type": "triplet", **roles}, "mask": "y_true > 0"}, **targets).is_here


def test_an_empty_batch_has_nothing_to_count():
    empty = np.zeros((0, 2), "float32")
    found = depth({"mask": "y_true.mask"}, np.zeros((0, 2)), y_true_t=empty, y_pred_t=empty)
    expect(found.counted(), np.zeros((0, 2), bool))


# Against the engine

MASKS = {
    "none": [],
    "fine": ["y_true.mask"],
    "samples": ["y_true.rows"],
    "two": ["y_true.rows", "y_true.mask"],
    "the step": [f"step > {STEP - 1}", f"step >= {STEP}"],
    "nothing": [f"step > {STEP}"],
}


def weights_of(case):
    """Weights that the values of the case can have."""
    shape = case.shape("values")
    weights = [[], ["2 * step"]]
    if case.batch_is_weighted:
        weights += [["y_true.weight"], ["y_true.samples", "step * y_true.weight"]]
    if len(shape) > 1 or not case.batch_is_weighted:
        weights.append(["last_axis(c) / 4", "y_true.samples" if case.batch_is_weighted else "1"])
    return weights


def batch_of(case):
    """The batch of the matrix, its weights NaN here and next to 0 there."""
    batch = case.drawn()
    size = len(batch.y_true["mask"])
    batch.y_true["weight"].flat[::4] = NAN
    batch.y_true["weight"].flat[3::4] = 1e-40
    batch.y_true["rows"] = np.arange(size) % 3 != 1
    batch.y_true["samples"] = np.arange(size).astype("float64") % 4
    return batch


def both(case, masks, weights):
    """The term in the engine and in NumPy."""
    from composer.engine.batch_tensors import collect

    task = {"loss": [dict(case.entry)]}
    for field, texts in {"mask": masks, "weight": weights}.items():
        places = [task, task["loss"][0]]
        for place, text in zip(places, texts, strict=False):
            place[field] = text
    size = case.shape("values")[-1]
    total_loss = build_total_loss({"tasks": {"t": task}, "constants": {"c": [*range(size)]}})
    batch = batch_of(case)
    (theirs,) = total_loss.terms_on_batch(
        collect(total_loss.paths, batch.y_true, batch.y_pred), STEP
    )
    arrays = {
        (side, (name,)): array
        for side, each in vars(batch).items() for name, array in each.items()
    }  # fmt: skip
    ours = TermOnArrays(theirs.types, arrays, constant_arrays(total_loss.spec), STEP)
    return SimpleNamespace(theirs=theirs, ours=ours)


def require_same(ours, theirs, like=None):
    if theirs is None:
        assert ours is None
        return
    theirs = np.asarray(theirs)
    expect(ours, theirs if like is None else np.broadcast_to(theirs, like.shape))
    assert ours.dtype == theirs.dtype


def require_same_weight(ours, theirs):
    """The same, but for what TensorFlow takes for 0."""
    if theirs is None:
        assert ours is None
        return
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=np.finfo(ours.dtype).tiny)
    assert ours.dtype == theirs.dtype.as_numpy_dtype


@pytest.mark.parametrize("masks", MASKS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_it_is_what_the_engine_selects(case, masks):
    from composer.engine.weighting import chosen_elements

    for weights in weights_of(case):
        pair = both(case, MASKS[masks], weights)
        ours, theirs = pair.ours, pair.theirs
        assert ours.selection.shape == tuple(theirs.selection.shape.numpy())
        for part in ("mask", "keep", "present"):
            require_same(getattr(ours.selection, part), getattr(theirs.selection, part))
        require_same_weight(ours.selection.weight, theirs.selection.weight)
        assert ours.counted().mean() == theirs.counted_part()
        assert set(ours.roles) == set(case.places)
        for name, tensor in ours.roles.items():
            require_same(tensor, theirs.axes.tensors[name])
            require_same(
                ours.chosen(name), chosen_elements(theirs.axes, theirs.selection, name), tensor
            )
