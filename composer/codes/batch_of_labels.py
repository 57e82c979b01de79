"""What a real batch shows of targets: labels that are none, and rows that are no distribution."""

from __future__ import annotations

from composer.codes.base import Code


class LabelOutOfRange(Code):
    """A label that counts and lies outside what its loss is defined for.

    A class is from 0 to one below their number, yes or no from 0 to 1. Often the label marks what
    is not labelled, such as 255 or -1; then a mask removes it. Or classes are numbered from 1.

    What TensorFlow 2.21 makes of it depends on how it runs: a sparse cross entropy raises on the
    CPU and gives NaN under XLA. The one-hot row of such a label is all zeros, which costs 0. A
    sigmoid takes any number for a label: Keras 3.15.1 makes a loss of -508 of the label 255 and
    the logit 2.

    Wrong:

        tasks:
          scene:
            loss: sparse_softmax_cross_entropy

    Right:

        tasks:
          scene:
            mask: y_true != 255
            loss: sparse_softmax_cross_entropy

    Batch:

        y_true.scene: [0, 2, 255, 1]
        y_pred.scene:
          - [2.5, -1.0, 0.5]
          - [-1.5, 0.5, 3.0]
          - [0.5, 0.5, -1.0]
          - [-2.0, 1.5, 0.5]
    """

    code = "label-out-of-range"
    severity = "error"


class NotADistribution(Code):
    """A row of targets that does not sum to 1 where classes exclude each other.

    A row of zeros, of a sample without a label, costs 0 and still counts in the divisor. It is not
    harmless: for logits of 1, 2, 3 Keras 3.15.1 and TensorFlow give it the loss 0 and the gradient
    0.09, 0.24, 0.67, which makes all logits smaller. Rows with several ones need
    `sigmoid_cross_entropy`.

    Wrong:

        tasks:
          scene:
            loss: softmax_cross_entropy

    Right:

        tasks:
          scene:
            mask: sum(y_true, axis=-1) > 0
            loss: softmax_cross_entropy

    Batch:

        y_true.scene: [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
        y_pred.scene: [[2.5, -1.0, 0.5], [1.0, 2.0, 3.0], [-1.5, 0.5, 3.0]]
    """

    code = "not-a-distribution"
    severity = "warning"
