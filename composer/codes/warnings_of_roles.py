"""Tensors that a loss takes for what they are not, and losses that reach no prediction."""

from __future__ import annotations

from composer.codes.base import Code


class ProbabilitiesAsLogits(Code):
    """Probabilities of a softmax or sigmoid, given to a loss that takes logits.

    The loss applies another one. A perfect prediction of 3 classes then costs
    log(e + 2) - 1 = 0.55 instead of 0, one of 27 classes 2.36. The loss falls for a while, and its
    curve does not tell why it stops.

    Keras 3.15.1 has `from_logits=` for this. Where it is true it undoes a softmax of Keras's own
    and warns; of probabilities from `tf.nn.softmax` it says nothing and gives 0.5514. Where it is
    forgotten, logits are taken for probabilities: -2, 5, 1 and class 0 cost 16.8 instead of 7.0.

    Wrong:

        tasks:
          scene:
            loss:
              type: sparse_softmax_cross_entropy
              y_pred: softmax(y_pred)

    Right:

        tasks:
          scene:
            loss:
              type: sparse_softmax_cross_entropy
              y_pred: y_pred
    """

    code = "probabilities-as-logits"
    severity = "warning"


class MixedMeaning(Code):
    """One tensor that two losses take for different things.

    It cannot be logits and probabilities at once, nor class numbers and labels of 0 and 1: one of
    the losses computes with numbers that it is not defined for.

    Keras 3.15.1 computes a Dice of logits. For logits of 5, 5, -5, -5 where the truth is
    1, 1, 0, 0 it gives -9; of their sigmoid it gives 0.007.

    Wrong:

        tasks:
          organ:
            loss:
              - softmax_cross_entropy
              - dice

    Right:

        tasks:
          organ:
            loss:
              - softmax_cross_entropy
              - type: dice
                y_pred: softmax(y_pred)
    """

    code = "mixed-meaning"
    severity = "warning"


class NoGradient(Code):
    """A loss from which no gradient reaches a prediction.

    It reads no tensor of `y_pred`, or only through functions that have no gradient: `argmax`,
    `one_hot`, `stop_gradient`, comparisons. It adds to the total and trains nothing.

    Keras 3.15.1 trains on where another loss has a gradient, and shows both. It warns of variables
    without a gradient where a head has some of its own; the loss is not named.

    Wrong:

        tasks:
          depth:
            y_true: stop_gradient(y_pred.teacher)
            y_pred: stop_gradient(y_pred.student)
            loss: huber

    Right:

        tasks:
          depth:
            y_true: stop_gradient(y_pred.teacher)
            y_pred: y_pred.student
            loss: huber
    """

    code = "no-gradient"
    severity = "warning"


class SwappedSides(Code):
    """A `y_pred` that reads only targets.

    A cross entropy is not the same both ways, and libraries differ in their order: TF-Slim takes
    predictions first, `tf.losses` and Keras take targets first. Logits of 2, -1, 3 and the one-hot
    row 0, 0, 1 cost 0.327 in `tf.nn.softmax_cross_entropy_with_logits`; swapped they cost 3.21,
    without an error. Keras 3.15.1 gives the same two numbers.

    Wrong:

        tasks:
          scene:
            y_true: y_pred.scene
            y_pred: y_true.scene
            loss: softmax_cross_entropy

    Right:

        tasks:
          scene:
            y_true: y_true.scene
            y_pred: y_pred.scene
            loss: softmax_cross_entropy
    """

    code = "swapped-sides"
    severity = "warning"


class EqualRoles(Code):
    """Two roles of a loss that read the same.

    Their difference is 0 whatever the model predicts. A regression loss is then 0 from the first
    step on; a triplet loss pushes the negative away and never pulls the positive near. Keras
    3.15.1 gives 0 for a tensor against itself and says nothing.

    Wrong:

        tasks:
          person:
            loss:
              type: triplet
              anchor: y_pred.anchor
              positive: y_pred.anchor
              negative: y_pred.negative

    Right:

        tasks:
          person:
            loss:
              type: triplet
              anchor: y_pred.anchor
              positive: y_pred.positive
              negative: y_pred.negative
    """

    code = "equal-roles"
    severity = "warning"
