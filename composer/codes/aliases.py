"""Codes of anchors, aliases and merges: what a YAML text says once and uses again."""

from __future__ import annotations

from composer.codes.base import Code


class UnknownAlias(Code):
    """An alias repeats what no anchor has named before it.

    `&name` before a value names it, `*name` after that repeats it. PyYAML stops at the first alias
    without an anchor; here every one is told, together with what else is wrong.

    A value that begins with `*` for another reason needs quotes.

    Wrong:

        tasks:
          depth: {loss: &robust {type: huber, delta: 0.5}}
          disparity: {loss: *robst}

    Right:

        tasks:
          depth: {loss: &robust {type: huber, delta: 0.5}}
          disparity: {loss: *robust}
    """

    code = "unknown-alias"
    severity = "error"


class RecursiveAlias(Code):
    """An alias stands inside the value that it repeats.

    Such a value has no end. PyYAML builds a mapping that holds itself, and the error comes from
    whoever walks it next: `json.dumps` finds a circular reference, a loop over it never ends.

    Wrong:

        tasks:
          depth: &depth
            loss: huber
            y_true: *depth

    Right:

        tasks:
          depth: &depth
            loss: huber
          disparity:
            <<: *depth
            weight: 0.5
    """

    code = "recursive-alias"
    severity = "error"


class AliasBomb(Code):
    """With its aliases written out, the file holds more than 150,000 values.

    An alias of a list of aliases multiplies: nine lines of nine aliases each stand for 400 million
    values. PyYAML makes references of them, which cost nothing until something copies, validates or
    prints the data; nested merges cost it 74 seconds for a file of 644 bytes. Here the size is
    counted before anything is built.

    Wrong:

        constants:
          a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
          b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
          c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
          d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
          prior: [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
        tasks:
          word: {loss: huber, weight: "take(prior, y_true.word_id)"}

    Right:

        constants:
          prior: prior.npy
        tasks:
          word: {loss: huber, weight: "take(prior, y_true.word_id)"}

    Files:

        prior.npy: [0.5, 1.0, 2.0]
    """

    code = "alias-bomb"
    severity = "error"


class InvalidMerge(Code):
    """What stands behind `<<` is no mapping, or `<<` stands twice in one mapping.

    `<<: *name` takes over the fields of the mapping that `&name` names; fields written beside it
    win. For several, `<<: [*name, *other]`, the first wins. Given twice instead, PyYAML lets the
    last win without a word.

    Wrong:

        tasks:
          depth: &dense
            loss: huber
            mask: y_true > 0
          disparity:
            <<: dense
            weight: 0.5

    Right:

        tasks:
          depth: &dense
            loss: huber
            mask: y_true > 0
          disparity:
            <<: *dense
            weight: 0.5
    """

    code = "invalid-merge"
    severity = "error"
