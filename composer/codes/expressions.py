"""Codes of expressions: what cannot be read, and what cannot be computed."""

from __future__ import annotations

from composer.codes.base import Code


class InvalidExpression(Code):
    """An expression that cannot be read, or uses what the expression language does not have.

    The language is Python's syntax with far fewer parts; what is missing is missing for a reason.
    In Python `&` binds tighter than `<`: for `y` of -1, 2 and 90, NumPy computes
    `y > 0 & (y < 80)` as false, true, true, and 90 passes. Here the word is `and`.

    An expression is read against a list of what is allowed and never given to `eval`. Evaluators
    that start from all of Python have been escaped from again and again.

    Wrong:

        tasks:
          depth:
            loss: huber
            mask: y_true > 0 & y_true < 80

    Right:

        tasks:
          depth:
            loss: huber
            mask: 0 < y_true < 80
    """

    code = "invalid-expression"
    severity = "error"


class ExpressionTooLarge(Code):
    """An expression has more than 2,000 characters, or nests more than 64 levels deep.

    Nobody reads such an expression, and a parser that recurses may exhaust the stack on it. A sum
    nests one level with every `+`. What is written once per class is a constant, looked up with
    `take`.

    Wrong:

        $ python3 -c "print(*(f'(y_true == {n}) / {n}' for n in range(1, 99)), sep=' + ')" > sum
        $ echo "tasks: {scene: {loss: huber, weight: $(cat sum)}}" | losscomp check -

    Right:

        $ python3 -c "print([0] + [1 / n for n in range(1, 99)])" > table
        $ echo "constants: {weights: $(cat table)}" > loss.yaml
        $ echo "tasks: {scene: {loss: huber, weight: 'take(weights, y_true)'}}" >> loss.yaml
        $ losscomp check loss.yaml
    """

    code = "expression-too-large"
    severity = "error"


class UnknownFunction(Code):
    """There is no function of that name.

    The functions are those of the language and no others: no Python builtin, no method, nothing of
    TensorFlow. What another library calls otherwise is in the help. In MONAI, where a value that
    begins with `$` is evaluated by Python, a configuration could call anything
    (GHSA-873f-pvrv-4x83).

    Wrong:

        tasks:
          depth:
            loss: huber
            mask: is_finite(y_true)

    Right:

        tasks:
          depth:
            loss: huber
            mask: isfinite(y_true)
    """

    code = "unknown-function"
    severity = "error"


class InvalidArgument(Code):
    """A function or an operator cannot compute with what it is given.

    The boundaries of `piecewise` rise, and there is one value more than boundaries. Given falling
    ones, Keras's `PiecewiseConstantDecay([5000, 1000], [1.0, 0.5, 0.1])` is 1.1 at step 2000, the
    sum of two of its values. `ramp` takes numbers, `take` a constant, and nothing is divided by a
    zero that is written out.

    Wrong:

        tasks:
          depth:
            loss: huber
            weight: piecewise(step, [5000, 1000], [1, 0.5, 0.1])

    Right:

        tasks:
          depth:
            loss: huber
            weight: piecewise(step, [1000, 5000], [1, 0.5, 0.1])
    """

    code = "invalid-argument"
    severity = "error"
