"""Codes of the values of a spec: of the wrong type, out of their range, or not there."""

from __future__ import annotations

from composer.codes.base import Code


class EmptyValue(Code):
    """A key without a value.

    Whether the default was meant or a line was lost, nobody can tell. PyYAML reads `None`, which
    most programs take for "not given": below, the mask would be gone, and pixels without a
    measurement would be trained on.

    Wrong:

        tasks:
          depth:
            loss: huber
            mask:

    Right:

        tasks:
          depth:
            loss: huber
            mask: y_true > 0
    """

    code = "empty-value"
    severity = "error"


class InvalidType(Code):
    """A value of another type than its field takes.

    Nothing is converted. Keras 3.15 makes a `Huber(delta="0.5")` and fails when the first batch is
    trained; `True` as one of its `loss_weights` counts as 1.

    Where YAML itself is the trap, the help says so. PyYAML reads `on` as true, `1:30` as 90, `012`
    as 10, and `1e-3` as text. A spec is YAML 1.2: `1e-3` is a number, and the others are text.

    Wrong:

        tasks:
          depth:
            loss: {type: huber, delta: "0.5"}

    Right:

        tasks:
          depth:
            loss: {type: huber, delta: 0.5}
    """

    code = "invalid-type"
    severity = "error"


class InvalidValue(Code):
    """A value outside the range, or not among the words, that its field takes.

    Keras 3.15 checks few of them: `Huber(delta=0.0)` is 0 whatever the error, `Huber(delta=-1.0)`
    is negative, `CategoricalCrossentropy(label_smoothing=10)` trains towards the wrong class, and a
    loss weight of NaN makes the total NaN.

    Wrong:

        tasks:
          depth:
            loss: {type: huber, delta: 0}

    Right:

        tasks:
          depth:
            loss: {type: huber, delta: 0.5}
    """

    code = "invalid-value"
    severity = "error"


class NumberOutOfRange(Code):
    """A number that 64 bits do not hold.

    A whole number fits int64, and any other is finite and not rounded to 0. PyYAML reads `1.0e+400`
    as infinity and `1.0e-400` as 0: a weight of infinity makes the total infinite or NaN, one of 0
    trains nothing.

    Wrong:

        tasks:
          depth: {loss: huber, weight: 1e-400}

    Right:

        tasks:
          depth: {loss: huber, weight: 1e-4}
    """

    code = "number-out-of-range"
    severity = "error"
