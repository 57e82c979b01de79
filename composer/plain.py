"""A mapping of plain data as the YAML document that it would be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from composer.language.yaml.document import Document, read_document
from composer.language.yaml.scalars import resolve

MAX_LEVELS = 64
MAX_VALUES = 50_000


def document_of(data: Any) -> Document:
    """The document that a mapping would be as YAML, so that its problems have a place to show."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, _: Any) -> bool:
            return True

    def write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        quoted = not text or resolve(text).value != text
        style = '"' if quoted else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(str, write_text)

    plain = plain_data(data, "the spec")
    if not isinstance(plain, dict):
        raise TypeError(f"a path, a mapping or a Spec is required, found {type(data).__name__}")
    text = yaml.dump(plain, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=1_000)
    return read_document(text, "<mapping>")


def plain_data(data: Any, place: str) -> Any:
    """Mappings, lists and scalars alone; raises TypeError for what no spec can hold."""
    return _Plain().convert(data, place, 0)


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
                if each is not None
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
