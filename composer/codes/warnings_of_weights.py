"""Weights that switch a loss off, turn it round, or leave the range of float32."""

from __future__ import annotations

from composer.codes.base import Code


class ZeroWeight(Code):
    """A weight that is 0 everywhere.

    The loss stands in the breakdown and trains nothing. Where it is only to be watched, put
    `# losscomp: ignore[zero-weight]` behind the weight. More often it was switched off for an
    experiment and never on again. With `--batch` the same is told of a tensor weight that is 0 on
    every element of the batch.

    In losscomp a weight of 0 is exactly 0, whatever the loss is. In Keras 3.15.1 it is multiplied:
    with `loss_weights={"depth": 0.0, "pose": 1.0}` and a depth of NaN the total is NaN.

    Wrong:

        tasks:
          depth:
            loss: huber
          pose:
            weight: 0 * ramp(step, 0, 1000)
            loss: absolute_difference

    Right:

        tasks:
          depth:
            loss: huber
          pose:
            weight: 0.1 * ramp(step, 0, 1000)
            loss: absolute_difference
    """

    code = "zero-weight"
    severity = "warning"


class NegativeWeight(Code):
    """A weight that is negative, or may be where the sum of the weights is the divisor.

    Training makes such a loss larger. Keras 3.15.1 takes any number: with `loss_weights=[-2]` a
    parameter that should go from 0 to 1 goes to -1 in its first step, while the loss falls. A
    weight that is negative at some step of its schedule is told with the step.

    Under `reduction: weighted_mean` no element should have one, since their sum is what is divided
    by; with `--batch` that sum is looked at. In Keras errors of 1 and 2 with weights of 1 and -0.9
    come to a mean of -8.

    Wrong:

        tasks:
          depth:
            weight: -2
            loss: absolute_difference

    Right:

        tasks:
          depth:
            weight: 2
            loss: absolute_difference
    """

    code = "negative-weight"
    severity = "warning"


class VanishingWeight(Code):
    """A weight, alone or with the task's, that is too small for the dtype of the loss.

    Below about 1.2e-38 TensorFlow computes with 0 in float32. The loss is shown and trains
    nothing, as if its weight were 0. Keras 3.15.1 trains on with a weight of 1e-40 or 1e-50, and
    the parameters of that output stay where they are.

    Wrong:

        tasks:
          pose:
            weight: 1e-50
            loss: absolute_difference

    Right:

        tasks:
          pose:
            weight: 1e-5
            loss: absolute_difference
    """

    code = "vanishing-weight"
    severity = "warning"


class OverflowingWeight(Code):
    """A weight, alone or with the task's, that is too large for the dtype of the loss.

    Above about 3.4e38 it is infinite in float32, and so is the total. Keras 3.15.1 takes a weight
    of 1e39: after one step the parameters of that output are infinite.

    Wrong:

        tasks:
          pose:
            weight: 1e+20
            loss:
              type: absolute_difference
              weight: 1e+20

    Right:

        tasks:
          pose:
            weight: 10
            loss:
              type: absolute_difference
              weight: 10
    """

    code = "overflowing-weight"
    severity = "warning"
