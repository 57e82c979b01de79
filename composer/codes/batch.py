"""What a real batch shows of masks, weights and numbers that are not finite."""

from __future__ import annotations

from composer.codes.base import Code


class NotFinite(Code):
    """A NaN or an infinity in the batch that counts: no mask and no weight of 0 removes it.

    One such number makes the loss NaN or infinite, and the next step destroys the model. Missing
    values are often stored so; a mask removes them from value and gradient. A tensor weight that is
    not finite has the same code. Infinite logits are left alone: they rule a class out.

    In Keras 3.15.1 and `tf.compat.v1.losses` giving such an element the weight 0 does not help:
    NaN times 0 is NaN.

    Wrong:

        tasks:
          depth:
            loss: huber

    Right:

        tasks:
          depth:
            mask: isfinite(y_true)
            loss: huber

    Batch:

        y_true.depth: [[1.5, .nan], [2.0, 4.5]]
        y_pred.depth: [[1.0, 3.0], [2.5, 4.0]]
    """

    code = "not-finite"
    severity = "error"


class NothingCounts(Code):
    """A mask that no element of the batch passes.

    The loss is 0 on this batch, which looks like a task that is learned. Often the units of a
    bound are not those of the tensor, or a flag is stored the other way round. A single batch may
    be empty by chance; try another.

    Keras 3.15.1 gives 0 where every sample weight is 0, and says nothing. The mean of an empty
    `tf.boolean_mask` is NaN.

    Wrong:

        tasks:
          depth:
            mask: 0 < y_true < 80
            loss: huber

    Right:

        tasks:
          depth:
            y_true: y_true.depth / 1000
            mask: 0 < y_true < 80
            loss: huber

    Batch:

        y_true.depth: [[1500.0, 0.0], [2000.0, 4500.0]]
        y_pred.depth: [[1.0, 3.0], [2.5, 4.0]]
    """

    code = "nothing-counts"
    severity = "warning"


class DominantWeight(Code):
    """One weight of the batch that makes all others as good as 0.

    It is more than nine tenths of the sum of the weights, or more than 10,000 times their median;
    batches with fewer than ten weights above or below 0 are not judged. Dividing by what is almost
    0 does this. The step follows one element, and the loss tells nothing of the others: nine errors
    of 1, and one of 0.001 with a weight of a million, have a weighted mean of 0.00101 in Keras
    3.15.1.

    Wrong:

        tasks:
          pose:
            loss:
              type: mean_squared_error
              weight: 1 / y_true.variance
              reduction: weighted_mean

    Right:

        tasks:
          pose:
            loss:
              type: mean_squared_error
              weight: 1 / maximum(y_true.variance, 0.1)
              reduction: weighted_mean

    Batch:

        y_true.pose: [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]
        y_true.variance: [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.000001]
        y_pred.pose: [2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0]
    """

    code = "dominant-weight"
    severity = "warning"
