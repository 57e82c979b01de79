"""The shape language of tensors and of signatures."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from composer.language.errors import SignatureError
from composer.language.shape import Shape
from composer.language.signature import Signature, TensorType, accepts, parse_tensor


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("float32[batch, h, w, 1]", TensorType("float32", Shape(("batch", "h", "w", 1)))),
        (" int32 [ batch ] ", TensorType("int32", Shape(("batch",)))),
        ("float32[]", TensorType("float32", Shape(()))),
        ("bool[?, 3]", TensorType("bool", Shape((None, 3)))),
        ("uint8[batch, ...]", TensorType("uint8", Shape(("batch",), ()))),
        ("bfloat16[batch, ..., 3]", TensorType("bfloat16", Shape(("batch",), (3,)))),
        ("float64[...]", TensorType("float64", Shape((), ()))),
    ],
)
def test_tensors(text, wanted):
    assert parse_tensor(text) == wanted
    assert parse_tensor(str(wanted)) == wanted


@pytest.mark.parametrize(
    ("text", "message", "marked", "help"),
    [
        ("float32", "the axes are missing in `float32`", "float32",
         "write `float32[batch, ...]`, or `float32[]` for a single number"),
        ("flaot32[batch]", "there is no dtype `flaot32`", "flaot32", "did you mean `float32`?"),
        ("float[batch]", "there is no dtype `float`", "float", "write `float32`"),
        ("double[batch]", "there is no dtype `double`", "double", "write `float64`"),
        ("complex64[batch]", "there is no dtype `complex64`", "complex64", None),
        ("", "a tensor is described like `float32[batch, h, w, 1]`, found ``", "", None),
        ("float32[batch", "a tensor is described like `float32[batch, h, w, 1]`, "
         "found `float32[batch`", "float32[batch", None),
        ("float32[batch] x", "a tensor is described like `float32[batch, h, w, 1]`, "
         "found `float32[batch] x`", "float32[batch] x", None),
        ("float32(batch)", "a tensor is described like `float32[batch, h, w, 1]`, "
         "found `float32(batch)`", "float32(batch)", None),
        ("float32[batch,  h-1]", "an axis is a name, a size, `?` or `...`, found `h-1`", "h-1",
         None),
        ("float32[batch, -1]", "an axis is a name, a size, `?` or `...`, found `-1`", "-1", None),
        ("float32[batch,, 3]", "an axis is a name, a size, `?` or `...`, found nothing", ",", None),
        ("float32[batch, ]", "an axis is a name, a size, `?` or `...`, found nothing", "]", None),
        ("float32[höhe]", "an axis is a name, a size, `?` or `...`, found `höhe`", "höhe", None),
        ("float32[..., 3, ...]", "`...` stands at most once", "...", None),
        ("float32[99999999999]", "an axis is a name, a size, `?` or `...`, found `99999999999`",
         "99999999999", None),
    ],
)  # fmt: skip
def test_what_is_no_tensor(text, message, marked, help):
    with pytest.raises(SignatureError) as caught:
        parse_tensor(text)
    error = caught.value
    assert error.message == message
    assert text[error.start : error.end] == marked
    if help is not None:
        assert error.help == help
    assert error.code == "invalid-signature"


def test_a_tensor_has_a_bounded_rank():
    parse_tensor(f"float32[{', '.join(['a'] * 32)}]")
    with pytest.raises(SignatureError, match="a tensor has at most 32 axes"):
        parse_tensor(f"float32[{', '.join(['a'] * 33)}]")


@given(st.text(max_size=40) | st.text("float32[batch, .?]0", max_size=40))
@settings(max_examples=150, deadline=None)
def test_any_text_is_a_tensor_or_refused(text):
    found = tensor_or_error(text)
    if isinstance(found, SignatureError):
        assert 0 <= found.start <= found.end <= len(text)
    else:
        assert parse_tensor(str(found)) == found


def tensor_or_error(text):
    try:
        return parse_tensor(text)
    except SignatureError as error:
        return error


def test_a_signature():
    signature = Signature(
        "y_true=int[...] in labels(classes), y_pred=float[..., classes], keep=bool[...] -> float[batch]"
    )
    assert signature.inputs == ("y_true", "y_pred")
    assert signature.is_region
    labels = signature.roles["y_true"]
    assert (labels.dtype, labels.axes, labels.domain, labels.limit) == (
        "int", ("...",), "labels", "classes",
    )  # fmt: skip
    assert str(signature.roles["y_pred"]) == "float[..., classes]"
    assert signature.values == ("batch",)
    assert Signature("y_true=int[?, 2] in labels(10) -> float[]").roles["y_true"].limit == 10
    assert not Signature("y_pred=float[...] -> float[...]").is_region


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("y_true=float[...]", "a signature ends with `-> float[…]`"),
        ("y_true=float[...] -> int[...]", "a signature ends with `-> float[…]`"),
        ("y_true=float[...] -> float", "a signature ends with `-> float[…]`"),
        ("y_true float[...] -> float[...]", "a role is written like `y_true=float[..., n]`"),
        ("y_true=float[...] y_pred=float[...] -> float[...]",
         "a role is written like `y_true=float[..., n]`"),
        ("y_true=float32[...] -> float[...]",
         "the dtype of a role is one of `float`, `int`, `bool`, `number`, found `float32`"),
        ("y_true=float[...] in nowhere -> float[...]", "there is no domain `nowhere`"),
        ("y_true=float[...], y_true=int[...] -> float[...]", "`y_true` stands twice"),
        ("y_true=float[a b] -> float[...]",
         "an axis is a name, a size, `?` or `...`, found `a b`"),
    ],
)  # fmt: skip
def test_what_is_no_signature(text, message):
    with pytest.raises(SignatureError) as caught:
        Signature(text)
    assert caught.value.message == message
    assert 0 <= caught.value.start < caught.value.end <= len(text)


@pytest.mark.parametrize(
    ("word", "takes", "refuses"),
    [
        ("float", {"float16", "float64", None}, {"int32", "bool"}),
        ("int", {"int32", "uint8", "bool", None}, {"float32"}),
        ("bool", {"bool", None}, {"uint8", "float32"}),
        ("number", {"bool", "uint8", "float32", None}, set()),
    ],
)
def test_the_dtypes_that_a_role_takes(word, takes, refuses):
    assert all(accepts(word, dtype) for dtype in takes)
    assert not any(accepts(word, dtype) for dtype in refuses)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("y_pred=float[n], keep=bool[n, ?] -> float[n]",
         "an axis of `keep` is 1, or has a name that stands once in each tensor, found `?`"),
        ("y_pred=float[n, 4], keep=bool[n, 4] -> float[n]",
         "an axis of `keep` is 1, or has a name that stands once in each tensor, found `4`"),
        ("y_pred=float[n, m, m], keep=bool[n, m] -> float[n]",
         "an axis of `keep` is 1, or has a name that stands once in each tensor, found `m`"),
        ("y_pred=float[n] -> float[n, ...]", "the `...` of the values stands in no tensor"),
        ("y_pred=float[n], keep=bool[n, ...] -> float[n]",
         "the `...` of `keep` stands in no tensor"),
        ("y_true=int[n] in labels, y_pred=float[n, classes] -> float[n]",
         "labels name what they stay below, such as `labels(classes)`"),
    ],
)  # fmt: skip
def test_what_no_mask_and_no_label_could_be_led_by(text, message):
    with pytest.raises(SignatureError) as caught:
        Signature(text)
    assert caught.value.message == message
    assert 0 <= caught.value.start < caught.value.end <= len(text)
