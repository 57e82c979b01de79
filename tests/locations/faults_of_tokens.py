"""Faults of the tokens of expressions: the mark is under the very token."""

from __future__ import annotations

import random
import re

from tests.locations.expressions import Token, split
from tests.locations.faults_of_expressions import VALUES, is_free, site
from tests.locations.injecting import Fault, kind, need
from tests.locations.subjects import Subject

ELSEWHERE = {
    "and": "&&", "or": "||", ">": "≥", "<": "≤", "*": "×", "-": "−", "!=": "≠", "==": "===",
}  # fmt: skip
"""What other languages write, and what a word processor makes of it."""


@kind
def number_that_is_none(rng: random.Random, subject: Subject) -> Fault:
    node, at, _ = site(rng, subject, "number", text="[0-9]+")
    need(len(node.tokens) > 1)  # else YAML has its own word on it
    text, help = rng.choice([("1_000", "write `1000`"), ("012", "write `12`"), ("00_1", "")])
    return Fault("invalid-expression", node, node.put(at, Token("number", text)), help)


@kind
def number_too_large(rng: random.Random, subject: Subject) -> Fault:
    node, at, _ = site(rng, subject, "number")
    need(len(node.tokens) > 1 and is_free(node, at))
    wrong = Token("number", rng.choice(("1e999", "9223372036854775808", "1e-999")))
    return Fault("invalid-expression", node, node.put(at, wrong))


@kind
def operator_of_elsewhere(rng: random.Random, subject: Subject) -> Fault:
    operators = "|".join(map(re.escape, ELSEWHERE))
    node, at, token = site(rng, subject, "logic", "operator", text=operators)
    meant = token.text + "=" * (token.text in "<>")
    wrong = Token("operator", ELSEWHERE[token.text])
    return Fault("invalid-expression", node, node.put(at, wrong), f"write `{meant}`")


@kind
def character_of_no_language(rng: random.Random, subject: Subject) -> Fault:
    node, at, _ = site(rng, subject, *VALUES)
    return Fault("invalid-expression", node, node.put(at, Token("", rng.choice("?$`;\\€🙂"))))


@kind
def hidden_character(rng: random.Random, subject: Subject) -> Fault:
    node, at, _ = site(rng, subject, "blank")
    wrong = Token("blank", rng.choice("\u00a0\u200b\u3000\u202e"))
    return Fault("invalid-character", node, node.put(at, wrong))


@kind
def bits_for_logic(rng: random.Random, subject: Subject) -> Fault:
    node, at, _ = site(rng, subject, "logic", text="or")
    part = node.put(at, Token("operator", "|"))
    return Fault("invalid-expression", node, part, "write `or`")


@kind
def capital_word(rng: random.Random, subject: Subject) -> Fault:
    node, at, token = site(rng, subject, "logic", text="and|or")
    part = node.put(at, Token("name", token.text.upper()))
    return Fault("invalid-expression", node, part, f"write `{token.text}`")


@kind
def assignment(rng: random.Random, subject: Subject) -> Fault:
    node, at, _ = site(rng, subject, "operator", text="==|!=|>")
    before = node.before(at)
    need(before.count("(") == before.count(")"))  # a function takes arguments by `=`
    return Fault("invalid-expression", node, node.put(at, Token("operator", "=")), "==")


@kind
def bracket_never_closed(rng: random.Random, subject: Subject) -> Fault:
    node, at, _ = site(rng, subject, "operator", "logic", text="[*]|and|or|>|==|!=")
    before = node.before(at)
    need(before.count("(") == before.count(")"))
    return Fault("invalid-expression", node, node.put(at + 2, Token("", "("), over=0))


@kind
def bracket_too_many(rng: random.Random, subject: Subject) -> Fault:
    node, _, _ = site(rng, subject, *VALUES, "tensor")
    part = node.put(len(node.tokens), Token("", rng.choice(")]}")))
    return Fault("invalid-expression", node, part)


@kind
def bracket_of_another_kind(rng: random.Random, subject: Subject) -> Fault:
    node, at, _ = site(rng, subject, "operator", text="[)]")
    return Fault("invalid-expression", node, node.put(at, Token("", rng.choice("]}"))))


@kind
def quote_never_closed(rng: random.Random, subject: Subject) -> Fault:
    name = r"y_\w+\[(\"[^\"'\\]+\"|'[^\"'\\]+')\]"
    node, at, token = site(rng, subject, "tensor", text=name)
    start, _ = node.put(at, Token("tensor", token.text[:-2] + "]"))
    need(node.text.count("'") + node.text.count('"') == 1)
    return Fault("invalid-expression", node, (start + len("y_true["), start + len("y_true['")))


@kind
def operator_at_the_end(rng: random.Random, subject: Subject) -> Fault:
    node, _, _ = site(rng, subject, *VALUES, "tensor")
    node.put(len(node.tokens), *split(rng.choice((" *", " +", " >", " and"))))
    end = len(node.text)
    return Fault("invalid-expression", node, (end, end))


@kind
def operator_missing(rng: random.Random, subject: Subject) -> Fault:
    node, at, _ = site(rng, subject, "tensor", "bare", "step", "name")
    before = node.before(at)
    need(before.count("(") == before.count(")") and is_free(node, at))
    start, end = node.put(at + 1, *split(" 7"), over=0)
    return Fault("invalid-expression", node, (start + 1, end))
