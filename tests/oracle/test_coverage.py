"""Every seed vector is spoken for, once; the numbers of them are pinned."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from oracle.coverage import BY_STEPS, NOT_EXPRESSIBLE, places
from oracle.repairs import REPAIRS
from oracle.vectors import cases, meta

COUNTS = {
    ("ok", "agrees"): 655,
    ("ok", "by steps"): 1,
    ("ok", "not expressible"): 4,
    ("trap", "decided"): 28,
    ("error", "decided"): 30,
    ("oracle_broken", "decided"): 25,
}
README = Path(__file__).parent / "README.md"


def test_every_case_has_exactly_one_place():
    found = {case.id: places(case) for case in cases().values()}
    assert {id: each for id, each in found.items() if len(each) != 1} == {}


def test_the_counts_are_those_we_know_of():
    counts = Counter((case.status, places(case)[0]) for case in cases().values())
    for (status, place), number in sorted(counts.items()):
        print(f"{number:4} {status}: {place}")
    assert counts == COUNTS


def test_the_file_holds_what_it_says():
    assert len(cases()) == meta()["count"] == sum(COUNTS.values())
    assert meta()["by_status"] == Counter(case.status for case in cases().values())


def test_no_table_speaks_of_a_case_that_is_not_there():
    assert {*NOT_EXPRESSIBLE, *BY_STEPS, *REPAIRS} <= cases().keys()


def test_the_readme_lists_what_is_not_covered_and_what_was_repaired():
    text = README.read_text(encoding="utf-8")
    assert [id for id in [*NOT_EXPRESSIBLE, *REPAIRS] if f"`{id}`" not in text] == []


def test_the_readme_has_the_counts():
    text = README.read_text(encoding="utf-8")
    for (status, place), number in COUNTS.items():
        assert f"| `{status}` | {place} | {number} |" in text
