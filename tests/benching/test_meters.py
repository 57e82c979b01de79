"""Memory at its peak, against calls whose memory is known."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from composer.command.bench import meters, peaks
from composer.command.bench.measured import Wanted
from composer.command.bench.meters import DeviceMeter, MeterError, ResidentMeter, peak_of
from composer.command.bench.peaks import peaks_of

MB = 10**6
SMALL = 300_000  # bytes that Linux may count late
has_linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux counts what is resident")


class Scripted:
    """A meter that tells numbers one after the other."""

    def __init__(self, held, peaks):
        self.left = {"held": list(held), "peaks": list(peaks)}
        self.resets = 0

    def reset(self):
        self.resets += 1

    def held(self):
        return self.left["held"].pop(0)

    def peak(self):
        return self.left["peaks"].pop(0)


def test_the_largest_of_three_peaks_above_what_was_held():
    meter, calls = Scripted([10, 20, 30], [15, 28, 31]), []
    assert peak_of(lambda: calls.append(1), meter) == 8
    assert (meter.resets, len(calls)) == (3, 3)


def test_a_peak_is_never_below_what_was_held():
    assert peak_of(lambda: None, Scripted([5, 5, 5], [3, 4, 4])) == 0


@has_linux
def test_resident_memory_of_a_known_size():
    meter = ResidentMeter()

    def run():
        first = np.ones(4 * MB, np.int8)  # touched, and given back
        second = np.ones(8 * MB, np.int8)
        return first, second

    assert peak_of(run, meter) == pytest.approx(12 * MB, abs=SMALL)
    kept = run()
    assert peak_of(run, meter) == pytest.approx(12 * MB, abs=SMALL)
    del kept


@has_linux
def test_what_is_there_one_after_the_other_counts_once():
    def run():
        for _ in range(3):
            np.ones(8 * MB, np.int8)

    assert peak_of(run, ResidentMeter()) == pytest.approx(8 * MB, abs=SMALL)


@pytest.mark.parametrize("missing", ["_STATUS", "_CLEAR"])
def test_where_linux_does_not_count(missing, monkeypatch, tmp_path):
    monkeypatch.setattr(meters, missing, str(tmp_path / "no" / "such"))
    with pytest.raises(
        MeterError, match=r"^Linux with glibc counts it, and nothing else here does$"
    ):
        ResidentMeter()


def test_a_device_is_asked_for_its_own_counts(monkeypatch):
    asked = []

    class Experimental:
        def reset_memory_stats(self, device):
            asked.append(("reset", device))

        def get_memory_info(self, device):
            asked.append(("info", device))
            return {"current": 5, "peak": 8}

    monkeypatch.setattr(meters, "_experimental", Experimental)
    assert peak_of(lambda: None, DeviceMeter("GPU:1")) == 3
    assert asked == [(kind, "GPU:1") for kind in ("reset", "info", "info")] * 3


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("print('not JSON')", "the process that measures it ended with code 0"),
        ("import os; os._exit(7)", "the process that measures it ended with code 7"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
         "the process that measures it ended with code -9"),
        ("""print('{"error": "no way"}')""", "no way"),
    ],
)  # fmt: skip
def test_a_process_without_an_answer(code, message, monkeypatch):
    run = subprocess.run
    monkeypatch.setattr(
        peaks.subprocess, "run", lambda _, **how: run([sys.executable, "-c", code], **how)
    )
    with pytest.raises(MeterError) as error:
        peaks_of(Wanted("a.yaml"))
    assert str(error.value) == message


def test_without_a_python_to_start(monkeypatch):
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(MeterError, match=r"^there is no Python to start for it$"):
        peaks_of(Wanted("a.yaml"))


TWO = "tasks: {a: {loss: l2}, b: {loss: {type: l2, weight: 0}}}"


def test_every_subject_is_measured_in_every_mode(tmp_path, monkeypatch):
    """With a meter that counts how often it is asked, in the order of modes and subjects."""
    meter = Scripted([0] * 18, range(1, 19))
    monkeypatch.setattr(peaks, "_meter", lambda: meter)
    np.savez(
        tmp_path / "b.npz",
        **{"y_pred.a": np.ones(2, np.float32), "y_pred.b": np.ones(2, np.float32)},
    )
    wanted = Wanted("-", str(tmp_path / "b.npz"), modes=("graph", "eager"))
    assert peaks._measured(wanted, TWO) == {
        "graph": {"total": 3, "a/l2": 6, "b/l2": 9},
        "eager": {"total": 12, "a/l2": 15, "b/l2": 18},
    }


OWN = """\
from typing import ClassVar, Literal
from composer import Loss, Signature

print("loaded")

class Known(Loss):
    type: Literal["known"] = "known"
    signature: ClassVar[Signature] = Signature("y_true=float[...], y_pred=float[...] -> float[...]")

    def values(self, y_true, y_pred):
        print("traced")
        return y_pred
"""


@has_linux
def test_an_allocator_that_keeps_what_is_freed_is_found_out(monkeypatch):
    from composer.command.bench import subjects

    monkeypatch.setattr(subjects, "copy_of", lambda size: lambda: None)
    with pytest.raises(MeterError, match=r"^the allocator here keeps what is freed, which hides "):
        peaks._meter()
    monkeypatch.setattr(subjects, "copy_of", lambda size: lambda: np.ones(size, np.int8))
    assert isinstance(peaks._meter(), ResidentMeter)


@has_linux
@pytest.mark.full
def test_a_process_of_its_own_measures_a_loss_of_known_memory(tmp_path, monkeypatch):
    """Its gradient, 8 MB, has to be held; a copy or three of it may be, and no more.

    The loss of one's own is found again, what it prints is no answer, and the spec is what standard
    input said.
    """
    (tmp_path / "own.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    array = np.ones([2, MB], np.float32)
    np.savez(tmp_path / "b.npz", **{"y_true.a": array, "y_pred.a": array})
    wanted = Wanted(
        "-", "b.npz", modes=("eager",), losses=("own.py",), overrides=("tasks.a.weight=2",)
    )
    found = peaks_of(wanted, "tasks: {a: {loss: known}}")
    assert list(found) == ["eager"]
    assert list(found["eager"]) == ["total", "a/known"]
    for size in found["eager"].values():
        assert 8 * MB - SMALL <= size <= 32 * MB + SMALL
