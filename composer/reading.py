"""From a file, a text or a mapping to a Spec, or to every problem that it has."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from composer.check import check
from composer.faults import empty_values, in_order, problems_of
from composer.language.diagnostics import Problem, SpecError, suggest
from composer.language.yaml.document import Document, read_document
from composer.language.yaml.source import read_source
from composer.losses.base import Loss
from composer.plain import document_of
from composer.spec import Spec

if TYPE_CHECKING:
    from composer.overrides import Overrides


def examine(
    cfg: Any, losses: Sequence[type[Loss]] = (), overrides: Overrides = ()
) -> tuple[Spec | None, list[Problem], str]:
    """A path, a mapping (OmegaConf's too) or a Spec, read and checked.

    Returns:
        The spec, None where it cannot be read; all problems in the order of the file, those of the
        sound parts too; and the text that they are in.
    """
    if isinstance(cfg, Spec) and not overrides:
        return cfg, check(cfg), cfg.document.text
    try:
        document, directory = _document(cfg, overrides)
    except SpecError as error:
        return None, list(error.problems), error.source
    return _examined(document, losses, directory)


def examine_text(
    text: str, name: str, losses: Sequence[type[Loss]] = (), overrides: Overrides = ()
) -> tuple[Spec | None, list[Problem], str]:
    """The same for a text."""
    try:
        document = _overridden(read_document(text, name), overrides)
    except SpecError as error:
        return None, list(error.problems), error.source
    return _examined(document, losses, None)


def _examined(
    document: Document, losses: Sequence[type[Loss]], directory: str | None
) -> tuple[Spec | None, list[Problem], str]:
    spec, problems = validate(document, losses, directory)
    if spec is not None:
        problems = in_order([*problems, *check(spec, is_whole=not problems)])
    return spec, problems, document.text


def _overridden(document: Document, overrides: Overrides) -> Document:
    if not overrides:
        return document
    from composer.overrides import overridden  # only overrides need it

    return overridden(document, overrides)


def _document(cfg: Any, overrides: Overrides) -> tuple[Document, str | None]:
    """The document of a path or a mapping, and the directory that its files lie in."""
    if isinstance(cfg, str) and "\n" in cfg and "tasks:" in cfg:
        raise TypeError("a path is required, found the text of a spec; `parse_spec(text)` reads it")
    if isinstance(cfg, str | os.PathLike):
        directory = os.path.dirname(os.path.abspath(cfg))
        document = read_document(read_source(cfg), os.fspath(cfg))
        return _overridden(document, overrides), directory
    if isinstance(cfg, Spec):
        return _overridden(cfg.document, overrides), None
    return _overridden(document_of(cfg), overrides), None


def load_spec(
    path: str | os.PathLike[str],
    *,
    losses: Sequence[type[Loss]] = (),
    overrides: Overrides = (),
) -> Spec:
    """Reads and validates a spec file.

    Args:
        path: the file, YAML 1.2 in UTF-8, at most 1 MiB.
        losses: classes of one's own that the spec names by their `type`.
        overrides: `tasks.depth.weight=0.3` and the like, or a mapping of such paths to values, in
            the place of what the file says.

    Raises:
        SpecError: with every problem found.
    """
    return _valid(*_document(path, overrides), losses)


def parse_spec(text: str, *, name: str = "<string>", losses: Sequence[type[Loss]] = ()) -> Spec:
    """Reads and validates the text of a spec; `name` stands for a file in its problems.

    Raises:
        SpecError: with every problem found.
    """
    return _valid(read_document(text, name), None, losses)


def _valid(document: Document, directory: str | None, losses: Sequence[type[Loss]]) -> Spec:
    spec, problems = validate(document, losses, directory)
    if spec is None or problems:
        raise SpecError(problems, document.text)
    return spec


def validate(
    document: Document, losses: Sequence[type[Loss]] = (), directory: str | None = None
) -> tuple[Spec | None, list[Problem]]:
    """The spec and its problems. With problems the spec holds the sound tasks alone, or is None."""
    data = document.root.to_python()
    own = own_losses(losses)
    context = {"losses": own, "directory": directory}
    empty = empty_values(document)
    if empty:
        return None, empty
    try:
        return _spec(data, context, document), []
    except ValidationError as error:
        problems = problems_of(error, document, own)
        rest = _without_faults(data, error)
    try:
        return (_spec(rest, context, document) if rest else None), problems
    except ValidationError:
        return None, problems


def _spec(data: Any, context: dict[str, Any], document: Document) -> Spec:
    spec = Spec.model_validate(data, context=context)
    spec._origin.document = document
    return spec


def _without_faults(data: Any, error: ValidationError) -> dict[str, Any] | None:
    """The data without the tasks and fields that have faults, so that the rest can be checked.

    None where nothing is left, or where constants are at fault, or a key that may have meant them:
    whoever names one would be blamed.
    """
    places = [fault["loc"] for fault in error.errors(include_url=False)]
    if not all(places) or not all(len(place) > 1 for place in places if place[0] == "tasks"):
        return None
    fields = {place[0] for place in places if place[0] != "tasks"}
    faulty = {place[1] for place in places if place[0] == "tasks"}
    tasks = {name: task for name, task in data["tasks"].items() if name not in faulty}
    if not tasks or any(suggest(str(name), ["constants"]) for name in fields):
        return None
    rest = {name: value for name, value in data.items() if name not in fields}
    return {**rest, "tasks": tasks}


def own_losses(losses: Sequence[type[Loss]]) -> dict[str, type[Loss]]:
    """Loss classes of one's own by type; raises TypeError for what is no complete Loss class."""
    from composer.losses import CATALOGUE

    own: dict[str, type[Loss]] = {}
    for cls in losses:
        if not (isinstance(cls, type) and issubclass(cls, Loss)):
            raise TypeError(f"`losses` holds subclasses of composer.Loss, found {cls!r}")
        name = cls.model_fields["type"].default
        if not isinstance(name, str) or not name.isidentifier():
            raise TypeError(f"{cls.__name__} should give `type` a default, such as `my_pose`")
        if name in CATALOGUE or name in own:
            raise TypeError(f"the type `{name}` of {cls.__name__} is taken")
        _require_roles(cls)
        own[name] = cls
    return own


def _require_roles(cls: type[Loss]) -> None:
    if not hasattr(cls, "signature"):
        raise TypeError(f"{cls.__name__} should have a `signature`")
    for role in cls.signature.inputs:
        if role not in cls.model_fields:
            raise TypeError(
                f"{cls.__name__} reads `{role}` by its signature and should have it as a field: "
                f"`{role}: Read`"
            )
