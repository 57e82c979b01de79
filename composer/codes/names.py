"""Codes of names: given to tasks, losses and constants, and used in expressions."""

from __future__ import annotations

from composer.codes.base import Code


class InvalidName(Code):
    """A name holds characters that the name of a task, loss or constant may not hold.

    A name is made of ASCII letters and digits, with single blanks, `_`, `.` or `-` between them. It
    becomes part of a row of the breakdown, such as `depth/huber`, where a slash would make two
    names look like three, and of a name scope of TensorFlow, which refuses letters outside ASCII
    when the graph is built. The name of a constant is an identifier, as it stands in expressions.

    Wrong:

        tasks:
          left/depth:
            y_true: y_true.left
            y_pred: y_pred.left
            loss: huber

    Right:

        tasks:
          left-depth:
            y_true: y_true.left
            y_pred: y_pred.left
            loss: huber
    """

    code = "invalid-name"
    severity = "error"


class ReservedName(Code):
    """A name that already means something else.

    `total` and `regularization` are rows of every breakdown, so no task has these names. A constant
    has no name that is a word of the expression language, such as `step`, `y_true` or `clip`: an
    expression could not say which of the two it reads.

    Wrong:

        constants:
          step: [1, 5]
        tasks:
          scene:
            loss: sparse_softmax_cross_entropy
            weight: take(step, y_true)

    Right:

        constants:
          class_weights: [1, 5]
        tasks:
          scene:
            loss: sparse_softmax_cross_entropy
            weight: take(class_weights, y_true)
    """

    code = "reserved-name"
    severity = "error"


class DuplicateName(Code):
    """Two losses would have the same row in the breakdown.

    A loss is called by its type unless it has a `name:`. For `["mse", "mae"]` on one of several
    outputs Keras 3.15 shows one number, that of the last; on a model with a single output it
    trains the first and drops the other.

    Wrong:

        tasks:
          depth:
            loss:
              - {type: huber, delta: 0.1}
              - {type: huber, delta: 10}

    Right:

        tasks:
          depth:
            loss:
              - {type: huber, delta: 0.1, name: near}
              - {type: huber, delta: 10, name: far}
    """

    code = "duplicate-name"
    severity = "error"


class UnknownName(Code):
    """An expression uses a name that there is not.

    An expression knows the tensors of the batch, as `y_true.…` and `y_pred.…`, the constants of the
    spec, and `step`. Nothing else: no variable of the program, no Python builtin. In a language
    that is evaluated by Python the name would be looked up when the first batch arrives.

    Wrong:

        tasks:
          pose:
            loss: absolute_difference
            mask: has_pose

    Right:

        tasks:
          pose:
            loss: absolute_difference
            mask: y_true.has_pose
    """

    code = "unknown-name"
    severity = "error"


class UnknownTensor(Code):
    """An expression reads a tensor that `tensors:` does not declare.

    With `--batch` or `--model` the tensors are those of the batch, or the outputs of the model.
    Keras checks the keys of `loss` when the first batch arrives and those of `loss_weights` never;
    a misspelt weight goes to another output.

    Wrong:

        tensors:
          y_true: {pose: "float32[batch, 7]", has_pose: "bool[batch]"}
          y_pred: {pose: "float32[batch, 7]"}
        tasks:
          pose:
            loss: absolute_difference
            mask: y_true.has_psoe

    Right:

        tensors:
          y_true: {pose: "float32[batch, 7]", has_pose: "bool[batch]"}
          y_pred: {pose: "float32[batch, 7]"}
        tasks:
          pose:
            loss: absolute_difference
            mask: y_true.has_pose
    """

    code = "unknown-tensor"
    severity = "error"
