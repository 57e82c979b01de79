"""What the readers of small languages raise: a fact and the offsets it is about."""

from __future__ import annotations


class TextError(ValueError):
    """A text of ours is wrong between two of its offsets.

    Whoever knows the file the text stands in turns it into a Problem.
    """

    def __init__(
        self, message: str, start: int, end: int, *, help: str | None = None, code: str
    ) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end
        self.help = help
        self.code = code


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
    ) -> None:
        super().__init__(message, start, end, help=help, code=code)


class SignatureError(TextError):
    """A signature cannot be read."""

    def __init__(self, message: str, start: int, end: int, *, help: str | None = None) -> None:
        super().__init__(message, start, end, help=help, code="invalid-signature")
