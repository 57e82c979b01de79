"""What a spec has and nothing reads: tensors, constants, comments that ignore a warning."""

from __future__ import annotations

from composer.codes.base import Code


class UnusedTensor(Code):
    """A tensor that `tensors:` declares and no expression reads.

    A mask that nobody reads removes nothing, and a head without a loss learns nothing; no number
    of the training shows either. A name that is misspelt where it is read is an error, so what is
    left was forgotten, or need not be declared.

    Keras 3.15.1 trains a model of two outputs with `loss={"depth": "mae"}`, although the targets
    of both are given. Where the other output has layers of its own it warns of variables without a
    gradient; where it has none it says nothing.

    Wrong:

        tensors:
          y_true:
            depth: float32[batch, h, w]
            valid: bool[batch, h, w]
          y_pred:
            depth: float32[batch, h, w]
        tasks:
          depth:
            loss: huber

    Right:

        tensors:
          y_true:
            depth: float32[batch, h, w]
            valid: bool[batch, h, w]
          y_pred:
            depth: float32[batch, h, w]
        tasks:
          depth:
            mask: y_true.valid
            loss: huber
    """

    code = "unused-tensor"
    severity = "warning"


class UnusedConstant(Code):
    """A constant that no expression reads.

    Weights that were worked out for every class and are applied to none change nothing: the loss
    falls as it would without them, and the rare classes are learned as badly. A constant has an
    effect where an expression names it, such as `take(class_weights, y_true)` for one weight a
    class.

    Wrong:

        constants:
          class_weights: [1, 1, 5]
        tasks:
          scene:
            loss: sparse_softmax_cross_entropy

    Right:

        constants:
          class_weights: [1, 1, 5]
        tasks:
          scene:
            loss:
              type: sparse_softmax_cross_entropy
              weight: take(class_weights, y_true)
    """

    code = "unused-constant"
    severity = "warning"


class UnusedIgnore(Code):
    """A comment `# losscomp: ignore[…]` that hides nothing.

    Most stay behind when their line is mended, and would hide the next mistake of that kind. Others
    name a code that there is not, or none at all. Ruff tells of such comments in Python (RUF100).

    A comment behind a line speaks of that line, one on a line of its own of the next. It hides
    warnings, and errors that a batch alone shows; other errors are always told.

    Wrong:

        tasks:
          depth:
            weight: 0.5  # losscomp: ignore[zero-weight]
            loss: huber

    Right:

        tasks:
          depth:
            weight: 0.5
            loss: huber
    """

    code = "unused-ignore"
    severity = "warning"
