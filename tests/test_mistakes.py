"""The corpus of mistakes: every wrong spec is told as it should be, every right one passes in silence."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
import yaml

from tests.command import environment, losscomp
from tests.mistakes.corpus import SOUND, cases, lay_out, run, seen, strays
from tests.mistakes.write import main as write_anew

WRONG, RIGHT = cases("wrong"), cases("right")
OF_ARRAYS = {"shapes", "dtypes", "data"}
AS_PROCESS = [
    "wrong/shapes/price_column",
    "wrong/data/ignored_label_let_through",
    "wrong/own_losses/pose_of_six_numbers",
    "wrong/constants/table_of_three_channels_for_four",
    "right/data/masked_region",
]
PLACE = re.compile(r"^(\$ .*|\S+\.yaml(:\d+:\d+)?| *\d+ \|| *\|.*$)", re.MULTILINE)


def named(case):
    return case.name


@pytest.mark.parametrize("case", WRONG + RIGHT, ids=named)
def test_what_is_printed(case, tmp_path):
    assert run(case, tmp_path) == case.expected


@pytest.mark.parametrize("name", AS_PROCESS)
def test_the_command_prints_the_same(name, tmp_path):
    (case,) = (case for case in WRONG + RIGHT if case.name == name)
    lay_out(case, tmp_path)
    outcome = losscomp(*case.arguments, cwd=tmp_path, megabytes=2000)
    assert outcome.stderr == ""
    assert seen(case, outcome.code, outcome.stdout) == case.expected


def test_a_batch_is_looked_at_without_tensorflow(tmp_path):
    (case,) = (case for case in RIGHT if case.name == "right/data/masked_region")
    lay_out(case, tmp_path)
    program = (
        "import sys\n"
        "from composer.command.checking import Evidence, check_files\n"
        f"check_files([{case.spec.name!r}], Evidence(batch='batch.npz'))\n"
        "print(sorted({'numpy', 'tensorflow', 'keras'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "['numpy']"


@pytest.mark.parametrize("case", WRONG, ids=named)
def test_a_wrong_spec_has_a_problem(case):
    severities = set(re.findall(r"(error|warning)\[", case.expected))
    code = re.search(r"\(exit code (\d)\)\n\Z", case.expected)
    assert severities
    assert (code and code[1]) == ("1" if "error" in severities else None)


@pytest.mark.parametrize("case", RIGHT, ids=named)
def test_a_right_spec_has_none(case):
    _, *notes, last = case.expected.splitlines(keepends=True)
    assert last == SOUND
    assert all(re.match(r"\S+: \w+/\w+ keeps [\d.]+ % of its elements", note) for note in notes)
    assert case.transcript.exists() == bool(notes), "what prints nothing has no .txt"


@pytest.mark.parametrize("case", WRONG + RIGHT, ids=named)
def test_a_spec_begins_with_its_story(case):
    first = case.spec.read_text(encoding="utf-8").splitlines()[0]
    assert re.fullmatch(r"# \S.*\.", first)


def test_the_corpus_is_large_enough():
    assert len(WRONG) >= 120
    assert sum(case.topic in OF_ARRAYS for case in WRONG) >= 50
    assert len(RIGHT) >= 50


def test_every_file_belongs_to_a_case():
    assert list(strays()) == []


def test_no_two_are_told_alike_but_for_names():
    told: dict[str, list[str]] = {}
    for case in WRONG:
        told.setdefault(without_names(case), []).append(case.name)
    assert [names for names in told.values() if len(names) > 1] == []


def without_names(case):
    """What is told, places left out, all names of the spec's own the same."""
    text = PLACE.sub("", case.expected)
    names = set(own_names(case.spec.read_text(encoding="utf-8")))
    return re.sub(r"\w+", lambda word: "name" if word[0] in names else word[0], text)


def own_names(text):
    """The keys of tasks, tensors and constants; none of a text that is no YAML."""
    try:
        spec = yaml.safe_load(text)
    except yaml.YAMLError:
        return
    if isinstance(spec, dict):
        for section in ("tasks", "tensors", "constants"):
            yield from keys(spec.get(section))


def keys(level):
    """The keys of a mapping and of the mappings in it."""
    for key, below in level.items() if isinstance(level, dict) else ():
        yield str(key)
        yield from keys(below)


def test_nothing_is_written_by_a_test():
    with pytest.raises(SystemExit, match="a test never writes"):
        write_anew()
