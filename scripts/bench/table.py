"""What was found, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.goals import Goal
from bench.rivals import OURS, REFERENCE, RIVALS
from bench.scaling import PHASES
from bench.summary import Beside, Found, does_the_same, memory_beside, summaries
from bench.timing import spread


def of_times(cases: Sequence[Found]) -> str:
    """Median milliseconds of each case, mode and rival; in brackets of those that do less."""
    names = _timed(cases)
    by_name = {case["case"]: case for case in cases}
    header = ["case", "mode", OURS, *names, "÷ best of the same work", "÷ best of all", "× copy"]
    rows = []
    for each in summaries(cases):
        case = by_name[each.case]
        same, failed = does_the_same(case), case["modes"][each.mode]["failed"]
        cells = [_time(each.medians.get(name), name in same, name in failed) for name in names]
        own = _time(each.medians.get(OURS), True, OURS in failed)
        copied = "" if each.roofline is None else f"{each.roofline:.1f}"
        rows.append(
            [each.case, each.mode, own, *cells, _beside(each.same), _beside(each.every), copied]
        )
    return markdown(header, rows)


def of_work(cases: Sequence[Found]) -> str:
    """Whether each rival does the same work as losscomp, by case."""
    names = [OURS, *_timed(cases)]
    return markdown(
        ["same work?", *names],
        [[case["case"], *(_work(case["evidence"].get(name)) for name in names)] for case in cases],
    )


def _work(evidence: Mapping[str, Any] | None) -> str:
    """Yes, or what is missing."""
    if evidence is None:
        return ""
    if evidence["same_work"]:
        return "yes"
    if not evidence["total"] or not evidence["gradient"]:
        return "no: another value"
    return "no: NaN passes" if evidence["selection"] is False else "no: no breakdown"


def of_left_out(cases: Iterable[Found]) -> str:
    """A line for each rival that was left out of a case, or failed in a mode."""
    lines = []
    for case in cases:
        for name, why in case["left_out"].items():
            lines.append(f"- {case['case']}: {name} is left out: {why}")
        for mode, found in case["modes"].items():
            for name, why in found["failed"].items():
                lines.append(f"- {case['case']}, {mode}: {name} fails: {why}")
            for name, agrees in found["agree"].items():
                if not agrees and case["evidence"][name]["total"]:
                    lines.append(f"- {case['case']}, {mode}: {name} comes to another total")
    return "\n".join(lines)


def of_memory(memory: Sequence[Found]) -> str:
    """Peaks in multiples of the bytes of the predictions."""
    peaks = [by_rival for found in memory for by_rival in found["modes"].values()]
    names = [name for name in (OURS, *RIVALS) if any(name in by_rival for by_rival in peaks)]
    beside = memory_beside(memory)
    rows = []
    for found in memory:
        same = (OURS, *does_the_same(found))
        for mode, by_rival in found["modes"].items():
            cells = [_multiple(by_rival.get(name), name in same) for name in names]
            rows.append([found["case"], mode, *cells, _beside(beside.get((found["case"], mode)))])
    return markdown(["peak memory", "mode", *names, "÷ best of the same work"], rows)


def _multiple(peak: Mapping[str, float] | None, is_same: bool) -> str:
    if peak is None:
        return ""
    return f"{peak['of_predictions']:.2f}" if is_same else f"({peak['of_predictions']:.2f})"


def of_scaling(scaling: Mapping[str, Any]) -> str:
    """Milliseconds by number of tasks, and the exponents."""
    header = ["", *(f"{size:,}" for size in scaling["sizes"]), "exponent"]
    rows = []
    for name, samples in scaling["seconds"].items():
        for phase in PHASES:
            if name == REFERENCE and phase == "build":  # which is nothing
                continue
            cells = [f"{1e3 * spread(each).median:.3g}" for each in samples[phase].values()]
            exponent = scaling["exponents"][name].get(phase, {}).get("median")
            rows.append([f"{name}: {phase}, ms", *cells, _number(exponent, 2)])
    return markdown(header, rows)


def of_goals(found: Sequence[Goal]) -> str:
    """Each goal with its figure, and whether it is reached."""
    return markdown(["what", "goal", "figure", "", ""], [_goal(each) for each in found])


def _goal(goal: Goal) -> list[str]:
    words = {True: "reached", False: "not reached", None: "" if goal.figure else "not measured"}
    most = "" if goal.most is None else f"≤ {goal.most:.2f}"
    return [goal.what, most, _number(goal.figure, 2), words[goal.is_reached], goal.note]


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [header, ["---"] * len(header), *rows])


def _timed(cases: Sequence[Found]) -> list[str]:
    return [
        name
        for name in RIVALS
        if any(name in found["seconds"] for case in cases for found in case["modes"].values())
    ]


def _time(seconds: float | None, is_same: bool, is_failed: bool) -> str:
    if is_failed:
        return "fails"
    if seconds is None:
        return ""
    short = f"{1e3 * seconds:.3g}" if seconds < 1 else f"{1e3 * seconds:.0f}"
    return short if is_same else f"({short})"


def _beside(beside: Beside | None) -> str:
    if beside is None:
        return ""
    of = beside.ratio
    among = "" if of.low == of.high else f" ({of.low:.2f} to {of.high:.2f})"
    return f"{of.median:.2f}{among}, {beside.rival}"


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
