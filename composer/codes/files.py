"""Codes of files that cannot be read at all."""

from __future__ import annotations

from composer.codes.base import Code


class UnreadableFile(Code):
    """The file cannot be opened, or is no regular file.

    A spec is read once, from a regular file or, with `-`, from the standard input. A plain `open`
    of a named pipe that nobody writes to waits for ever; here a pipe, a device or a socket is
    refused at once. `losscomp check DIRECTORY` looks at the specs below a directory.

    The exit code is 2, where a spec with problems gives 1, so that a script can tell a wrong path
    from a wrong spec. ruff gives 1 for both.

    Wrong:

        $ echo 'tasks: {depth: {loss: huber}}' > loss.yaml
        $ losscomp check lost.yaml

    Right:

        $ echo 'tasks: {depth: {loss: huber}}' > loss.yaml
        $ losscomp check loss.yaml
    """

    code = "unreadable-file"
    severity = "error"


class TooLarge(Code):
    """A file, or a value in it, is larger than any spec needs to be.

    A spec takes at most 1 MiB, 60,000 values, and 65,536 characters in one value; a `.npy` file
    beside it at most 64 MiB. What is larger is refused before it takes time or memory: a spec may
    come from a pull request, and `check` is meant for CI. PyYAML has no limits.

    Tables of many numbers belong in a `.npy` file, of which `check` reads the header alone.

    Wrong:

        $ python3 -c "print('constants: {prior:', [0.5] * 70_000, '}')" > loss.yaml
        $ echo 'tasks: {word: {loss: huber, weight: "take(prior, y_true.word_id)"}}' >> loss.yaml
        $ losscomp check loss.yaml

    Right:

        $ python3 -c "import numpy as np; np.save('prior.npy', np.full(70_000, 0.5, 'f4'))"
        $ echo 'constants: {prior: prior.npy}' > loss.yaml
        $ echo 'tasks: {word: {loss: huber, weight: "take(prior, y_true.word_id)"}}' >> loss.yaml
        $ losscomp check loss.yaml
    """

    code = "too-large"
    severity = "error"


class InvalidEncoding(Code):
    r"""The file is not UTF-8.

    YAML is Unicode. A file in Latin-1 or Windows-1252 reads right on the machine where it was
    written and wrong, or not at all, on the next. PyYAML reads UTF-16 too, and of any other
    encoding names a byte offset, without a line. A byte order mark before UTF-8 does no harm.

    Wrong:

        $ echo 'tasks: {depth: {loss: huber}}' > loss.yaml
        $ python3 -c "open('loss.yaml', 'a', encoding='latin-1').write('# f\xfcr KITTI')"
        $ losscomp check loss.yaml

    Right:

        $ echo 'tasks: {depth: {loss: huber}}' > loss.yaml
        $ python3 -c "open('loss.yaml', 'a', encoding='utf-8').write('# f\xfcr KITTI')"
        $ losscomp check loss.yaml
    """

    code = "invalid-encoding"
    severity = "error"


class InvalidCharacter(Code):
    """A control character, or one that cannot be seen.

    Text copied from a web page or a PDF brings no-break spaces and zero-width characters along. In
    a name they make two names of what looks like one, and an override of the writing direction
    shows an expression in another order than it is computed in. PyYAML hands them all on.

    A spec may hold no line separator of YAML 1.1 either (U+0085, U+2028, U+2029): to PyYAML a
    comment ends there, and what an editor shows as the rest of the comment is a field.

    Wrong:

        tasks:
          depth: {loss: huber, mask: "y_true >\u200b 0"}

    Right:

        tasks:
          depth: {loss: huber, mask: "y_true > 0"}
    """

    code = "invalid-character"
    severity = "error"


class EmptyDocument(Code):
    """The file holds no keys, only blanks or comments.

    PyYAML reads such a file as `None`. The common `yaml.safe_load(file) or {}` makes of it a
    configuration with nothing set, and what follows runs on its defaults. A spec without tasks
    has no loss, so an empty one is an accident: all is commented out, or the file was cut off.

    Wrong:

        # tasks:
        #   depth: {loss: huber}

    Right:

        tasks:
          depth: {loss: huber}
    """

    code = "empty-document"
    severity = "error"
