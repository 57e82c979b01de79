"""Losses that an axis makes pointless, or that depend on how a batch is divided."""

from __future__ import annotations

from composer.codes.base import Code


class OneClass(Code):
    """A softmax over one class.

    Its probability is 1 whatever the logit is, so that the loss and its gradient are always 0. One
    logit for yes or no belongs to `sigmoid_cross_entropy`; a softmax needs two.

    `SparseCategoricalCrossentropy` of Keras 3.15.1 gives 0 with a gradient of 0, and says nothing;
    `CategoricalCrossentropy` gives 0 and warns.

    Wrong:

        tensors:
          y_true:
            road: int32[batch]
          y_pred:
            road: float32[batch, 1]
        tasks:
          road:
            loss: sparse_softmax_cross_entropy

    Right:

        tensors:
          y_true:
            road: int32[batch]
          y_pred:
            road: float32[batch, 2]
        tasks:
          road:
            loss: sparse_softmax_cross_entropy
    """

    code = "one-class"
    severity = "warning"


class OneElement(Code):
    """A `mean_pairwise_squared_error` of samples that have one element.

    It compares the differences between the elements of a sample. Where there is one there are no
    pairs, and the loss is 0 whatever is predicted. `tf.compat.v1.losses` does not agree with
    itself there: errors of 3, -4 and 7 cost 0 in a graph and 49.3 in eager mode.

    Wrong:

        tensors:
          y_true:
            height: float32[batch, 1]
          y_pred:
            height: float32[batch, 1]
        tasks:
          height:
            loss: mean_pairwise_squared_error

    Right:

        tensors:
          y_true:
            height: float32[batch, 1]
          y_pred:
            height: float32[batch, 1]
        tasks:
          height:
            loss: mean_squared_error
    """

    code = "one-element"
    severity = "warning"


class CouplesBatch(Code):
    """A loss in which the value of one sample depends on the others of its batch.

    All other losses give the same number on one device, on several, and over accumulated steps.
    This one does not: over replicas it is exact only if each gets the inputs of all, and over
    accumulated steps never. Where a batch is never divided, put `# losscomp: ignore[couples-batch]`
    behind its type.

    The Dice of Keras 3.15.1 sums over the batch by default. Two images, one right and one wrong,
    cost 0.33 together; in two steps they cost 0 and 1, which is 0.5 on average. Nothing tells that
    accumulating steps changed the loss.

    Wrong:

        tasks:
          road:
            loss:
              type: dice
              per: batch

    Right:

        tasks:
          road:
            loss:
              type: dice
              per: image
    """

    code = "couples-batch"
    severity = "warning"
