"""What `losscomp init` does: a preset to a new spec, and the schema beside it where asked for."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from importlib.resources import files

from composer.command.exits import USAGE, StopError
from composer.command.writing import require_place, write_text
from composer.language.diagnostics import did_you_mean, escape, quote

DEFAULT = "scene-depth-pose"
SCHEMA = "losscomp.schema.json"
MODELINE = f"# yaml-language-server: $schema={SCHEMA}\n"

_FOLDER = files("composer") / "presets"


def names() -> list[str]:
    """The presets, in the order of the alphabet."""
    found = (each.name for each in _FOLDER.iterdir() if each.name.endswith(".yaml"))
    return sorted(name.removesuffix(".yaml") for name in found)


def preset_text(name: str) -> str:
    """The text of a preset; raises StopError for what is none."""
    known = names()
    if name not in known:
        help = did_you_mean(name, known, noun="there are")
        raise StopError(f"there is no preset {quote(name)}; {help}", USAGE)
    return (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")


def listed() -> str:
    """The presets and their first lines."""
    width = max(map(len, names()))
    return "\n".join(f"{name:<{width}}  {_summary(preset_text(name))}" for name in names())


def _summary(text: str) -> str:
    return text.partition("\n")[0].removeprefix("# ")


def start(file: str, preset: str, *, force: bool, with_schema: bool) -> str:
    """Writes a spec, and the schema that editors ask for; returns what to tell.

    The spec names the schema only where it lies beside it: editors complain of one that is not
    there.

    Args:
        file: where the spec goes.
        preset: what it holds.
        force: whether files that are there are replaced.
        with_schema: whether to write the schema too. One that is there stays, but for `force`.

    Raises:
        StopError: there is no such preset, or a file may not or cannot be written.
    """
    text = preset_text(preset)
    _require_file(file, force)
    schema = _beside(file)
    told = [f"{quote(file)} is written, from the preset `{preset}`"]
    if with_schema:
        told.append(_put_schema(schema, force))
    has_schema = os.path.lexists(schema)
    write_text(file, (MODELINE if has_schema else "") + text, force=force)
    return "\n".join([*told, *_next_steps(file, has_schema)])


def _require_file(file: str, force: bool) -> None:
    if file in names():
        message = f"{quote(file)} is a preset: `losscomp init --preset {file}`"
        raise StopError(f"{message}, or `losscomp init {file}.yaml` for a file", USAGE)
    if os.path.isdir(file):
        inside = os.path.join(file, "loss.yaml")
        raise StopError(
            f"{quote(file)} is a directory; name a file, such as {quote(inside)}", USAGE
        )
    require_place(file, force=force)


def _put_schema(schema: str, force: bool) -> str:
    if os.path.lexists(schema) and not force:
        return f"{quote(schema)} is there already, and stays"
    from composer.schema.spec import schema_text  # takes all losses

    write_text(schema, schema_text(), force=force)
    return f"{quote(schema)} is written, for editors"


def _next_steps(file: str, has_schema: bool) -> Iterator[str]:
    name = shlex.quote(file if not file.startswith("-") else os.path.join(".", file))
    yield "\nEdit it, then:"
    yield escape(f"  losscomp check {name}")
    yield escape(f"  losscomp build {name}")
    if not has_schema:
        yield "\nFor completion in an editor, write the schema and name it in the first line:"
        yield escape(f"  losscomp schema -o {shlex.quote(_beside(file))}")
        yield f"  {MODELINE.rstrip()}"


def _beside(file: str) -> str:
    """Where the schema of a spec lies."""
    return os.path.join(os.path.dirname(file), SCHEMA)
