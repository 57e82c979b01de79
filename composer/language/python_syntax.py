"""The text of an expression to Python's own syntax tree, or to what is wrong with it."""

from __future__ import annotations

import ast
import re
import warnings

from composer.language.diagnostics import quote
from composer.language.errors import ExpressionError
from composer.language.lexing import MAX_DEPTH, check_characters, too_deep

MAX_LENGTH = 2_000

_PER_CENT = re.compile(r"(\d+(?:\.\d+)?)\s*%", re.ASCII)
_BLANKS = " \t\n\r"
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|' r"'(?:[^'\\]|\\.)*'|[\w.]+|\*\*|//|[<>=!]=|.", re.DOTALL)


def parse_python(text: str) -> ast.expr:
    """Python's syntax tree of an expression; raises ExpressionError alone, whatever the text.

    Offsets in the tree count from the first character that is no blank, in UTF-8 bytes.
    """
    _check_length(text)
    check_characters(text)
    body = _parse(text)
    _check_depth(body, len(text))
    return body


def span_of(node: ast.AST, text: str) -> tuple[int, int]:
    """The offsets of a node in the text."""
    start, end = node.col_offset, node.end_col_offset  # type: ignore[attr-defined]  # every expr has them
    indent = _indent(text)
    if text.isascii():
        return start + indent, end + indent
    encoded = text[indent:].encode()
    return len(encoded[:start].decode()) + indent, len(encoded[:end].decode()) + indent


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(_BLANKS))


def _check_length(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            f"an expression has at most {MAX_LENGTH} characters, found {len(text)}",
            0,
            len(text),
            help="split it over several losses, or compute it in the data pipeline",
            code="expression-too-large",
        )
    if not text.strip(_BLANKS):
        raise ExpressionError("an expression is required, found nothing", 0, len(text))


def _parse(text: str) -> ast.expr:
    """Python's parser; all that it may raise on hostile text becomes ExpressionError."""
    # Line breaks mean nothing here; as blanks they keep every offset on one line.
    flat = text.lstrip(_BLANKS).replace("\n", " ").replace("\r", " ")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return ast.parse(flat, mode="eval").body
    except SyntaxError as error:
        raise _syntax_error(text, error.offset or 0) from None
    except (MemoryError, RecursionError):
        raise too_deep(0, len(text)) from None
    except (ValueError, OverflowError, Warning):
        raise ExpressionError("the expression cannot be read", 0, len(text)) from None


def _check_depth(body: ast.expr, length: int) -> None:
    """Level by level, so that a hostile tree cannot exhaust the stack."""
    level: list[ast.AST] = [body]
    for _ in range(MAX_DEPTH):
        children = [child for node in level for child in ast.iter_child_nodes(node)]
        level = [child for child in children if isinstance(child, ast.expr | ast.keyword)]
        if not level:
            return
    raise too_deep(0, length)


def _syntax_error(text: str, offset: int) -> ExpressionError:
    """`offset` is Python's, from 1; it gives 0 where the text ends too early."""
    end = len(text.rstrip(_BLANKS))
    start = _indent(text) + offset - 1 if offset > 0 else end
    while 0 < start < end and _is_word(text[start - 1 : start + 1]):
        start -= 1
    if start >= end:
        return _ended(text, end)
    found = _TOKEN.match(text, start)
    word = found.group() if found else ""
    help, meant = _help(word, text[:start].rstrip(_BLANKS))
    return ExpressionError(
        f"the expression cannot be read at {quote(word)}",
        start,
        start + len(word),
        help=help,
        replacement=meant,
    )


def _ended(text: str, end: int) -> ExpressionError:
    """The text ends too early; `50%` looks like a division that goes on."""
    share = _PER_CENT.fullmatch(text.strip(_BLANKS))
    if share is None:
        return ExpressionError("the expression ends where a value is required", end, end)
    number = f"{float(share[1]) / 100:.12g}"
    message = f"a number has no `%`, found {quote(share[0])}"
    help = f"write `{number}`"
    return ExpressionError(message, _indent(text), end, help=help, replacement=number)


def _is_word(pair: str) -> bool:
    return re.fullmatch(r"[\w.]{2}", pair) is not None


def _help(word: str, before: str) -> tuple[str | None, str | None]:
    """What to write instead of a word, and the text in its place if that is all."""
    if word.lower() in ("and", "or", "not", "in") and not word.islower():
        return f"write `{word.lower()}`", word.lower()
    if re.fullmatch(r"0\d+", word):
        return f"write `{word.lstrip('0') or '0'}`", None
    if word == "=":
        return "compare with `==`", "=="
    if "\\" in word:
        return "write `\\\\` for a backslash", None
    if re.match(r"\w", word) and re.search(r"[\w)\]\"']$", before):
        return "an operator or a comma is missing before it", None
    return None, None
