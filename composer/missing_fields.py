"""Fields that are required and not there: those of one place together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from composer.faults import Path
from composer.language.diagnostics import Problem, listing, quote
from composer.language.yaml.document import Document

TASKS = "write `tasks:` and below it a name for every head of the model"
_HELPS = {"tasks": TASKS, "loss": "write `loss: huber`, for example"}


def missing_fields(
    missing: Sequence[Path], told: Sequence[tuple[Path, Problem]], document: Document
) -> Iterator[Problem]:
    """The problems of fields that are missing.

    Args:
        missing: the paths of the fields.
        told: what else is wrong, and at which paths.
        document: the spec's text.
    """
    unknown = [(path[:-1], each.help or "") for path, each in told if each.code == "unknown-field"]
    places: dict[Path, list[str]] = {}
    for path in missing:
        if not any(place == path[:-1] and _explains(help, path) for place, help in unknown):
            places.setdefault(path[:-1], []).append(str(path[-1]))
    for place, names in places.items():
        yield _problem(place, names, document)


def _explains(help: str, path: Path) -> bool:
    """Whether a field is there under another name; or, of `tasks`, what should stand below it."""
    is_misspelt = help == f"did you mean {quote(str(path[-1]))}?"
    if path[-1] == "loss":
        return is_misspelt or "below `loss:`" in help
    return is_misspelt or (path == ("tasks",) and "`tasks:`" in help)


def _problem(place: Path, names: Sequence[str], document: Document) -> Problem:
    what = f"the field {quote(names[0])} is"
    if len(names) > 1:
        what = f"the fields {listing(names)} are"
    parent = document.find_key(place) if place else document.root
    help = _HELPS.get(names[0])
    return document.problem("missing-field", f"{what} required", parent, path=place, help=help)
