"""Codes of the keys of a spec: fields, and the types of losses that decide about fields."""

from __future__ import annotations

from composer.codes.base import Code


class InvalidKey(Code):
    """A key is not text.

    Fields and names are text. PyYAML turns keys into numbers, booleans and null as it does values:
    `0:` is the number 0, and `on:` the boolean true. A table per class is a list here, in the
    order of the class numbers, so that no class can be missing from it.

    Wrong:

        constants:
          class_weights: {0: 1.0, 1: 5.0}
        tasks:
          scene:
            loss: sparse_softmax_cross_entropy
            weight: take(class_weights, y_true)

    Right:

        constants:
          class_weights: [1.0, 5.0]
        tasks:
          scene:
            loss: sparse_softmax_cross_entropy
            weight: take(class_weights, y_true)
    """

    code = "invalid-key"
    severity = "error"


class DuplicateKey(Code):
    """A key is given twice in one mapping.

    PyYAML keeps the last one and drops the others without a word: of the file below it reads one
    task, whose loss is `mean_squared_error`, without mask. Fields that a merge `<<` brings along
    may be given again; that is what merging is for.

    Wrong:

        tasks:
          depth:
            loss: huber
            mask: y_true > 0
          depth:
            loss: mean_squared_error

    Right:

        tasks:
          depth:
            mask: y_true > 0
            loss: [huber, mean_squared_error]
    """

    code = "duplicate-key"
    severity = "error"


class UnknownField(Code):
    """A field that its place does not have.

    What is misspelt would otherwise be ignored, and its default used. Keras 3.15 takes
    `loss_weights` with a key that no output has, and then hands the weights out in the order of the
    sorted keys: for outputs `a` and `b`, `{"b": 0.0, "z": 1.0}` gives `a` the weight 0 and `b` the
    weight 1.

    The help names the field that is nearest, or the one that has the meaning of another library's
    word, or lists what there is.

    Wrong:

        tasks:
          depth:
            loss: {type: huber, wieght: 0.5}

    Right:

        tasks:
          depth:
            loss: {type: huber, weight: 0.5}
    """

    code = "unknown-field"
    severity = "error"


class MissingField(Code):
    """A field that has no default is not given.

    A task has a loss, and a loss the parameters and tensors that only its author can know. Keras
    trains a model whose `loss` leaves an output out: that output contributes nothing, and all that
    tells of it is a warning about variables without gradients.

    Wrong:

        tasks:
          scene: {loss: sparse_softmax_cross_entropy}
          depth: {weight: 0.5}

    Right:

        tasks:
          scene: {loss: sparse_softmax_cross_entropy}
          depth: {loss: huber, weight: 0.5}
    """

    code = "missing-field"
    severity = "error"


class UnknownLoss(Code):
    """There is no loss of that type.

    `losscomp losses` lists those that there are. A name of Keras, PyTorch or another library leads
    to the name here. Keras takes any name in `compile`, and says `Could not interpret loss
    identifier` when the first batch is trained, without a suggestion.

    A type is looked up in a fixed list and in the classes that the caller gives with `--losses` or
    `losses=`. It never names a Python object: configurations that did (`_target_` in Hydra,
    `class_name` and `module` in Keras files) have let files run code.

    Wrong:

        tasks:
          scene: {loss: sparse_categorical_crossentropy}

    Right:

        tasks:
          scene: {loss: sparse_softmax_cross_entropy}
    """

    code = "unknown-loss"
    severity = "error"
