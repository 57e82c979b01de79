"""Expressions as tokens, so that a fault knows which of them it puts in."""

from __future__ import annotations

import keyword
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.locations.tree import Scalar, Span

_TOKEN = re.compile(r"\s+|[A-Za-z_]\w*|(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|\.\.\.|[<>=!]=|\*\*|//|.")
_WORDS = {
    **dict.fromkeys(("and", "or", "not", "in"), "logic"), **dict.fromkeys(("True", "False"), "bool"),
    **dict.fromkeys(("y_true", "y_pred"), "bare"), "step": "step",
}  # fmt: skip


@dataclass
class Token:
    """A piece of an expression; `names` are those of the tensor that it reads."""

    kind: str
    text: str
    names: tuple[str, ...] = ()


@dataclass(eq=False)
class Expr(Scalar):
    """An expression as tokens."""

    tokens: list[Token] = field(default_factory=list)
    loose: bool = True

    @property
    def whole(self) -> Span:
        """The offsets of all of it."""
        return 0, len(self.text)

    def span(self, at: int, number: int = 1) -> Span:
        """The offsets of a token, or of a number of them."""
        before = sum(len(token.text) for token in self.tokens[:at])
        return before, before + sum(len(token.text) for token in self.tokens[at : at + number])

    def put(self, at: int, *tokens: Token, over: int = 1) -> Span:
        """Puts tokens in the place of one, or of a number of them; gives their offsets."""
        self.tokens[at : at + over] = tokens
        self.text = "".join(token.text for token in self.tokens)
        return self.span(at, len(tokens))

    def before(self, at: int) -> str:
        """The text before a token."""
        return "".join(token.text for token in self.tokens[:at])


def expr(*parts: str | Token) -> Expr:
    """An expression from text and tokens."""
    found = Expr("")
    for part in parts:
        found.put(len(found.tokens), *(split(part) if isinstance(part, str) else [part]), over=0)
    return found


def split(text: str) -> Iterator[Token]:
    """The tokens of a text that names no tensor."""
    for match in _TOKEN.finditer(text):
        word = match.group()
        if word.isspace():
            yield Token("blank", word)
        elif word[0].isalpha() or word[0] == "_":
            after = text[match.end() :].lstrip()
            by_place = {"(": "function", "=": "parameter"}.get(after[:1], "name")
            yield Token(_WORDS.get(word, by_place), word)
        else:
            yield Token("number" if re.search("[0-9]", word) else "operator", word)


def tensor(side: str, names: tuple[str, ...], rng: random.Random) -> Token:
    """A tensor of the batch by its full name."""
    return Token("tensor", side + "".join(named(name, rng) for name in names), names)


def named(name: str, rng: random.Random) -> str:
    """A part of a tensor's name, with a dot or in brackets."""
    is_word = re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII) and not keyword.iskeyword(name)
    if is_word and rng.random() < 0.8:
        return f".{name}"
    quote = rng.choice("'\"")
    return "[" + quote + name.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote + "]"
