"""Masks and comparisons that do not choose: constant, impossible, or a matter of rounding."""

from __future__ import annotations

from composer.codes.base import Code


class ConstantMask(Code):
    """A mask that always holds and removes nothing, or is `false` as it stands.

    What it was meant to remove counts. In the example missing depths are stored as 0, and a uint16
    is never below 0: every missing pixel counts as a depth of 0 metres. NumPy and TensorFlow
    compute `depth >= 0` of unsigned integers without a word.

    Wrong:

        tensors:
          y_true:
            depth: uint16[batch, h, w]
          y_pred:
            depth: float32[batch, h, w]
        tasks:
          depth:
            y_true: y_true.depth / 1000
            mask: y_true.depth >= 0
            loss: huber

    Right:

        tensors:
          y_true:
            depth: uint16[batch, h, w]
          y_pred:
            depth: float32[batch, h, w]
        tasks:
          depth:
            y_true: y_true.depth / 1000
            mask: y_true.depth > 0
            loss: huber
    """

    code = "constant-mask"
    severity = "warning"


class Contradiction(Code):
    """A mask that can never hold, by itself or together with the task's.

    Nothing counts, and the loss is 0 from the first step on: its curve looks as if the task were
    learned. Keras 3.15.1 and `tf.compat.v1.losses` give 0 too, and say nothing, where every weight
    is 0; the mean of an empty `tf.boolean_mask` is NaN.

    A mask that holds for nothing but NaN, such as `isnan(y_true)` without its `not`, has the same
    code. There the loss is NaN.

    Wrong:

        tasks:
          depth:
            mask: 80 < y_true < 0
            loss: huber

    Right:

        tasks:
          depth:
            mask: 0 < y_true < 80
            loss: huber
    """

    code = "contradiction"
    severity = "warning"


class ImpossibleComparison(Code):
    """A comparison that no value of its tensor can meet.

    A dtype bounds what a tensor can be, and so does a loss: of 27 classes the last is 26. A weight
    for class 27 weighs nothing, and the training shows no sign of it.

    TensorFlow 2.21 does not compare a uint8 with a number that a uint8 cannot hold, but with what
    is left of it: `tf.constant([0, 3, 255], tf.uint8) == 256` is true for 0, and `!= -1` is false
    for 255.

    Wrong:

        tensors:
          y_true:
            scene: int32[batch]
          y_pred:
            scene: float32[batch, 27]
        tasks:
          scene:
            loss:
              type: sparse_softmax_cross_entropy
              weight: 1 + 4 * (y_true == 27)

    Right:

        tensors:
          y_true:
            scene: int32[batch]
          y_pred:
            scene: float32[batch, 27]
        tasks:
          scene:
            loss:
              type: sparse_softmax_cross_entropy
              weight: 1 + 4 * (y_true == 26)
    """

    code = "impossible-comparison"
    severity = "warning"


class InexactComparison(Code):
    """An equality that depends on rounding, or class numbers that are compared as floats.

    No float32 is 0.9, and whether a number is equal to it depends on how both were computed:
    `np.float32([0.9]) == np.float64(0.9)` is false, and `tf.constant([0.9]) == 0.9` is true. In
    TensorFlow 2.21 the softmax of 1,000 random rows of 27 logits summed to exactly 1 in 602 rows.
    Class numbers beyond 16,777,216 are rounded by float32, and neighbours become equal.

    A number that the dtype holds, such as 0 or 0.5, is not warned of, and neither is a marker of
    missing values, such as -999.99.

    Wrong:

        tensors:
          y_true:
            pose: float32[batch, 7]
            confidence: float32[batch]
          y_pred:
            pose: float32[batch, 7]
        tasks:
          pose:
            mask: y_true.confidence == 0.9
            loss: absolute_difference

    Right:

        tensors:
          y_true:
            pose: float32[batch, 7]
            confidence: float32[batch]
          y_pred:
            pose: float32[batch, 7]
        tasks:
          pose:
            mask: y_true.confidence > 0.85
            loss: absolute_difference
    """

    code = "inexact-comparison"
    severity = "warning"
