"""From a file, a text or a mapping to a Spec, or to every problem that it has."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from composer.faults import problems_of
from composer.language.diagnostics import Problem, SpecError
from composer.language.document import Document, read_document
from composer.language.source import read_source
from composer.losses.base import Loss
from composer.spec import Origin, Spec

MAX_LEVELS = 64
MAX_VALUES = 50_000

Config = str | os.PathLike[str] | Mapping[str, Any] | Spec


def read(cfg: Any, losses: Sequence[type[Loss]] = ()) -> Spec:
    """A Spec from a path, a mapping (OmegaConf's too) or a Spec; raises SpecError."""
    if isinstance(cfg, Spec):
        return cfg
    if isinstance(cfg, str | os.PathLike):
        return read_file(cfg, losses)
    return read_spec(document_of(cfg), losses)


def read_file(path: str | os.PathLike[str], losses: Sequence[type[Loss]] = ()) -> Spec:
    """Reads a spec file; raises SpecError."""
    document = read_document(read_source(path), os.fspath(path))
    directory = os.path.dirname(os.path.abspath(path))
    return read_spec(document, losses, directory=directory)


def read_text(text: str, name: str, losses: Sequence[type[Loss]] = ()) -> Spec:
    """Reads the text of a spec; raises SpecError."""
    return read_spec(read_document(text, name), losses)


def read_spec(
    document: Document, losses: Sequence[type[Loss]] = (), *, directory: str | None = None
) -> Spec:
    """Validates a document; raises SpecError with all its problems."""
    spec, problems = validate(document, losses, directory)
    if spec is None or problems:
        raise SpecError(problems, document.text)
    return spec


def validate(
    document: Document, losses: Sequence[type[Loss]] = (), directory: str | None = None
) -> tuple[Spec | None, list[Problem]]:
    """The spec and its problems. With problems the spec holds the sound tasks alone, or is None."""
    data = document.root.to_python()
    context = {"losses": own_losses(losses), "directory": directory}
    try:
        return _spec(data, context, document), []
    except ValidationError as error:
        problems = problems_of(error, document, context["losses"])
        rest = _without_faults(data, error)
    try:
        return (_spec(rest, context, document) if rest else None), problems
    except ValidationError:
        return None, problems


def _spec(data: Any, context: dict[str, Any], document: Document) -> Spec:
    spec = Spec.model_validate(data, context=context)
    spec._origin = Origin(document)
    return spec


def _without_faults(data: Any, error: ValidationError) -> dict[str, Any] | None:
    """The data without the tasks that have faults, if all faults are in tasks."""
    places = [fault["loc"] for fault in error.errors(include_url=False)]
    if not all(len(place) > 1 and place[0] == "tasks" for place in places):
        return None
    faulty = {place[1] for place in places}
    tasks = {name: task for name, task in data["tasks"].items() if name not in faulty}
    return {**data, "tasks": tasks} if tasks else None


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


def document_of(data: Any) -> Document:
    """The document that a mapping would be as YAML, so that its problems have a place to show."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    plain = _Plain().convert(data, "the spec", 0)
    if not isinstance(plain, dict):
        raise TypeError(f"a path, a mapping or a Spec is required, found {type(data).__name__}")
    text = yaml.dump(plain, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=1_000)
    return read_document(text, "<mapping>")


class _Plain:
    """Turns mappings, sequences and NumPy values into plain data of bounded size."""

    def __init__(self) -> None:
        self.count = 0

    def convert(self, value: Any, place: str, level: int) -> Any:
        self.count += 1
        if self.count > MAX_VALUES or level > MAX_LEVELS:
            raise TypeError(f"{place} is too large, or nests too deep, for a spec")
        if hasattr(value, "_metadata") and hasattr(value, "_content"):
            value = _resolved(value)
        if value is None or type(value) in (bool, int, float, str):
            return value
        if isinstance(value, Mapping):
            return {
                self._key(key, place): self.convert(each, f"{place}.{key}", level + 1)
                for key, each in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.convert(e, f"{place}[{i}]", level + 1) for i, e in enumerate(value)]
        if hasattr(value, "tolist") and getattr(value, "size", MAX_VALUES + 1) <= MAX_VALUES:
            return self.convert(value.tolist(), place, level + 1)
        raise TypeError(f"{place} holds a {type(value).__name__}, which no spec can hold")

    def _key(self, key: Any, place: str) -> str:
        if not isinstance(key, str):
            raise TypeError(f"the keys of {place} are text, found {key!r}")
        return key


def _resolved(value: Any) -> Any:
    """An OmegaConf container as plain data, its interpolations resolved."""
    from omegaconf import OmegaConf

    return OmegaConf.to_container(value, resolve=True, throw_on_missing=True)
