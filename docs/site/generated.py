"""The pages that the code tells by itself: losses, codes, commands, names elsewhere, changelog."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import typer
from pictures import of_losses
from typer.testing import CliRunner

from composer.cli import app
from composer.codes import CATALOGUE as CODES
from composer.codes import find as find_code
from composer.codes.base import explanation
from composer.codes.page import code_markdown
from composer.losses import CATALOGUE as LOSSES
from composer.losses import find as find_loss
from composer.losses.names import ELSEWHERE
from composer.pages.markdown import loss_markdown
from composer.pages.table import losses_markdown


class Page(NamedTuple):
    """A file of the site.

    Attributes:
        path: where it stands, from the folder of all pages.
        text: Markdown.
        title: in the navigation.
        group: of the navigation, where a folder has several.
    """

    path: str
    text: str
    title: str
    group: str = ""


def pages() -> Iterator[Page]:
    """All of them, in the order of the navigation."""
    yield Page("losses/index.md", _losses_at_a_glance(), "All losses")
    for family, losses in _by_subject(LOSSES, _family).items():
        for loss in losses:
            yield Page(f"losses/{loss}.md", loss_markdown(loss), loss, family)
    yield Page("codes/index.md", _codes_at_a_glance(), "All codes")
    for subject, codes in _by_subject(CODES, _kind).items():
        for code in codes:
            yield Page(f"codes/{code}.md", code_markdown(code), code, subject)
    yield Page("commands/index.md", _commands_at_a_glance(), "All commands")
    yield from map(_command, commands())
    yield Page("migration/names.md", _names(), "Names elsewhere")
    yield Page("changelog.md", '--8<-- "CHANGELOG.md"\n', "Changelog")


def pictures() -> Iterator[tuple[str, bytes]]:
    """Paths and contents of the pictures on these pages."""
    for family, losses in _by_subject(LOSSES, _family).items():
        yield f"losses/{_picture_of(family)}", of_losses(family, losses)


def commands() -> list[str]:
    """The names of the commands, in the order of the help."""
    return list(typer.main.get_group(app).commands)


def _by_subject(names: Iterable[str], subject: Callable[[str], str]) -> dict[str, list[str]]:
    """The names under each subject, in the order in which the subjects come up."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(subject(name), []).append(name)
    return found


def _family(loss: str) -> str:
    return _headline(find_loss(loss)).partition(",")[0]


def _picture_of(family: str) -> str:
    return family.lower().replace(" ", "-") + ".svg"


def _kind(code: str) -> str:
    subject = re.split(", and |, or ", _headline(find_code(code)).removeprefix("Codes of "))[0]
    return (subject[:1].upper() + subject[1:]).replace("`", "")


def _headline(cls: type) -> str:
    """What the module of a class says of itself, up to the colon."""
    doc = importlib.import_module(cls.__module__).__doc__ or ""
    return doc.partition("\n")[0].partition(":")[0].removesuffix(".")


def _losses_at_a_glance() -> str:
    parts = [
        "# All losses",
        "`losscomp losses` shows them in a terminal, `losscomp explain LOSS` one.",
    ]
    for family, losses in _by_subject(LOSSES, _family).items():
        classes = [find_loss(loss) for loss in losses]
        table = re.sub(r"^\| `(\w+)` ", r"| [`\1`](\1.md) ", losses_markdown(classes), flags=re.M)
        picture = f"![The penalty of each over its error]({_picture_of(family)})"
        parts += [f"## {family}", table, picture]
    return "\n\n".join(parts) + "\n"


def _codes_at_a_glance() -> str:
    parts = [
        "# All codes",
        "Every problem has a code, which stays what it is from version to version. "
        "`losscomp explain CODE` shows its page in a terminal.",
    ]
    for subject, codes in _by_subject(CODES, _kind).items():
        told = [explanation(find_code(code)) for code in codes]
        rows = (f"| [`{e.code}`]({e.code}.md) | {e.severity} | {e.summary} |" for e in told)
        parts += [f"## {subject}", _table(("code", "severity", "what it says"), rows)]
    return "\n\n".join(parts) + "\n"


def _commands_at_a_glance() -> str:
    described = typer.main.get_group(app).commands.items()
    rows = (
        f"| [`{name}`]({name}.md) | {command.get_short_help_str(200)} |"
        for name, command in described
    )
    parts = ["# All commands", _table(("losscomp …", "what it does"), rows)]
    return "\n\n".join([*parts, *_quoted("batches", "exit-codes")]) + "\n"


def _command(name: str) -> Page:
    text = f"# losscomp {name}\n\n```\n{_help(name)}\n```\n"
    return Page(f"commands/{name}.md", text, name)


def _help(command: str) -> str:
    shown = CliRunner().invoke(app, [command, "--help"], prog_name="losscomp")
    return shown.output.strip()


def _names() -> str:
    parts = [
        "# Names elsewhere",
        "What other libraries call the losses. A spec does not accept these names; a problem says "
        "what they are here.",
    ]
    rows = (f"| [`{ours}`](../losses/{ours}.md) | {_listed(ours)} |" for ours in LOSSES)
    return "\n\n".join([*parts, _table(("here", "elsewhere"), rows)]) + "\n"


def _listed(ours: str) -> str:
    return ", ".join(f"`{there}`" for there, here in ELSEWHERE.items() if here == ours)


def _quoted(*sections: str) -> list[str]:
    return [f'--8<-- "README.md:{section}"' for section in sections]


def _table(head: Iterable[str], rows: Iterable[str]) -> str:
    titles = list(head)
    lines = [f"| {' | '.join(titles)} |", "|" + "---|" * len(titles), *rows]
    return "\n".join(lines)
