"""What is wrong with the characters of an expression, told before Python's parser reads them."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterator

from composer.language.diagnostics import quote
from composer.language.errors import ExpressionError

MAX_DEPTH = 64

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Zs"}
_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"\\\n\r]|\\[^\n\r])*"|'(?:[^'\\\n\r]|\\[^\n\r])*')
    | (?P<quote>["'])
    | (?P<word>\w+)
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<comment>\#)
    | (?P<odd>&&|\|\||[=!]==|<>|=<|=>|:=|!(?!=)|[?$`;\\]|[^\x00-\x7f])
    | (?P<equals>(?<![=<>!])=(?!=))
    """,
    re.VERBOSE,
)
_MEANT = {
    "&&": "and", "||": "or", "===": "==", "!==": "!=", "<>": "!=", "=<": "<=", "=>": ">=",
    "≤": "<=", "≥": ">=", "≠": "!=", "×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "“": '"',
    "”": '"', "‘": "'", "’": "'",
}  # fmt: skip
_INSTEAD = {"!": "write `not`", "?": "write `where(condition, a, b)`"}
_QUOTED = 'y_true["…"]'
_BEFORE_NOT = re.compile(r"(?:^|[(,]|\b(?:and|or|not)|&&|\|\|)$")
_OPERAND = re.compile(r"(?:\w[\w.]*)?(?:\([^()]*\))?\s*(?:$|[),]|and\b|or\b|&&|\|\|)")
_CLOSES = {")": "(", "]": "[", "}": "{"}
# What Python has for statements; the others (`if`, `lambda`, …) are refused where they are read.
_STATEMENTS = {
    "as", "assert", "async", "break", "class", "continue", "def", "del", "elif", "except",
    "finally", "from", "global", "import", "nonlocal", "pass", "raise", "return", "try", "while",
    "with", "yield",
}  # fmt: skip


def check_characters(text: str) -> None:
    """Raises ExpressionError for the first character, word or bracket that no expression holds."""
    _refuse_hidden(text)
    brackets: list[re.Match[str]] = []
    for token in _TOKEN.finditer(text):
        match token.lastgroup:
            case "word":
                _check_word(token)
            case "open" | "close":
                _check_bracket(token, brackets)
            case "equals":
                _check_equals(token, brackets)
            case "quote" | "comment" | "odd":
                raise _refused(token)
    if brackets:
        raise _error(f"{quote(brackets[-1].group())} is never closed", *brackets[-1].span())


def _refuse_hidden(text: str) -> None:
    """What cannot be seen could hide what an expression does."""
    found = _CONTROL.search(text)
    place = found.start() if found else next(_hidden_places(text), None)
    if place is not None:
        char = text[place]
        is_space = unicodedata.category(char) == "Zs"
        raise ExpressionError(
            f"an expression holds visible characters and plain spaces, found U+{ord(char):04X}",
            place,
            place + 1,
            help="write a plain space" if is_space else "remove it",
            code="invalid-character",
            replacement=" " if is_space else "",
        )


def _hidden_places(text: str) -> Iterator[int]:
    if not text.isascii():
        for place, char in enumerate(text):
            if not char.isascii() and unicodedata.category(char) in _HIDDEN:
                yield place


def _check_word(token: re.Match[str]) -> None:
    word, text = token.group(), token.string
    if not word.isascii():
        # Python folds look-alike letters into one; we never guess which was meant.
        message = f"names outside quotes are ASCII, found {quote(word)}"
        raise _unquoted(token, message, "write it in quotes: ", _QUOTED)
    if text[token.end() : token.end() + 1] in ("'", '"') and _is_prefix(word):
        raise _error(f"text in quotes has no prefix, found {quote(word)}", *token.span())
    if word[0].isdigit() and "_" in word:
        raise _underscored(token)
    if keyword.iskeyword(word):
        _check_keyword(token)


def _underscored(token: re.Match[str]) -> ExpressionError:
    """`1_000`; where it begins with 0, it may be octal to its author."""
    written = token.group().replace("_", "")
    number = written.lstrip("0") or "0" if written.isdigit() else written
    is_clear = number.isdigit() and (number == written or number in "01234567")
    message, help = f"a number has no `_`, found {quote(token.group())}", f"write `{number}`"
    return _error(message, *token.span(), help, number if is_clear else None)


def _is_prefix(word: str) -> bool:
    return len(word) <= 2 and set(word.lower()) <= set("bfrtu")


def _check_keyword(token: re.Match[str]) -> None:
    """`y_true.class` has to be `y_true["class"]`."""
    word = token.group()
    if token.string[: token.start()].rstrip().endswith("."):
        raise _unquoted(token, f"{quote(word)} is a reserved word", "write ", f'["{word}"]')
    if word in _STATEMENTS:
        raise _error(
            f"{quote(word)} is a reserved word",
            *token.span(),
            f'a tensor of that name is written `y_true["{word}"]`',
        )


def _unquoted(token: re.Match[str], message: str, verb: str, example: str) -> ExpressionError:
    """A part of a tensor's name that has to stand in quotes, behind what stands before it."""
    before = token.string[: token.start()].rstrip()
    owner = re.search(r"(?:y_true|y_pred)[\w.]*\.$", before)
    if owner is None:
        return _error(message, *token.span(), f"{verb}`{example}`")
    written = f'{owner.group()[:-1]}["{token.group()}"]'
    return _error(message, owner.start(), token.end(), f"{verb}`{written}`", written)


def _check_bracket(token: re.Match[str], brackets: list[re.Match[str]]) -> None:
    bracket = token.group()
    if bracket not in _CLOSES:
        brackets.append(token)
        if len(brackets) > MAX_DEPTH:
            raise too_deep(*token.span())
        return
    if not brackets:
        raise _error(f"{quote(bracket)} closes no bracket", *token.span())
    opened = brackets.pop()
    if opened.group() != _CLOSES[bracket]:
        raise _error(f"{quote(bracket)} does not close {quote(opened.group())}", *token.span())


def _check_equals(token: re.Match[str], brackets: list[re.Match[str]]) -> None:
    """Only the arguments of a function have `=`."""
    innermost = brackets[-1].end() if brackets else 0
    if not re.search(r"\w\s*\($", token.string[:innermost]):
        message = "nothing is assigned in an expression"
        raise _error(message, *token.span(), "compare with `==`", "==")


def _refused(token: re.Match[str]) -> ExpressionError:
    start, end = token.span()
    if token.lastgroup == "quote":
        return _error("the text that begins here lacks its closing quote", start, end)
    if token.lastgroup == "comment":
        return _error(
            "an expression holds no comment", start, len(token.string), "remove it, from `#` on"
        )
    found = token.group()
    meant = _MEANT.get(found)
    help = f"write `{meant}`" if meant else _INSTEAD.get(found)
    if found == "!" and _is_before_operand(token):
        meant = "not "
    return _error(f"the expression language has no {quote(found)}", start, end, help, meant)


def _is_before_operand(token: re.Match[str]) -> bool:
    """Whether `not` in its place would hold for the same operand: for a name, or for a call."""
    before, behind = token.string[: token.start()].rstrip(), token.string[token.end() :]
    return bool(_BEFORE_NOT.search(before) and _OPERAND.match(behind))


def too_deep(start: int, end: int) -> ExpressionError:
    """The error of an expression that nests too deep."""
    return ExpressionError(
        f"an expression nests at most {MAX_DEPTH} levels deep",
        start,
        end,
        help="split it over several losses, or compute it in the data pipeline",
        code="expression-too-large",
    )


def _error(
    message: str, start: int, end: int, help: str | None = None, replacement: str | None = None
) -> ExpressionError:
    return ExpressionError(message, start, end, help=help, replacement=replacement)
