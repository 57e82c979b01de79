"""Codes of shapes and dtypes: of the tensors that are declared, and of what is computed."""

from __future__ import annotations

from composer.codes.base import Code


class InvalidSignature(Code):
    """The description of a tensor cannot be read.

    A tensor is described by its dtype and its axes, such as `float32[batch, h, w, 1]`. An axis is a
    size, a name for a size that is the same wherever it stands, `?` for one that is not known, or
    `...` for any number of axes. `float` and `None` are not guessed at: whether float32 or float64
    is meant decides what the loss is computed in.

    Wrong:

        tensors:
          y_true:
            depth: float[batch, h, w, 1]
          y_pred:
            depth: float32[batch, h, w, 1]
        tasks:
          depth: {loss: huber}

    Right:

        tensors:
          y_true:
            depth: float32[batch, h, w, 1]
          y_pred:
            depth: float32[batch, h, w, 1]
        tasks:
          depth: {loss: huber}
    """

    code = "invalid-signature"
    severity = "error"


class ShapeMismatch(Code):
    """Shapes that do not go together.

    A target and a prediction never broadcast here. In NumPy and TensorFlow they do: four numbers
    minus the same four as a column make 16 differences, and a mean squared error of 2.5 for
    0, 1, 2 and 3 where 0 is right. Keras 3.15 compares `(4, 1)` with `(4, 3)` without a word.

    Masks and weights align with the values at the left, the batch first, and an axis that they lack
    is added at the right.

    Wrong:

        tensors:
          y_true:
            depth: float32[batch, h, w]
          y_pred:
            depth: float32[batch, h, w, 1]
        tasks:
          depth: {loss: huber}

    Right:

        tensors:
          y_true:
            depth: float32[batch, h, w]
          y_pred:
            depth: float32[batch, h, w, 1]
        tasks:
          depth: {loss: huber, y_pred: "y_pred.depth[..., 0]"}
    """

    code = "shape-mismatch"
    severity = "error"


class DtypeMismatch(Code):
    """A tensor of another kind of numbers than is required: floats, integers or booleans.

    Keras's `SparseCategoricalCrossentropy` takes a label of 1.7 for class 1, and TensorFlow makes
    of a boolean times a float a boolean. Here labels are integers and masks booleans; integers of
    any width, and floats of any width, go together.

    Wrong:

        tensors:
          y_true:
            scene: float32[batch]
          y_pred:
            scene: float32[batch, 27]
        tasks:
          scene: {loss: sparse_softmax_cross_entropy}

    Right:

        tensors:
          y_true:
            scene: int32[batch]
          y_pred:
            scene: float32[batch, 27]
        tasks:
          scene: {loss: sparse_softmax_cross_entropy}
    """

    code = "dtype-mismatch"
    severity = "error"
