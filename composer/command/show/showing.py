"""What `losscomp show` does: a spec to its values, their origins, and the formula of its total."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from composer.command.show.as_text import yaml_lines
from composer.command.show.resolving import resolve
from composer.command.specs import shown_name, sound_spec
from composer.formula.as_latex import latex_of_total
from composer.formula.as_text import LEGEND, definitions, text_of_total
from composer.language.diagnostics import escape
from composer.language.frames import Paint, plain
from composer.spec import Spec

_LATEX = r"% for a display such as \[ … \]; needs amsmath and amssymb"
Format = Literal["text", "markdown", "latex", "json"]


def show_spec(
    config: str,
    overrides: Sequence[str] = (),
    losses: Sequence[Any] = (),
    as_format: Format = "text",
    paint: Paint = plain,
) -> str:
    """The spec of a file, or of `-`, resolved.

    Raises:
        SpecError: it has errors.
    """
    spec = sound_spec(config, losses, overrides)
    name = shown_name(config)
    match as_format:
        case "latex":
            return f"{_LATEX}\n{latex_of_total(spec)}"
        case "markdown":
            from composer.command.show.as_markdown import markdown

            return markdown(spec, name)
        case "json":
            from composer.command.show.as_json import as_json

            return as_json(spec, name)
    return text(spec, name, paint)


def text(spec: Spec, name: str, paint: Paint = plain) -> str:
    """A spec in YAML that means the same, its origins and the total in comments."""
    head = f"{name}, resolved: every value, and where it comes from."
    total = [*(f"  {line}" for line in text_of_total(spec)), "", *LEGEND, "", *definitions(spec)]
    return "\n".join(
        [
            *_comments([head], paint),
            "",
            *yaml_lines(resolve(spec), paint),
            "",
            *_comments(["The total:", "", *total], paint),
        ]
    )


def _comments(lines: Iterable[str], paint: Paint) -> Iterator[str]:
    return (paint(f"# {escape(line)}".rstrip(), "dim") for line in lines)
