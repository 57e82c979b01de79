"""The pages tell the truth: all that they show is what losscomp, TensorFlow and Keras print."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from composer.losses import CATALOGUE
from tests.command import ROOT
from tests.docs.pages import Step, rounded, steps_of
from tests.docs.write import written

DOCS = ROOT / "docs"
PAGES = [page for page in sorted(DOCS.rglob("*.md")) if page.parent.name != "keras"]
STEPS = [
    (page, number)
    for page in PAGES
    for number, step in enumerate(steps_of(page))
    if not step.file  # which prints nothing, whatever it holds
]


def name_of(value: object) -> str:
    return value.relative_to(DOCS).as_posix() if isinstance(value, Path) else str(value)


@pytest.mark.parametrize(("page", "number"), STEPS, ids=name_of)
def test_a_step_prints_what_the_page_shows(page: Path, number: int, followed):
    step = steps_of(page)[number]
    printed, code = followed[str(page)][number]
    place = f"{page.relative_to(ROOT)}:{step.line}"
    assert rounded(printed) == rounded(step.shown), f"{place}: see tests/docs/write.py"
    assert code == exit_code(step), place


def exit_code(step: Step) -> int:
    """1 where a command finds what must not be, or a difference."""
    found = r"error\[|not finite|::error|\"errors\": 1|\d changed|^--- "
    return int(step.kind == "console" and bool(re.search(found, step.shown)))


def test_a_page_is_written_anew_with_what_its_steps_print():
    fence = "```"
    page = f"{fence}python\nprint(1)\n{fence}\n\n{fence}text\n2\n{fence}\n\n{fence}console\n$ a\n3\n{fence}\n"
    assert written(page, ["1\n", "4\n"]) == page.replace("\n2\n", "\n1\n").replace("3\n", "4\n")


def test_numbers_are_compared_to_four_digits():
    assert rounded("loss 0.679657 of 1.70001e-05, 96.5 %") == "loss 0.6797 of 1.7e-05, 96.5 %"


def test_the_pages_quote_what_the_readme_marks():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    quoted = {
        name
        for page in PAGES
        for name in re.findall(r'"README\.md:([a-z-]+)"', page.read_text(encoding="utf-8"))
    } | {"batches", "exit-codes"}  # which the page of all commands quotes
    for kind in ("start", "end"):
        marks = re.findall(rf"^<!-- --8<-- \[{kind}:([a-z-]+)\] -->$", readme, re.MULTILINE)
        assert sorted(marks) == sorted(quoted)


KERAS = (DOCS / "migration" / "keras.md").read_text(encoding="utf-8")


def test_every_loss_of_keras_is_spoken_of():
    losses = re.findall(r"^class (\w+)\(LossFunctionWrapper", source_of("losses.py"), re.MULTILINE)
    assert len(losses) > 20
    assert not [name for name in losses if name not in KERAS]


def test_every_reduction_of_keras_is_in_the_table():
    (allowed,) = re.findall(r"allowed = \{(.*?)\}", source_of("loss.py"), re.DOTALL)
    rows = re.findall(r"^\| (`.*?`) \| `", KERAS, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(rows))) == set(re.findall(r'"(\w+)"', allowed))


def source_of(file: str) -> str:
    """A file of the losses of the installed Keras, which takes seconds to import."""
    (package,) = importlib.util.find_spec("keras").submodule_search_locations
    return Path(package, "src", "losses", file).read_text(encoding="utf-8")


def test_what_keras_and_losscomp_give_is_equal_but_for_two_losses():
    (table,) = re.findall(r"\n(MeanSquaredError .*?)```", KERAS, re.DOTALL)
    rows = [line.split() for line in table.splitlines()]
    unequal = [theirs for theirs, there, here, _ in rows if there != here]
    assert unequal == ["CategoricalFocalCrossentropy", "CosineSimilarity"]
    assert {ours for *_, ours in rows} <= set(CATALOGUE)
