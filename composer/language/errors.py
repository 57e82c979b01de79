"""What the readers of small languages raise: a fact and the offsets it is about."""

from __future__ import annotations

from collections.abc import Sequence

Also = Sequence[tuple[Sequence[str | int], str]]
"""Paths of other places of the spec that take part, and what is there."""


class TextError(ValueError):
    """A text of ours is wrong between two of its offsets.

    Whoever knows the file the text stands in turns it into a Problem.

    Attributes:
        message: what was required and what was found.
        start: the offset of the first character to blame.
        end: the offset just past the last.
        help: what to write instead.
        code: the problem's code.
        replacement: what to write in the place of these characters, where nothing else is meant.
        also: other places that take part.
    """

    def __init__(
        self,
        message: str,
        start: int,
        end: int,
        *,
        help: str | None = None,
        code: str,
        replacement: str | None = None,
        also: Also = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end
        self.help = help
        self.code = code
        self.replacement = replacement
        self.also = also


class ExpressionError(TextError):
    """An expression cannot be read."""

    def __init__(
        self,
        message: str,
        start: int,
        end: int,
        *,
        help: str | None = None,
        code: str = "invalid-expression",
        replacement: str | None = None,
        also: Also = (),
    ) -> None:
        super().__init__(
            message, start, end, help=help, code=code, replacement=replacement, also=also
        )


class SignatureError(TextError):
    """A signature cannot be read."""

    def __init__(
        self,
        message: str,
        start: int,
        end: int,
        *,
        help: str | None = None,
        replacement: str | None = None,
    ) -> None:
        super().__init__(
            message, start, end, help=help, code="invalid-signature", replacement=replacement
        )
