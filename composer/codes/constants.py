"""Codes of constants, inline and in files, and of their place in expressions."""

from __future__ import annotations

from composer.codes.base import Code


class InvalidConstant(Code):
    """A constant is no number and no regular list of numbers.

    All numbers are finite, all booleans or none, and lists of one level are equally long. NumPy
    turns `[1.0, "2"]` into text and `[True, 2]` into 1 and 2 without a word. A class that the
    training data lacks has the inverse frequency infinity, and one such label makes the loss
    infinite.

    Wrong:

        constants:
          inverse_frequency: [1.3, .inf, 4.2]
        tasks:
          segmentation:
            loss: sparse_softmax_cross_entropy
            weight: take(inverse_frequency, y_true)

    Right:

        constants:
          inverse_frequency: [1.3, 0, 4.2]
        tasks:
          segmentation:
            loss: sparse_softmax_cross_entropy
            weight: take(inverse_frequency, y_true)
    """

    code = "invalid-constant"
    severity = "error"


class InvalidPath(Code):
    """The file of a constant does not lie beside the spec or below it, or is not there.

    A path is relative, without `..`, and ends in `.npy`. So a spec that somebody else wrote names
    no file outside its own directory, and moves together with its files. Links are followed first:
    one that leads out is refused as well.

    Wrong:

        constants:
          class_weights: ../shared/class_weights.npy
        tasks:
          scene:
            loss: sparse_softmax_cross_entropy
            weight: take(class_weights, y_true)

    Right:

        constants:
          class_weights: class_weights.npy
        tasks:
          scene:
            loss: sparse_softmax_cross_entropy
            weight: take(class_weights, y_true)

    Files:

        class_weights.npy: [1.0, 5.0]
    """

    code = "invalid-path"
    severity = "error"


class InvalidFile(Code):
    """A file is no `.npy` file of booleans, integers or real numbers.

    The header is read without NumPy and compared with the size of the file. Nothing is unpickled:
    `numpy.load` did so by itself until 1.16.3 (CVE-2019-6446), and an array of objects is a pickle.
    `.npz` archives are not read as constants; one of 972 kB can unpack to 1.9 GB.

    Wrong:

        constants:
          window: spectrum.npy
        tasks:
          speech:
            loss: absolute_difference
            weight: last_axis(window)

    Right:

        constants:
          window: magnitude.npy
        tasks:
          speech:
            loss: absolute_difference
            weight: last_axis(window)

    Files:

        spectrum.npy: {dtype: complex64, values: [1, 2, 1]}
        magnitude.npy: {dtype: float32, values: [1, 2, 1]}
    """

    code = "invalid-file"
    severity = "error"


class UnplacedConstant(Code):
    """A constant with axes meets a tensor without saying which axis it belongs to.

    NumPy and TensorFlow align shapes at the right. One weight per class, multiplied with one value
    per sample, weighs the samples by their place in the batch, and no error comes as long as there
    are as many samples as classes. Here `take(constant, y_true)` looks a weight up by the label,
    and `last_axis(constant)` lays it along the last axis.

    Wrong:

        constants:
          class_weights: [1, 5]
        tasks:
          scene:
            loss: sparse_softmax_cross_entropy
            weight: class_weights

    Right:

        constants:
          class_weights: [1, 5]
        tasks:
          scene:
            loss: sparse_softmax_cross_entropy
            weight: take(class_weights, y_true)
    """

    code = "unplaced-constant"
    severity = "error"
