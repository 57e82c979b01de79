"""Hostile inputs drawn from a number: mutated specs, as text, bytes and data, and overrides."""

from __future__ import annotations

import copy
import functools
import io
import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from composer.language.diagnostics import SpecError
from composer.language.yaml.document import read_document
from tests.locations.specs import subject
from tests.locations.writing import write

ROOT = Path(__file__).parents[1]
PIECES: list[str] = [
    *"{}[]()\"'`:,#&*!|>%@?-~=.+/<\n\t \\\r\0\x1b\x9b\ufeff\u2028\u202e\u200bé深\u0301🙂\ud800",
    ": ", "- ", "? ", "<<: ", "<<: *x\n", "*x", "&x ", "!!str ", "!!python/name:os.system ", "---\n",
    "...\n", "%YAML 1.1\n", "  ", "\n\n", "\r\n", "a: 1\n", "f(x, y)", "a[b, c]", "::error::", "::",
    "%0A", "$(id)", "# losscomp: ignore\n", "# losscomp: ignore[zero-weight]", "</script>", "\\u0000",
]  # fmt: skip
TOKENS = [
    "y_true", "y_pred", "y_true.a", 'y_pred["é"]', "step", "c", "0", "1", "-1", "1e30", "1e-45", "255",
    "0.5", "True", "None", "(", ")", "[", "]", ",", ".", ":", "...", "+", "-", "*", "/", "//", "%", "**",
    "==", "!=", "<", ">=", "=", "and", "or", "not", "in", "if", "else", "lambda", "&", "|", "~", "axis=-1",
    "abs(", "sum(", "mean(", "any(", "take(c, ", "last_axis(c)", "ramp(step, ", "piecewise(step, [1], [",
    "cycle(step, 1, [", "softmax(", "one_hot(", "argmax(", "where(", "clip(", "isfinite(", "log(",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 2**63, -(2**63), 10**400, 1e308, 5e-324, float("nan"), float("inf"),
    -0.0, "", " ", "on", "~", "huber", "y_true", "0.5", "1:30", "x" * 300, "深" * 99, "\x1b[2J", "\0",
    "\u202e", "\ud800", [], {}, [[]], [[[[1]]]], {"": {}}, {"type": "huber"}, [1, [2]], [True, 1],
    list(range(300)), {"a": {"b": {"c": 1}}}, "table.npy", "../../etc/passwd", "float32[batch]",
    "float32[...]", "int32[batch, h, 0]", "[", "float32[" + "a, " * 40 + "]", "[" * 99, "9" * 999,
    "-" * 70 + "1", "(" * 70 + "1" + ")" * 70, "y_true" + ".a" * 99, "1 + " * 60 + "1", "9**9**9",
]  # fmt: skip
WORDS = ["tasks", "loss", "type", "weight", "mask", "y_true", "y_pred", "name", "constants", "tensors",
         "reduction", "regularization", "total", "step", "huber", "triplet", "dice", "center", "<<", "a"]  # fmt: skip


@dataclass(frozen=True)
class Hostile:
    """One input: the bytes of a spec, overrides of it, and the bytes of a batch."""

    number: int
    content: bytes
    overrides: Sequence[str]
    batch: bytes

    def __str__(self) -> str:
        return f"hostile({self.number}): {self.content!r} with --set {list(self.overrides)!r}"


def hostile(number: int) -> Hostile:
    """The input of a number; always the same one."""
    rng = random.Random(number)
    way = rng.choice([_of_text, _of_text, _of_data, _of_data, _of_bytes])
    overrides = [_override(rng) for _ in range(rng.choice([0, 0, 0, 1, 2]))]
    return Hostile(number, way(rng), overrides, _batch(rng))


@functools.cache
def corpus() -> list[str]:
    """The specs of the project, right ones and wrong ones."""
    files = [*ROOT.glob("configs/**/*.yaml"), *ROOT.glob("tests/mistakes/**/*.yaml")]
    return [file.read_text(encoding="utf-8") for file in sorted(files)]


def a_spec(rng: random.Random) -> str:
    if rng.random() < 0.7:
        return rng.choice(corpus())
    text: str = write(subject(rng).root, rng).text
    return text


def _of_text(rng: random.Random) -> bytes:
    text = a_spec(rng)
    for _ in range(rng.choice([1, 1, 2, 3, 8])):
        text = rng.choice(_EDITS)(rng, text)
    return text[: 1 << 20].encode("utf-8", "surrogatepass")


def _of_bytes(rng: random.Random) -> bytes:
    content = _with_bytes(rng, _of_text(rng))
    if rng.random() < 0.1:
        return content.decode("utf-8", "replace").encode(rng.choice(["utf-16", "utf-32"]))
    return content


def _with_bytes(rng: random.Random, content: bytes) -> bytes:
    """The content with some bytes changed, lost or added."""
    changed = bytearray(content)
    for _ in range(rng.choice([1, 3, 20])):
        at = rng.randrange(len(changed) + 1)
        changed[at : at + rng.choice([0, 1, 4])] = rng.randbytes(rng.choice([0, 1, 2]))
    return bytes(changed)


def _batch(rng: random.Random) -> bytes:
    """A `.npz` file with other bytes, and seldom a right one."""
    content = batch()
    return content if rng.random() < 0.2 else _with_bytes(rng, content)


@functools.cache
def batch() -> bytes:
    """Arrays for a few heads."""
    import numpy as np

    stream = io.BytesIO()
    names = [f"{side}.{name}" for side in ("y_true", "y_pred") for name in ("a", "depth", "scene")]
    arrays: dict[str, Any] = dict.fromkeys(names, np.ones((2, 3), "float32"))
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def _of_data(rng: random.Random) -> bytes:
    """A spec with other values, as JSON, which is YAML; at times without quotes."""
    data = a_mapping(rng)
    for _ in range(rng.choice([1, 1, 2, 4])):
        _change(rng, data)
    text = json.dumps(data, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, 2]))
    if rng.random() < 0.5:
        text = re.sub(r'"([a-z_]+)"', r"\1", text)
    return text.encode("utf-8", "surrogatepass")


def a_mapping(rng: random.Random) -> dict[str, Any]:
    while True:
        try:
            data = read_document(a_spec(rng), "spec.yaml").root.to_python()
        except SpecError:
            continue
        if isinstance(data, dict) and data:
            return data


def _change(rng: random.Random, data: dict[str, Any]) -> None:
    """Replaces, removes, renames, repeats or moves one value somewhere in the data."""
    places = list(_places(data))
    owner, key = rng.choice(places)
    match rng.choice(["replace", "replace", "soup", "remove", "rename", "move", "nest", "add"]):
        case "replace":
            owner[key] = _value(rng)
        case "soup":
            owner[key] = soup(rng)
        case "remove":
            del owner[key]
        case "rename" if isinstance(owner, dict):
            owner[rng.choice(WORDS)] = owner.pop(key)
        case "move":
            other, place = rng.choice(places)
            if place in other if isinstance(other, dict) else place < len(other):
                owner[key] = json.loads(json.dumps(other[place]))
        case "nest":
            for _ in range(rng.choice([1, 3, 20])):
                owner[key] = rng.choice([[owner[key]], {rng.choice(WORDS): owner[key]}])
        case _ if isinstance(owner, dict):
            owner[rng.choice(WORDS)] = _value(rng)
    data.setdefault("tasks", {})


def _value(rng: random.Random) -> Any:
    """One of the values, that others may be put into."""
    return copy.deepcopy(rng.choice(VALUES))


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Everything with a place in the data: its owner, and its key or number there."""
    for key, inner in node.items() if isinstance(node, dict) else enumerate(node):
        yield node, key
        if isinstance(inner, dict | list):
            yield from _places(inner)


def soup(rng: random.Random) -> str:
    """What is hardly an expression."""
    return rng.choice(["", " "]).join(rng.choice(TOKENS) for _ in range(rng.choice([1, 3, 8, 40])))


def _override(rng: random.Random) -> str:
    names = rng.choices(
        [*WORDS, "loss[0]", "[1]", '"a.b"', "深", "", "[999999999]"], k=rng.randint(1, 5)
    )
    value = rng.choice([soup(rng), str(rng.choice(VALUES)), json.dumps(rng.choice(VALUES)), ""])
    text = ".".join(names) + rng.choice(["=", "=", "=", "", " = ", "=="]) + value
    text = _piece(rng, text) if rng.random() < 0.2 else text
    return text.replace("\0", "")  # which no command line holds


# Edits of text


def _piece(rng: random.Random, text: str) -> str:
    at, length = rng.randrange(len(text) + 1), rng.choice([0, 0, 1, 1, 3, 20])
    return text[:at] + rng.choice(PIECES) + text[at + length :]


def _soup_for_a_value(rng: random.Random, text: str) -> str:
    places = [found.start() for found in re.finditer(r"(?<=: )\S", text)] or [0]
    at = rng.choice(places)
    end = text.find("\n", at)
    return text[:at] + soup(rng) + (text[end:] if end >= 0 else "")


def _number(rng: random.Random, text: str) -> str:
    numbers = list(re.finditer(r"\d+(\.\d+)?", text))
    if not numbers:
        return text
    found = rng.choice(numbers)
    return text[: found.start()] + str(rng.choice(VALUES[3:13])) + text[found.end() :]


def _word(rng: random.Random, text: str) -> str:
    words = list(re.finditer(r"[A-Za-z_]\w*", text))
    if not words:
        return text
    found = rng.choice(words)
    return text[: found.start()] + rng.choice([*WORDS, *TOKENS]) + text[found.end() :]


def _lines(rng: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.choice(["repeat", "remove", "swap", "indent"]):
        case "repeat":
            lines[at:at] = [lines[other]] * rng.choice([1, 1, 5, 300])
        case "remove":
            del lines[at]
        case "swap":
            lines[at], lines[other] = lines[other], lines[at]
        case _:
            lines[at] = rng.choice([" ", "  ", "\t", "- "]) + lines[at].lstrip(" ")
    return "".join(lines)


def _splice(rng: random.Random, text: str) -> str:
    other = a_spec(rng)
    return text[: rng.randrange(len(text) + 1)] + other[rng.randrange(len(other) + 1) :]


def _swell(rng: random.Random, text: str) -> str:
    """A part of the text many times over."""
    at = rng.randrange(len(text) + 1)
    part = text[at : at + rng.choice([1, 2, 5, 40])] or rng.choice(PIECES)
    return text[:at] + part * rng.choice([10, 100, 3_000]) + text[at:]


def _cut(rng: random.Random, text: str) -> str:
    return text[: rng.randrange(len(text) + 1)]


_EDITS: list[Callable[[random.Random, str], str]] = [
    _piece, _piece, _piece, _soup_for_a_value, _number, _word, _lines, _splice, _swell, _cut,
]  # fmt: skip
