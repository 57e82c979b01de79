"""Code: what the code of a problem means, told once, in the docstring of a class."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from textwrap import dedent
from typing import ClassVar

from composer.language.diagnostics import Severity

_EXAMPLES = ["Wrong", "Right"]
_EVIDENCE = {"Batch", "Model", "Files"}
_HEADING = re.compile(r"^([A-Z][a-z]+):\n", re.MULTILINE)


class Code:
    """A kind of problem; the docstring is its explanation, in the form that `explanation` reads.

    One sentence, one or more paragraphs, and the sections `Wrong:` and `Right:` with an example
    each. What both examples are checked on follows as YAML: `Batch:` maps the names of arrays to
    nested lists, or to `{dtype: float32, values: …}`, and so does `Files:` for the `.npy` files
    beside the spec; `Model:` maps the outputs of a Keras model to their shapes without the batch.
    """

    code: ClassVar[str]
    severity: ClassVar[Severity]


@dataclass(frozen=True, slots=True)
class Example:
    """A spec, or a shell session of commands that each stand on a line beginning with `$ `.

    Attributes:
        text: the spec, or the session.
        batch: the arrays that the spec is checked on; empty for none, as the next two.
        model: the outputs of the Keras model that it is checked on.
        files: the `.npy` files beside it.
    """

    text: str
    batch: str = ""
    model: str = ""
    files: str = ""

    @property
    def is_session(self) -> bool:
        return self.text.startswith("$ ")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a code means, why that matters, and what to write instead.

    Attributes:
        code: the code.
        severity: `error` or `warning`.
        summary: one sentence.
        reason: paragraphs, each on one line, with an empty line between them.
        wrong: an example with this problem and no other.
        right: the same without a problem.
    """

    code: str
    severity: Severity
    summary: str
    reason: str
    wrong: Example
    right: Example


def explanation(cls: type[Code]) -> Explanation:
    """Reads the docstring of a code; raises ValueError where it is not of the form."""
    try:
        summary, reason, sections = _read(inspect.cleandoc(cls.__doc__ or ""))
    except ValueError as error:
        raise ValueError(f"the docstring of {cls.__name__} {error}") from None
    evidence = {name.lower(): text for name, text in sections.items() if name in _EVIDENCE}
    wrong, right = (Example(sections[name], **evidence) for name in _EXAMPLES)
    return Explanation(cls.code, cls.severity, summary, reason, wrong, right)


def _read(text: str) -> tuple[str, str, dict[str, str]]:
    """The summary, the reason, and the sections by their headings."""
    told, *rest = _HEADING.split(text)
    summary, *paragraphs = [" ".join(each.split()) for each in told.strip().split("\n\n")]
    if not summary.endswith("."):
        raise ValueError("begins with no sentence")
    if not paragraphs:
        raise ValueError("gives no reason")
    names, bodies = rest[::2], rest[1::2]
    if names[:2] != _EXAMPLES or len({*names}) < len(names) or not {*names[2:]} <= _EVIDENCE:
        raise ValueError(f"has the sections {', '.join(names) or 'none'}; see `Code`")
    return summary, "\n\n".join(paragraphs), dict(zip(names, map(_body, bodies), strict=True))


def _body(text: str) -> str:
    """An example without its indent."""
    lines = text.strip("\n").split("\n")
    if not text.strip() or any(line and not line.startswith("    ") for line in lines):
        raise ValueError("has a section that is empty, or text behind it that is not indented")
    return dedent("\n".join(lines)) + "\n"
