"""The pages on Keras tell the truth: all that they show is what the installed Keras and losscomp print."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from tests.command import ROOT
from tests.docs.pages import Step, steps_of

WRITTEN_FOR = "3.15.1"
KERAS = Path(*importlib.util.find_spec("keras").submodule_search_locations)
INSTALLED = re.search(r'__version__ = "(.*)"', (KERAS / "src/version.py").read_text()).group(1)
FOLDER = ROOT / "docs" / "keras"
INDEX = FOLDER / "README.md"
PAGES = sorted(page for page in FOLDER.glob("*.md") if page != INDEX)
STEPS = [
    (page, number)
    for page in PAGES
    for number, step in enumerate(steps_of(page))
    if step.kind != "yaml"  # which prints nothing, whatever it holds
]
SECTIONS = ["In Keras", "In losscomp", "Where the guarantee ends"]


def name_of(value: object) -> str:
    return value.stem if isinstance(value, Path) else str(value)


@pytest.mark.parametrize(("page", "number"), STEPS, ids=name_of)
def test_a_step_prints_what_the_page_shows(page: Path, number: int, followed):
    step = steps_of(page)[number]
    printed, code = followed[str(page)][number]
    place = f"{page.relative_to(ROOT)}:{step.line}"
    assert printed == step.shown, f"{place}: {blame(page, step)}"
    assert code == exit_code(step), place


def blame(page: Path, step: Step) -> str:
    """Who has changed since the page was written."""
    if step.section != "In Keras":
        return "losscomp prints something else than the page shows"
    if INSTALLED == WRITTEN_FOR:
        return f"Keras {INSTALLED} prints something else than the page shows"
    return (
        f"Keras {INSTALLED} prints something else than Keras {WRITTEN_FOR}, for which "
        f"{page.name} was written: the page needs an update"
    )


def exit_code(step: Step) -> int:
    """1 where a command finds what must not be."""
    return int(step.kind == "console" and bool(re.search(r"error\[|not finite", step.shown)))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_says_for_which_keras_it_was_written(page: Path):
    assert f"\nWritten for Keras {WRITTEN_FOR}." in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_shows_both_sides_and_the_limits(page: Path):
    shown = {step.section for step in steps_of(page) if step.shown}
    assert shown == set(SECTIONS)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_functions_that_a_page_names_are_where_it_says(page: Path):
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"`([\w.]+)`\s+in\s+`keras/(src/[\w/]+\.py)`", text)
    missing = [f"{name} in {file}" for name, file in named if not is_defined(name, file)]
    assert named
    assert not missing, f"not so in Keras {INSTALLED}: {page.name} needs an update"


def is_defined(name: str, file: str) -> bool:
    """Whether Keras's file defines every part of a dotted name."""
    source = (KERAS / file).read_text(encoding="utf-8")
    return all(re.search(rf"^ *(def|class) {part}\b", source, re.M) for part in name.split("."))


def rows() -> dict[str, list[str]]:
    """The table of the index: the page that a row links to, and its cells."""
    lines = [line for line in INDEX.read_text(encoding="utf-8").splitlines() if "](" in line]
    return {re.search(r"\]\((.*?)\)", line).group(1): line.split("|")[1:-1] for line in lines}


def test_the_index_has_a_row_for_every_page():
    assert sorted(rows()) == [page.name for page in PAGES]
    assert f"| Keras {WRITTEN_FOR} gives |" in INDEX.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_what_a_row_of_the_index_quotes_is_shown_on_its_page(page: Path):
    _, keras, losscomp = rows()[page.name]
    steps = steps_of(page)
    for cell, sections in ((keras, SECTIONS[:1]), (losscomp, SECTIONS[1:])):
        shown = "".join(step.shown for step in steps if step.section in sections)
        quoted = re.findall(r"`([^`]+)`", cell)
        assert quoted
        assert all(quote in shown for quote in quoted), (quoted, shown)
