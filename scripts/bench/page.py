"""The page of the documentation: its tables between two marks, its picture and its data."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench import table
from bench.goals import goals

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def write(folder: Path, results: Mapping[str, Any]) -> None:
    """Replaces the tables of `speed.md`, and writes `speed.png` and `speed.json` beside it.

    Raises:
        ValueError: the page lacks one of its marks.
    """
    from bench import plot  # Matplotlib is not needed for anything else

    page = folder / "speed.md"
    page.write_text(replaced(page.read_text(encoding="utf-8"), text(results)), encoding="utf-8")
    write_json(folder / "speed.json", results)
    plot.draw(folder / "speed.png", results["cases"])


def write_json(path: Path, results: Mapping[str, Any]) -> None:
    """All that was found; seconds to six digits, which is more than they are worth."""
    written = json.dumps(_rounded(results), indent=1)
    # The seconds of one rival stand on one line.
    flat = re.sub(r"\[[\d\s.,e-]+\]", lambda found: " ".join(found[0].split()), written)
    path.write_text(flat + "\n", encoding="utf-8")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, Mapping):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list | tuple) else value


def replaced(page: str, inside: str) -> str:
    """The page with other text between its marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page should hold {BEGIN} and, below it, {END}")
    return f"{before}{BEGIN}\n\n{inside}\n\n{END}{after}"


def text(results: Mapping[str, Any]) -> str:
    """All tables, as they stand on the page and are printed."""
    cases = results["cases"]
    parts = [_machine(results["machine"])]
    if cases:
        parts += [_cases(cases), table.of_times(cases), table.of_work(cases)]
        parts += [table.of_left_out(cases)]
    parts += [f"{name} failed." for name in results["failed"]]
    if results["memory"]:
        parts += [table.of_memory(results["memory"])]
    if results["scaling"]:
        parts += [table.of_scaling(results["scaling"])]
    parts += [table.of_goals(goals(results))]
    return "\n\n".join(part for part in parts if part)


def _machine(found: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    processor = f"{found['processor']}, {found['cores']} cores"
    return f"Measured on {processor}; Python {found['python']}, {versions}."


def _cases(cases: Any) -> str:
    return "\n".join(f"- *{case['case']}*: {case['about']}" for case in cases)
