"""The sizes that a signature binds, and what is told where it cannot."""

from __future__ import annotations

import pytest

from composer.language.binding import Binding
from composer.language.shape import Mismatch
from composer.language.signature import Signature, parse_tensor


def bind(text, parameters=None, **tensors):
    signature = Signature(text)
    binding = Binding(parameters or {})
    for name, tensor in tensors.items():
        binding.bind(name, signature.roles[name], parse_tensor(f"float32{tensor}").shape)
    return binding, str(binding.shape(signature.values))


PAIRS = "y_true=number[...], y_pred=float[...] -> float[...]"
ROWS = "y_true=int[batch, ...], y_pred=float[batch, ..., classes] -> float[batch, ...]"


@pytest.mark.parametrize(
    ("text", "tensors", "values"),
    [
        (PAIRS, ("[batch, h]", "[batch, h]"), "[batch, h]"),
        (PAIRS, ("[batch, ?]", "[batch, h]"), "[batch, h]"),
        (PAIRS, ("[]", "[]"), "[]"),
        (PAIRS, ("[...]", "[batch, h]"), "[batch, h]"),
        (PAIRS, ("[...]", "[...]"), "[...]"),
        (ROWS, ("[batch]", "[batch, 27]"), "[batch]"),
        (ROWS, ("[batch, h, w]", "[batch, h, w, 27]"), "[batch, h, w]"),
        (ROWS, ("[batch, ...]", "[batch, ..., 27]"), "[batch, ...]"),
        (ROWS, ("[?, h]", "[batch, ..., 27]"), "[batch, h]"),
        ("y_true=int[], y_pred=float[batch, n, 2] -> float[n]", ("[]", "[b, 5, ?]"), "[5]"),
    ],
)
def test_binding(text, tensors, values):
    assert bind(text, y_true=tensors[0], y_pred=tensors[1])[1] == values


@pytest.mark.parametrize(
    ("text", "tensors", "message"),
    [
        (PAIRS, ("[batch, h]", "[batch, h, 1]"), "`...` is 2 axes in `y_true` and 3 axes in `y_pred`"),
        (PAIRS, ("[batch, 1]", "[batch, 3]"), "axis 1 of `y_true` is 1, and axis 1 of `y_pred` is 3"),
        (ROWS, ("[batch, h]", "[batch, w, 4]"), "axis 1 of `y_true` is h, and axis 1 of `y_pred` is w"),
        (ROWS, ("[batch]", "[batch]"), "`y_pred` has 1 axis, fewer than 2"),
        ("y_true=int[n], y_pred=float[n, 2] -> float[n]", ("[b]", "[b, 3]"), "axis 1 of `y_pred` is 3, not 2"),
        ("y_true=int[n], y_pred=float[n, 2] -> float[n]", ("[b, 1]", "[b, 2]"),
         "`y_true` has 2 axes, not 1"),
        ("y_true=int[n], y_pred=float[n, 2] -> float[n]", ("[b, ..., 1]", "[b, 2]"),
         "`y_true` has at least 2 axes, more than 1"),
        ("y_true=int[...], y_pred=float[..., classes] -> float[...]", ("[b]", "[..., 3]"),
         "`classes` is 4, and axis -1 of `y_pred` is 3"),
    ],
)  # fmt: skip
def test_what_does_not_bind(text, tensors, message):
    with pytest.raises(Mismatch) as caught:
        bind(text, {"classes": 4}, y_true=tensors[0], y_pred=tensors[1])
    assert str(caught.value) == message


def test_a_binding_knows_where_each_axis_was_met():
    binding, _ = bind(ROWS, y_true="[batch, h]", y_pred="[batch, h, 27]")
    assert binding.dims == {"batch": "batch", "classes": 27}
    assert binding.middle == ("h",)
    assert binding.places == {
        "batch": [("y_true", 0), ("y_pred", 0)],
        0: [("y_true", 1), ("y_pred", 1)],
        "classes": [("y_pred", 2)],
    }
