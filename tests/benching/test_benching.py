"""`losscomp bench` on real losses: what it measures, what it refuses, and with which exit code."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import math
import signal
import subprocess
import time
from dataclasses import replace

import jsonschema
import numpy as np
import pytest

from composer import SpecError, entry, parse_spec
from composer.command.bench import benching
from composer.command.bench.benching import bench
from composer.command.bench.measured import MODES, Traffic, Wanted
from composer.command.bench.meters import MeterError
from composer.command.bench.one_term import only
from composer.command.bench.progress import progress
from composer.command.exits import StopError
from composer.terms import terms_of
from tests.a_and_b import write
from tests.benching.test_texts import SCHEMA
from tests.command import RAW, ROOT, command, environment, losscomp

SPEC = """\
tensors:
  y_true: {depth: "float32[batch, 2]", word: "int32[batch]"}
  y_pred: {depth: "float32[batch, 2]", word: "float32[batch, 3]"}
constants: {unused: [1, 2], half: 0.5}
tasks:
  depth:
    mask: y_true > 0
    loss:
      - mean_squared_error
      - {type: absolute_difference, weight: "half * ramp(step, 0, 10)"}
  word:
    weight: 2
    loss:
      - sparse_softmax_cross_entropy
      - {type: center, num_classes: 3, embedding_size: 3, weight: 0}
regularization: {weight: 0.5}
"""
BATCH = {
    "y_true.depth": np.array([[1, 0], [2, 3]], "float32"),
    "y_pred.depth": np.array([[2, 9], [2, 5]], "float32"),
    "y_true.word": np.array([0, 2], "int32"),
    "y_pred.word": np.zeros((2, 3), "float32"),
}
NAMES = [
    "depth/mean_squared_error",
    "depth/absolute_difference",
    "word/sparse_softmax_cross_entropy",
    "word/center",
]
WANTED = Wanted("a.yaml", "b.npz", 5, MODES, 1, has_memory=False)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A directory of one's own with `a.yaml` and `b.npz`."""
    monkeypatch.chdir(tmp_path)
    write(SPEC, BATCH)
    return tmp_path


def test_every_term_and_the_total_in_every_mode(here):
    found = bench(WANTED, clock=itertools.count().__next__)
    assert [term.name for term in found.terms] == NAMES
    assert [term.weight for term in found.terms] == [1, 0.25, 2, 0]  # half · 5 ÷ 10
    assert (found.samples, found.is_finite, found.has_regularization) == (2, True, True)
    # float32[2, 2] is 16 bytes, float32[2, 3] 24, int32[2] 8; a constant 0 leaves no gradient.
    assert [term.traffic for term in found.terms] == [
        Traffic(16, 16, 16), Traffic(16, 16, 16), Traffic(8, 24, 24), Traffic(8, 24, 0),
    ]  # fmt: skip
    assert found.total.traffic == Traffic(24, 40, 40)
    # A value, four columns for every row, the gradients.
    assert [term.arity for term in found.terms] == [(2, 6), (2, 6), (2, 6), (2, 5)]
    assert found.total.arity == (4, 1 + 5 * 4 + 2)
    for subject in (*found.terms, found.total):
        assert list(subject.modes) == ["eager", "graph", "xla"]
        for each in subject.modes.values():
            assert each.times.median == 1  # the clock goes on by 1 whenever it is read
            assert (each.failure, each.is_compiled) == (None, False)
    assert {mode: set(calls) for mode, calls in found.calls.items()} == {
        mode: {(2, 6), (2, 5), (4, 23)} for mode in MODES
    }


def test_the_terms_are_compiled_where_the_whole_is(here):
    """`auto` has XLA compile large losses in a graph: their small terms are measured so, too."""
    large = np.ones([2, 2**16], np.float32)
    write(
        "tasks: {large: {loss: l2}, small: {loss: l2}}",
        {"y_pred.large": large, "y_pred.small": large[:, :1]},
    )
    found = bench(WANTED)
    for subject in (*found.terms, found.total):
        compiled = {mode: each.is_compiled for mode, each in subject.modes.items()}
        assert compiled == {"eager": False, "graph": True, "xla": False}


def test_one_term_of_a_spec():
    spec = parse_spec(SPEC)
    parts = [only(spec, term) for term in terms_of(spec)]
    assert [[term.name for term in terms_of(part)] for part in parts] == [[name] for name in NAMES]
    assert [list(part.constants) for part in parts] == [[], ["half"], [], []]
    assert all(part.regularization is None for part in parts)
    assert terms_of(parts[1])[0].masks == terms_of(spec)[1].masks
    assert spec == parse_spec(SPEC)


def test_a_spec_of_one_term_as_it_is_gives_its_row(here):
    """What is measured alone is the row of the whole, to the last bit."""
    from composer.compose import TotalLoss

    spec = parse_spec(SPEC)
    sides = [
        {"depth": BATCH[f"{s}.depth"], "word": BATCH[f"{s}.word"]} for s in ("y_true", "y_pred")
    ]
    _, whole = TotalLoss(spec)(*sides, step=5, regularization=[])
    for term in terms_of(spec):
        _, alone = TotalLoss(only(spec, term))(*sides, step=5)
        assert {name: float(row.weighted) for name, row in alone.items()} == {
            term.name: float(whole[term.name].weighted)
        }


def test_a_total_that_is_not_finite(here):
    write(SPEC, BATCH | {"y_pred.word": np.full((2, 3), np.nan, "float32")})
    assert not bench(replace(WANTED, modes=("eager",))).is_finite


def test_a_batch_of_no_samples(here):
    write(SPEC, {name: array[:0] for name, array in BATCH.items()})
    found = bench(replace(WANTED, modes=("graph", "xla")))
    assert (found.samples, found.total.traffic) == (0, Traffic(0, 0, 0))


def test_samples_are_what_all_predictions_have_in_common(here):
    ones = np.ones([2, 3], np.float32)
    for other, samples in ((ones, 2), (ones[:1], None), (ones[0, 0], None)):
        write("tasks: {a: {loss: l2}, b: {loss: l2}}", {"y_pred.a": ones, "y_pred.b": other})
        assert bench(replace(WANTED, modes=("eager",))).samples == samples


OWN = """\
from typing import ClassVar, Literal
import tensorflow as tf
from composer import Loss, Signature

class Odd(Loss):
    type: Literal["odd"] = "odd"
    signature: ClassVar[Signature] = Signature("y_true=float[...], y_pred=float[...] -> float[...]")

    def values(self, y_true, y_pred):
        {body}
        return y_pred
"""
UNCOMPILABLE = "y_pred = y_pred + tf.cast(tf.size(tf.strings.as_string(y_pred)), tf.float32)"
FAILING = "tf.debugging.assert_less(y_pred, y_true, message='too much')"


def own(here, body):
    """The words that name a module with a loss of one's own."""
    (here / "own.py").write_text(OWN.format(body=body))
    ones = np.ones(2, np.float32)
    batch = {f"{side}.{name}": ones for side in ("y_true", "y_pred") for name in "ab"}
    write("tasks: {a: {loss: odd}, b: {loss: huber}}", batch)
    return ["a.yaml", "--batch", "b.npz", "--losses", "own.py", "--rounds", "1", "--no-memory"]


def main(monkeypatch, *arguments):
    """`losscomp bench` in this process, which has loaded TensorFlow already: its exit code."""
    monkeypatch.setattr("sys.argv", ["losscomp", "bench", *arguments])
    with pytest.raises(SystemExit) as end:
        entry.main()
    return end.value.code


def test_a_loss_of_ones_own_that_xla_cannot_compile(here, monkeypatch, capsys):
    assert main(monkeypatch, *own(here, UNCOMPILABLE)) == 1
    out, err = capsys.readouterr()
    faults = [line for line in out.splitlines() if line.startswith("fault: ")]
    for line, name in zip(faults, ("a/odd", "total"), strict=True):
        assert line.startswith(
            f"fault: xla cannot compute `{name}`: Detected unsupported operations"
        )
        assert "AsString" in line
    assert "b/huber " in out
    assert "graph: " in out
    assert err == ""


def test_a_loss_of_ones_own_that_fails_everywhere(here, monkeypatch, capsys):
    assert main(monkeypatch, *own(here, FAILING), "--mode", "eager") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: the loss cannot be computed on this batch: too much")
    assert err.count("\n") == 1


def test_the_command_prints_json_that_its_schema_allows(here, monkeypatch, capsys):
    words = ["--batch", "b.npz", "--step", "5", "--rounds", "1", "--no-memory", "--json"]
    modes = ["--mode", "xla", "--mode", "eager", "--mode", "xla"]
    assert main(monkeypatch, "a.yaml", *words, *modes, "--set", "tasks.word.weight=3") == 0
    out, err = capsys.readouterr()
    data = json.loads(out)
    jsonschema.validate(data, SCHEMA)
    assert (data["config"], data["overrides"]) == ("a.yaml", ["tasks.word.weight=3"])
    assert (data["batch"], data["step"], data["rounds"]) == ("b.npz", 5, 1)
    assert data["terms"]["word/sparse_softmax_cross_entropy"]["weight"] == 3
    assert data["machine"]["device"] == "CPU"
    assert list(data["modes"]) == ["eager", "xla"]
    for found in data["modes"].values():
        assert list(found["terms"]) == NAMES
        assert found["total"]["seconds"]["median"] > 0
        assert found["call"]["seconds"]["fastest"] > 0
    assert data["no_memory"] == "`--no-memory` leaves it out"
    assert err == ""


def test_the_command_prints_a_table_of_a_drawn_batch(here, monkeypatch, capsys):
    assert main(monkeypatch, "a.yaml", "--rounds", "1", "--no-memory", "--mode", "graph") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "a.yaml on a batch drawn from `tensors:` at step 0"
    assert lines[2].startswith("value and gradients, 1 round; ")
    names = [line.split("  ")[0] for line in lines[4:14] if not line.startswith("─")]
    assert names == [
        "graph", NAMES[0], f"{NAMES[1]} (off)", NAMES[2], f"{NAMES[3]} (off)",
        "a call by itself", "all at once, less the sum", "total",
    ]  # fmt: skip
    assert "the batch is drawn, and small: " in lines[-1]


def test_a_total_that_is_not_finite_is_exit_code_1(here, monkeypatch, capsys):
    write(SPEC, BATCH | {"y_pred.word": np.full((2, 3), np.inf, "float32")})
    words = ["--batch", "b.npz", "--rounds", "1", "--no-memory", "--mode", "eager"]
    assert main(monkeypatch, "a.yaml", *words) == 1
    assert capsys.readouterr().out.endswith(
        "fault: the total is not finite on this batch; `losscomp build` names the place\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--mode", "grap"], "`--mode` knows no `grap`; did you mean `graph`?"),
        (["--mode", "\x1b[2J"], "`--mode` knows no `\\u{1b}[2J`; there are: `eager`, `graph`, `xla`, `all`"),
        (["--rounds", "100001"], "`--rounds` is at most 100000"),
        (["--step", str(2**63)], "`--step` is at most 9223372036854775807"),
        (["--batch", "c.npz"], "`c.npz` cannot be read: no such file or directory"),
        (["--batch", "a.yaml"], "`a.yaml` is no `.npz` file; write it with `numpy.savez`"),
        (["--losses", "nothing.py"], "there is no file `nothing.py`"),
    ],
)  # fmt: skip
def test_wrong_usage_is_a_sentence(words, message, here, monkeypatch, capsys):
    assert main(monkeypatch, "a.yaml", *words) == 2
    assert capsys.readouterr() == ("", f"error: {message}\n")


def test_a_batch_too_large_to_draw_is_not_drawn(here):
    write("tensors: {y_pred: {a: 'float32[batch, 100000000]'}}\ntasks: {a: {loss: l2}}", BATCH)
    with pytest.raises(StopError) as error:
        bench(replace(WANTED, batch=None))
    assert str(error.value) == (
        "`tensors:` describes a batch of more than 2 GiB, and none so large is drawn; `--set "
        "tensors.y_pred.depth=float32[8,64,64,1]` makes a tensor smaller"
    )
    assert error.value.exit_code == 2


def test_rounds_below_1(here, monkeypatch, capsys):
    assert main(monkeypatch, "a.yaml", "--rounds", "0") == 2
    assert capsys.readouterr().err.endswith(
        "Error: Invalid value for '--rounds': Input should be greater than or equal to 1\n"
    )


def test_a_spec_with_problems(here, monkeypatch, capsys):
    write("tasks: {a: {loss: hubert}}\n", BATCH)
    assert main(monkeypatch, "a.yaml") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("a.yaml:1:19: error[unknown-loss]: there is no loss `hubert`\n")


def test_a_hostile_name_of_a_task(here, monkeypatch, capsys):
    write('tasks: {"a\\e[2J\\n::error::pwn": {loss: huber}}\n', BATCH)
    assert main(monkeypatch, "a.yaml") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "error[invalid-name]" in err
    assert "\\u{1b}[2J" in err
    assert not RAW.search(err)


def test_a_batch_that_does_not_fit(here):
    write(SPEC, BATCH | {"y_pred.depth": np.ones((2, 1), "float32")})
    with pytest.raises(SpecError) as error:
        bench(WANTED)
    (problem,) = error.value.problems
    assert (problem.code, problem.line) == ("tensor-mismatch", 3)


def test_a_batch_that_lacks_a_tensor(here):
    write(SPEC, {name: array for name, array in BATCH.items() if name != "y_true.word"})
    with pytest.raises(StopError) as error:
        bench(WANTED)
    assert str(error.value) == "y_true should have `word`; it has `depth`"
    assert error.value.exit_code == 1


def test_a_spec_without_tensors_needs_a_batch(here):
    write("tasks: {a: {loss: huber}}", BATCH)
    with pytest.raises(StopError) as error:
        bench(replace(WANTED, batch=None))
    assert str(error.value) == (
        "a batch is needed: give `--batch FILE.npz`, or describe the tensors under `tensors:` and "
        "one is drawn"
    )
    assert error.value.exit_code == 2


def test_memory_comes_from_another_process_or_is_said_to_be_unknown(here, monkeypatch):
    wanted = replace(WANTED, modes=("eager",), has_memory=True)
    peaks = {"eager": {"total": 7}}
    asked = []
    monkeypatch.setattr(benching, "peaks_of", lambda *words: asked.append(words) or peaks)
    assert bench(wanted).peaks == peaks
    assert asked == [(wanted, None)]

    def refuse(*_):
        raise MeterError("no way")

    monkeypatch.setattr(benching, "peaks_of", refuse)
    found = bench(wanted)
    assert (found.peaks, found.no_memory) == ({}, "no way")


def test_an_accelerator_counts_its_own_memory(here, monkeypatch):
    from composer.command.bench import subjects

    monkeypatch.setattr(subjects, "accelerator", lambda: "CPU:0")
    monkeypatch.setattr(benching, "DeviceMeter", lambda device: Counting(device))
    found = bench(replace(WANTED, modes=("eager",), has_memory=True))
    assert found.peaks == {"eager": {name: len("CPU:0") for name in ("total", *NAMES)}}


class Counting:
    """A meter that always finds as many bytes as its device's name is long."""

    def __init__(self, device):
        self.device = device

    def reset(self):
        pass

    def held(self):
        return 1

    def peak(self):
        return 1 + len(self.device)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_how_far_it_is_is_told_on_a_terminal_and_taken_away():
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file, None):
        with contextlib.suppress(KeyboardInterrupt), progress(stream) as tell:
            tell("round 1 of 2")
            raise KeyboardInterrupt
    assert terminal.getvalue() == "\r\x1b[Kround 1 of 2\r\x1b[K"
    assert file.getvalue() == ""


HELP = """\
Usage: losscomp bench [OPTIONS] {CONFIG}

  Measure how long each loss takes, and how much memory.
"""


def test_help(tmp_path):
    outcome = losscomp("bench", "-h", cwd=tmp_path)
    assert outcome.stdout.startswith(HELP)
    for option in ("--batch", "--mode", "--rounds", "--no-memory", "--json", "--set", "--step"):
        assert f" {option} " in outcome.stdout or f"/{option}" in outcome.stdout.replace(" / ", "/")


@pytest.mark.full
def test_a_fresh_process_measures_what_standard_input_says(here):
    outcome = losscomp(
        "bench", "-", "--rounds", "2", "--json", cwd=here, input=SPEC.encode(), megabytes=None
    )
    assert (outcome.code, outcome.stderr) == (0, "")
    data = json.loads(outcome.stdout)
    jsonschema.validate(data, SCHEMA)
    assert (data["config"], data["batch"], data["no_memory"]) == ("<stdin>", None, None)
    for found in data["modes"].values():
        assert all(isinstance(row["peak_bytes"], int) for row in found["terms"].values())


@pytest.mark.full
@pytest.mark.parametrize("config", sorted((ROOT / "configs").rglob("*.yaml")), ids=lambda f: f.stem)
def test_every_shipped_spec_is_measured(config):
    found = bench(Wanted(str(config), None, 500, ("graph",), 1, has_memory=False))
    assert found.is_finite
    assert all(math.isfinite(term.modes["graph"].times.median) for term in found.terms)


@pytest.mark.full
def test_an_interrupt_ends_it_without_a_word(here):
    words = command("bench", "a.yaml", "--rounds", "100000", "--mode", "eager", megabytes=None)
    process = subprocess.Popen(
        words, cwd=here, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    time.sleep(15)  # by then it measures
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60) == (b"", b"")
    assert process.returncode == 130
