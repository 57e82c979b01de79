"""Curves of penalty against error, at points whose value can be told in the head."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np
import pytest

from composer import Loss, Signature, parse_spec
from composer.losses import CATALOGUE
from composer.plots.penalties import penalties

ROLES = {
    "triplet": "anchor: y_pred.a, positive: y_pred.p, negative: y_pred.n",
    "center": "num_classes: 10, embedding_size: 4",
    "weighted_cross_entropy": "pos_weight: 3",
}


def panels(*losses, own=(), tensors=""):
    listed = "".join(f"      - {loss}\n" for loss in losses)
    spec = parse_spec(f"{tensors}tasks:\n  a:\n    loss:\n{listed}", losses=own)
    return penalties(spec, 12)


def panel(loss, **more):
    (found,) = panels(loss, **more).panels
    return found


def at(found, x, label=""):
    """The value of a line at the point of the axis that is nearest to x."""
    (curve,) = [each for each in found.curves if each.label == label and not each.is_reference]
    place = int(np.abs(found.probe.x - x).argmin())
    assert found.probe.x[place] == pytest.approx(x, abs=1e-6)
    return curve.y[place]


@pytest.mark.parametrize(
    ("loss", "points"),
    [
        ("{type: huber, delta: 1.0}", {0: 0, 0.5: 0.125, 2: 1.5, -2: 1.5}),
        ("{type: huber, delta: 0.5}", {0: 0, 0.5: 0.125, 1: 0.375}),
        ("absolute_difference", {0: 0, -1: 1, 3: 3}),
        ("mean_squared_error", {0: 0, -1: 1, 3: 9}),
        ("l2", {0: 0, 2: 2}),
        ("precomputed", {-1: -1, 2: 2}),
        ("mean_pairwise_squared_error", {0: 0, 2: 4}),
        ("{type: mean_pairwise_squared_error, unbiased: false}", {2: 2}),
        ("{type: silog, lambda: 1}", {1: 0, 4: 0}),
        ("{type: silog, lambda: 0, root: true}", {1: 0, 4: math.log(4), 0.25: math.log(4)}),
        ("{type: dice, smooth: 0}", {0: 1, 0.5: 0.5, 1: 0}),
        ("cosine_distance", {0: 0, 90: 1, 180: 2}),
        ("{type: cosine_distance, axis: 2, normalize: true}", {0: 0, 90: 1, 180: 2}),
        ("{type: center, num_classes: 9, embedding_size: 7}", {0: 0, 2: 2}),
        ("sparse_softmax_cross_entropy", {0.5: math.log(2)}),
        ("softmax_cross_entropy", {0.5: math.log(2)}),
    ],
)
def test_losses_of_one_line(loss, points):
    found = panel(loss)
    assert {x: at(found, x) for x in points} == pytest.approx(points, abs=1e-6)


@pytest.mark.parametrize(
    ("loss", "label", "points"),
    [
        ("hinge", "target 1", {-1: 2, 0: 1, 1: 0}),
        ("hinge", "target 0", {-1: 0, 0: 1, 1: 2}),
        ("{type: hinge, labels: signed}", "target −1", {-1: 0, 0: 1, 1: 2}),
        ("log_loss", "target 1", {0.5: math.log(2)}),
        ("sigmoid_cross_entropy", "target 0", {0: math.log(2)}),
        ("{type: weighted_cross_entropy, pos_weight: 3}", "target 1", {0: 3 * math.log(2)}),
        ("{type: weighted_cross_entropy, pos_weight: 3}", "target 0", {0: math.log(2)}),
        ("{type: weighted_cross_entropy, pos_weight: [4, 1, 2]}", "class 0, target 1", {0: 4 * math.log(2)}),
        ("{type: weighted_cross_entropy, pos_weight: [4, 1, 2]}", "class 1, target 1", {0: math.log(2)}),
        ("{type: sigmoid_focal, gamma: 1}", "target 1", {0: math.log(2) / 2}),
        ("{type: softmax_focal, gamma: 1}", "this loss", {0.5: math.log(2) / 2}),
        ("{type: sparse_softmax_focal, gamma: 1, alpha: [1, 2]}", "class 1", {0.5: math.log(2)}),
        ("{type: dice, smooth: 40}", "20 pixels", {0: 0.5, 1: 0}),
    ],
)  # fmt: skip
def test_losses_of_several_lines(loss, label, points):
    found = panel(loss)
    assert {x: at(found, x, label) for x in points} == pytest.approx(points, abs=1e-6)


@pytest.mark.parametrize(
    ("distance", "margin", "points"),
    [
        ("squared_euclidean", 0.5, {-1: 0, -0.5: 0, 0: 0.5, 1: 1.5}),
        ("euclidean", 0.5, {-1: 0, 0: 0.5, 1: 1.5}),
        ("cosine", 0.5, {-2: 0, 0: 0.5, 2: 2.5}),
        ("euclidean", 0, {-1: 0, 1: 1}),
    ],
)
def test_triplet(distance, margin, points):
    found = panel(f"{{type: triplet, {ROLES['triplet']}, margin: {margin}, distance: {distance}}}")
    assert {x: at(found, x) for x in points} == pytest.approx(points, abs=1e-6)
    assert found.probe.marks == ({"−margin": -margin} if margin else {})


def test_label_smoothing_knows_the_number_of_classes():
    tensors = "tensors: {y_true: {a: 'int32[batch]'}, y_pred: {a: 'float32[batch, 4]'}}\n"
    found = panel("{type: sparse_softmax_cross_entropy, label_smoothing: 0.4}", tensors=tensors)
    assert found.probe.axis == "probability of the true class (4 classes, the others alike)"
    # 0.7 of the true class, 0.1 of each of the others.
    expected = -0.7 * math.log(0.5) - 3 * 0.1 * math.log(0.5 / 3)
    assert at(found, 0.5, "this loss") == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("focal", ["sigmoid_focal", "softmax_focal", "sparse_softmax_focal"])
def test_focal_stands_beside_its_cross_entropy(focal):
    found = panel(f"{{type: {focal}, gamma: 0}}")
    own = [curve.y for curve in found.curves if not curve.is_reference]
    reference = [curve.y for curve in found.curves if curve.is_reference]
    assert len(own) == len(reference)
    np.testing.assert_allclose(own, reference, rtol=1e-6)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_loss_can_be_drawn(name):
    found = panel(f"{{type: {name}, {ROLES.get(name, '')}}}")
    assert found.title == name
    assert found.curves
    assert all(np.isfinite(curve.y).all() for curve in found.curves)
    assert all(curve.y.shape == found.probe.x.shape for curve in found.curves)


@pytest.mark.parametrize(
    "loss",
    [
        "{type: center, num_classes: 1048576, embedding_size: 65536}",
        "{type: sparse_softmax_cross_entropy, label_smoothing: 0.1}",
    ],
)
def test_sizes_that_a_spec_declares_are_not_allocated(loss):
    tensors = (
        "tensors: {y_true: {a: 'int32[batch]'}, "
        f"y_pred: {{a: 'float32[batch, {65536 if 'center' in loss else 10**9}]'}}}}\n"
    )
    found = panel(loss, tensors=tensors)
    sizes = [a.size for case in found.probe.cases for a in case.roles.values()]
    assert max(sizes) < 1e6


def test_equal_losses_share_a_panel_and_parameters_tell_them_apart():
    spec = parse_spec(
        "tasks:\n"
        "  a: {loss: [huber, {type: huber, delta: 2, name: wide}]}\n"
        "  b: {loss: {type: huber, weight: 3, mask: y_true > 0}}\n"
    )
    found = penalties(spec, 12)
    shown = [(panel.title, panel.parameters, panel.terms) for panel in found.panels]
    assert shown == [
        ("huber", "delta = 1", ("a/huber", "b/huber")),
        ("huber", "delta = 2", ("a/wide",)),
    ]


def test_panels_beyond_the_most_are_counted():
    spec = parse_spec("tasks: {a: {loss: [huber, l2, hinge, huber, precomputed]}}".replace(
        "huber, precomputed", "{type: huber, name: again}, precomputed"))  # fmt: skip
    found = penalties(spec, 2)
    assert [panel.title for panel in found.panels] == ["huber", "l2"]
    assert found.left_out == 2


ELEMENTS = Signature("y_true=number[...], y_pred=float[...] -> float[...]")


class Cube(Loss):
    type: Literal["cube"] = "cube"
    power: int = 3
    signature: ClassVar[Signature] = ELEMENTS

    def values(self, y_true, y_pred):
        return abs(y_pred - y_true) ** self.power


class Picky(Loss):
    type: Literal["picky"] = "picky"
    signature: ClassVar[Signature] = ELEMENTS

    def values(self, y_true, y_pred):
        raise RuntimeError("only images")


class Rows(Loss):
    type: Literal["rows"] = "rows"
    signature: ClassVar[Signature] = Signature(
        "y_true=number[batch, n], y_pred=float[batch, n] -> float[batch]"
    )

    def values(self, y_true, y_pred):
        return y_pred[:, 0]


def test_a_loss_of_ones_own_is_drawn_where_it_goes_element_by_element():
    found = panels("cube", "picky", "rows", own=[Cube, Picky, Rows])
    (drawn,) = found.panels
    assert (drawn.title, drawn.parameters) == ("cube", "power = 3")
    assert at(drawn, 2) == pytest.approx(8)
    assert found.undrawable == ("a/picky", "a/rows")
