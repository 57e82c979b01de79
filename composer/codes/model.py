"""What a model or a batch shows of the tensors themselves: other than declared, or read by none."""

from __future__ import annotations

from composer.codes.base import Code


class TensorMismatch(Code):
    """A tensor of the batch, or output of the model, that is not what `tensors:` declares.

    All that `check` proves of shapes rests on the declaration. It compares the kind of dtype
    (float16 may stand for float32), the number of axes and their sizes; and one name, such as
    `h`, is one size in all tensors.

    Keras 3.15.1 broadcasts instead: a target of shape (4, 1) against a prediction of shape (4, 3)
    is a squared error like any other. Numbers of shape (4,) against themselves as a column,
    subtracted by hand, give a mean square of 2.5 for 0, 1, 2, 3, where 0 is right.

    Wrong:

        tensors:
          y_true:
            scene: int32[batch]
          y_pred:
            scene: float32[batch, 27]
        tasks:
          scene:
            loss: sparse_softmax_cross_entropy

    Right:

        tensors:
          y_true:
            scene: int32[batch]
          y_pred:
            scene: float32[batch, 3]
        tasks:
          scene:
            loss: sparse_softmax_cross_entropy

    Batch:

        y_true.scene: [0, 2]
        y_pred.scene: [[2.5, -1.0, 0.5], [-1.5, 0.5, 3.0]]
    """

    code = "tensor-mismatch"
    severity = "error"


class UnusedOutput(Code):
    """An output of the model that no loss reads.

    Its head is computed in every step and learns nothing. It may be meant, of outputs that are
    only looked at; more often a task is missing.

    Keras 3.15.1 trains a model of two outputs with a loss for one. It warns of variables without a
    gradient where the other has layers of its own, and says nothing where it has none.

    Wrong:

        tasks:
          depth:
            loss: huber

    Right:

        tasks:
          depth:
            loss: huber
          normal:
            loss:
              type: cosine_distance
              normalize: true

    Model:

        depth: [8, 8]
        normal: [8, 8, 3]
    """

    code = "unused-output"
    severity = "warning"
