"""Codes of `--set`: what is put in the place of what a file says."""

from __future__ import annotations

from composer.codes.base import Code


class InvalidOverride(Code):
    """An override is not of the form `PATH=VALUE`.

    The path names keys from the top, with dots between them; the value is YAML. Blanks around `=`
    make three words of it for a shell, so the whole stands in quotes where it has any.

    Wrong:

        $ echo 'tasks: {depth: {loss: huber}}' > loss.yaml
        $ losscomp check loss.yaml --set tasks.depth.weight:0.3

    Right:

        $ echo 'tasks: {depth: {loss: huber}}' > loss.yaml
        $ losscomp check loss.yaml --set tasks.depth.weight=0.3
    """

    code = "invalid-override"
    severity = "error"


class UnknownPath(Code):
    """The path of an override leads nowhere in the spec.

    A task that is not there is not made up, nor a loss in a list. In a sweep an override that
    misses would give every trial the same loss, and the best of them would win by chance. A field
    that the file leaves out may be set, and its value is checked like the file's.

    Wrong:

        $ echo 'tasks: {depth: {loss: huber}}' > loss.yaml
        $ losscomp check loss.yaml --set tasks.dpeth.weight=0.3

    Right:

        $ echo 'tasks: {depth: {loss: huber}}' > loss.yaml
        $ losscomp check loss.yaml --set tasks.depth.weight=0.3
    """

    code = "unknown-path"
    severity = "error"
