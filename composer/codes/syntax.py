"""Codes of text that is no YAML, or no YAML that a spec is made of."""

from __future__ import annotations

from composer.codes.base import Code


class InvalidYaml(Code):
    """The text is no YAML, or YAML that nobody means.

    The place is where the author has to act, which is often not where a parser gives up: for an
    open quote that is its beginning, not the end of the file.

    A missing blank after a colon is valid YAML inside `{…}` and told all the same. PyYAML reads the
    loss below as the key `type:huber` without a value, and `delta` beside it.

    Wrong:

        tasks:
          depth:
            loss: {type:huber, delta: 0.5}

    Right:

        tasks:
          depth:
            loss: {type: huber, delta: 0.5}
    """

    code = "invalid-yaml"
    severity = "error"


class UnquotedExpression(Code):
    """A comma or a bracket ends an expression that has no quotes around it.

    Inside `{…}` and `[…]` commas and brackets are YAML's own, so that it cuts an expression in
    pieces. PyYAML reads the task below without complaint: its weight is the text `ramp(step`, and
    `0` and `1000)` are two more keys without values. In block style, `weight: ramp(step, 0, 1000)`
    on a line of its own, no quotes are needed.

    Wrong:

        tasks:
          pose: {loss: absolute_difference, weight: ramp(step, 0, 1000)}

    Right:

        tasks:
          pose: {loss: absolute_difference, weight: "ramp(step, 0, 1000)"}
    """

    code = "unquoted-expression"
    severity = "error"


class MultipleDocuments(Code):
    """A second YAML document starts in the file.

    `---` on a line of its own ends a document. Which of several specs counts would be a guess.
    PyYAML's `safe_load` refuses the file too; `next(yaml.safe_load_all(file))` takes the first
    document and drops the rest without a word.

    Wrong:

        tasks:
          depth: {loss: huber}
        ---
        tasks:
          scene: {loss: sparse_softmax_cross_entropy}

    Right:

        tasks:
          depth: {loss: huber}
          scene: {loss: sparse_softmax_cross_entropy}
    """

    code = "multiple-documents"
    severity = "error"


class TagRefused(Code):
    """A tag, a word with `!` before a value, that is not the value's own type.

    A spec is plain data. Tags are how YAML names Python objects: PyYAML's `UnsafeLoader` makes of
    `!!python/name:os.system` the function itself, and its `load` and `FullLoader` could be brought
    to run code as well (CVE-2017-18342, CVE-2020-1747, CVE-2020-14343). Here nothing is ever
    constructed.

    More often the `!` was meant as "not". In an expression that is `not`.

    Wrong:

        tasks:
          depth:
            loss: huber
            mask: !isnan(y_true)

    Right:

        tasks:
          depth:
            loss: huber
            mask: not isnan(y_true)
    """

    code = "tag-refused"
    severity = "error"


class TooDeep(Code):
    """Values nest more than 64 levels deep.

    No spec needs more than a few levels, and what nests without end exhausts the stack of a reader
    that recurses: 100,000 opening brackets crash the Python interpreter in PyYAML's `CSafeLoader`,
    with a segmentation fault instead of an exception. Aliases count with the depth of what they
    repeat.

    Wrong:

        constants:
          class_weights:
            [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[
            [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[
            1, 5
            ]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
            ]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
        tasks:
          scene:
            loss: sparse_softmax_cross_entropy
            weight: take(class_weights, y_true)

    Right:

        constants:
          class_weights: [1, 5]
        tasks:
          scene:
            loss: sparse_softmax_cross_entropy
            weight: take(class_weights, y_true)
    """

    code = "too-deep"
    severity = "error"
