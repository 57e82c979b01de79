"""Random misspellings in random right specs: `--fix` gives back what was meant, comments and all."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from composer.command.checking import Manner, check_files
from composer.language.yaml.document import read_document
from composer.language.yaml.nodes import Node
from composer.losses import CATALOGUE
from composer.losses.names import ELSEWHERE
from composer.reading import examine_text
from tests.locations.injecting import NoRoomError, misspelt
from tests.locations.specs import subject
from tests.locations.writing import write

QUICK, FULL = 80, 1_000
FIELDS = (
    "tasks", "tensors", "constants", "reduction", "regularization", "loss", "weight", "mask",
    "y_true", "y_pred", "type", "name", "delta", "lambda", "label_smoothing", "gamma", "alpha",
    "margin", "smooth", "num_classes", "embedding_size", "pos_weight", "unbiased", "sparse",
    "anchor", "positive", "negative", "distance", "axis", "normalize", "root", "per", "image",
)  # fmt: skip
LOSSES = (*CATALOGUE, *ELSEWHERE)


@dataclass
class Typo:
    """A right text, and the same with one word misspelt."""

    right: str
    wrong: str


def typo(number: int) -> Typo:
    for attempt in range(1_000):
        rng = random.Random(f"{number} {attempt}")
        text = write(subject(rng).root, rng).text
        if any(problem.edits for problem in examine_text(text, "loss.yaml")[1]):
            continue
        start, end, known = rng.choice(list(words(text)))
        try:
            word = misspelt(rng, text[start:end], known)
        except NoRoomError:
            continue
        return Typo(text, text[:start] + word + text[end:])
    raise AssertionError("no spec has a word to misspell")


def words(text: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Where the names of fields and losses stand in a text, and among what."""
    root = read_document(text, "loss.yaml").root
    yield from _keys(text, root)
    for task in root.value["tasks"].value.values():
        yield from _keys(text, task)
        loss = task.value["loss"]
        for each in loss.value if loss.kind == "sequence" else [loss]:
            if each.kind == "mapping":
                yield from _keys(text, each)
            type_ = each.value["type"] if each.kind == "mapping" else each
            yield from _spelled(text, type_, LOSSES)


def _keys(text: str, node: Node) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    for key in node.keys.values():
        yield from _spelled(text, key, FIELDS)


def _spelled(
    text: str, node: Node, known: tuple[str, ...]
) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    start, end = node.stretch(0, len(node.text))
    if text[start:end] == node.text and node.text in known:
        yield start, end, known


def share_restored(numbers: range, directory: Path) -> float:
    """How many mean the same as before; the text of all others is untouched."""
    restored = 0
    for number in numbers:
        each, file = typo(number), directory / "loss.yaml"
        file.write_bytes(each.wrong.encode())
        check_files([str(file)], manner=Manner(fix=True, quiet=2))
        found = file.read_bytes().decode()
        assert found == each.wrong or is_same(found, each.right), (number, each, found)
        restored += found != each.wrong
    return restored / len(numbers)


def is_same(one: str, other: str) -> bool:
    """The same data and the same comments: quotes of the word that was wrong may differ."""
    data = [read_document(text, "loss.yaml").root.to_python() for text in (one, other)]
    return data[0] == data[1] and comments(one) == comments(other)


def comments(text: str) -> list[str]:
    return re.findall(r"(?<=\s)#[^\r\n]*", text)


def test_a_misspelt_word_is_put_right(tmp_path):
    assert share_restored(range(QUICK), tmp_path) > 0.9


@pytest.mark.full
def test_many_misspelt_words_are_put_right(tmp_path):
    assert share_restored(range(QUICK, FULL), tmp_path) > 0.9
