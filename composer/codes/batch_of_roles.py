"""What a real batch shows of roles: numbers that the loss is not defined for."""

from __future__ import annotations

from composer.codes.base import Code


class NotProbabilities(Code):
    """Numbers below 0 or above 1 where a loss takes probabilities.

    Mostly they are logits. `log_loss` of `tf.compat.v1.losses` gives NaN for a probability of 1.5
    and the label 0. Keras 3.15.1 clips instead: its binary cross entropy of the logit -7 and the
    label 1 is 16.1 with a gradient of exactly 0, so that the worst predictions learn nothing.

    Wrong:

        tasks:
          edge:
            loss: log_loss

    Right:

        tasks:
          edge:
            loss: sigmoid_cross_entropy

    Batch:

        y_true.edge: [[1.0, 0.0], [0.0, 1.0]]
        y_pred.edge: [[2.5, -1.5], [0.5, -7.0]]
    """

    code = "not-probabilities"
    severity = "error"


class NotPositive(Code):
    """A number that is 0 or negative, and counts, where a loss takes logarithms.

    Missing depths are often stored as 0, and a linear head predicts depths below 0. The logarithm
    of 0 is infinite, that of less is NaN. Libraries that clip hide this: the squared logarithmic
    error of Keras 3.15.1 gives a prediction of -2 a gradient of exactly 0, and `SiLogLoss` of
    MMSegmentation gives negative predictions none either.

    Wrong:

        tasks:
          depth:
            loss: silog

    Right:

        tasks:
          depth:
            mask: y_true > 0
            loss: silog

    Batch:

        y_true.depth: [[1.5, 0.0], [2.0, 4.5]]
        y_pred.depth: [[1.0, 3.0], [2.5, 4.0]]
    """

    code = "not-positive"
    severity = "error"


class NotUnitLength(Code):
    """A vector whose length is not 1 where a loss takes unit vectors.

    A product of unit vectors is the cosine of their angle; that of longer ones grows with their
    length, and training makes them longer without end. `tf.compat.v1.losses.cosine_distance` gives
    -24 for the vector 3, 4 and itself, where 0 is right. `CosineSimilarity` of Keras normalizes;
    here `normalize: true` does.

    Wrong:

        tasks:
          normal:
            loss: cosine_distance

    Right:

        tasks:
          normal:
            loss:
              type: cosine_distance
              normalize: true

    Batch:

        y_true.normal: [[0.6, 0.8], [1.0, 0.0]]
        y_pred.normal: [[3.0, 4.0], [0.5, 0.0]]
    """

    code = "not-unit-length"
    severity = "warning"


class LooksLikeProbabilities(Code):
    """Predictions that look like probabilities where a loss takes logits.

    All are from 0 to 1, and where classes exclude each other their rows sum to 1: the model seems
    to end in a softmax or sigmoid, and the loss applies another. A perfect prediction of 3 classes
    then costs 0.55 instead of 0; so it does in Keras 3.15.1 with `from_logits=True`, where the
    softmax is none of Keras's own.

    It is best to leave the activation out of the model. Where it has to stay, the logarithm makes
    logits of the probabilities of a softmax.

    Wrong:

        tasks:
          scene:
            loss: sparse_softmax_cross_entropy

    Right:

        tasks:
          scene:
            y_pred: log(y_pred.scene)
            loss: sparse_softmax_cross_entropy

    Batch:

        y_true.scene: [0, 2]
        y_pred.scene: [[0.75, 0.125, 0.125], [0.25, 0.25, 0.5]]
    """

    code = "looks-like-probabilities"
    severity = "warning"
