"""The pages that give an overview: of losses, codes, commands, and names elsewhere."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable

import typer

from composer.cli import app
from composer.codes import CATALOGUE as CODES
from composer.codes import find as find_code
from composer.codes.base import explanation
from composer.losses import CATALOGUE as LOSSES
from composer.losses import find as find_loss
from composer.losses.names import ELSEWHERE
from composer.pages.markdown import prose
from composer.pages.table import losses_markdown


def of_losses() -> str:
    """All losses, by family, with their curves."""
    parts = [
        "# All losses",
        "`losscomp losses` shows them in a terminal, `losscomp explain LOSS` one.",
    ]
    for family, losses in by_subject(LOSSES, family_of).items():
        classes = [find_loss(loss) for loss in losses]
        table = re.sub(r"^\| `(\w+)` ", r"| [`\1`](\1.md) ", losses_markdown(classes), flags=re.M)
        picture = f"![The penalty of each over its error]({picture_of(family)})"
        parts += [f"## {family}", table, picture]
    return "\n\n".join(parts) + "\n"


def of_codes() -> str:
    """All codes, by what they are about."""
    parts = [
        "# All codes",
        "Every problem has a code, which stays what it is from version to version. "
        "`losscomp explain CODE` shows its page in a terminal.",
    ]
    for subject, codes in by_subject(CODES, kind_of).items():
        told = [explanation(find_code(code)) for code in codes]
        rows = (f"| [`{e.code}`]({e.code}.md) | {e.severity} | {prose(e.summary)} |" for e in told)
        parts += [f"## {subject}", _table(("code", "severity", "what it says"), rows)]
    return "\n\n".join(parts) + "\n"


def of_commands() -> str:
    """All commands, and what they have in common."""
    described = typer.main.get_group(app).commands.items()
    rows = (
        f"| [`{name}`]({name}.md) | {command.get_short_help_str(200)} |"
        for name, command in described
    )
    parts = ["# All commands", _table(("losscomp …", "what it does"), rows)]
    quoted = [f'--8<-- "README.md:{section}"' for section in ("batches", "exit-codes")]
    return "\n\n".join([*parts, *quoted]) + "\n"


def of_names() -> str:
    """What each loss is called elsewhere."""
    parts = [
        "# Names elsewhere",
        "What other libraries call the losses. A spec does not accept these names; a problem says "
        "what they are here.",
    ]
    rows = (f"| [`{ours}`](../losses/{ours}.md) | {_listed(ours)} |" for ours in LOSSES)
    return "\n\n".join([*parts, _table(("here", "elsewhere"), rows)]) + "\n"


def commands() -> list[str]:
    """The names of the commands, in the order of the help."""
    return list(typer.main.get_group(app).commands)


def by_subject(names: Iterable[str], subject: Callable[[str], str]) -> dict[str, list[str]]:
    """The names under each subject, in the order in which the subjects come up."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(subject(name), []).append(name)
    return found


def family_of(loss: str) -> str:
    """The family of a loss, in a few words."""
    return _headline(find_loss(loss)).partition(",")[0]


def kind_of(code: str) -> str:
    """What a code is about, in a few words."""
    subject = re.split(", and |, or ", _headline(find_code(code)).removeprefix("Codes of "))[0]
    return (subject[:1].upper() + subject[1:]).replace("`", "")


def picture_of(family: str) -> str:
    """The file of the curves of a family."""
    return family.lower().replace(" ", "-") + ".svg"


def _headline(cls: type) -> str:
    """What the module of a class says of itself, up to the colon."""
    doc = importlib.import_module(cls.__module__).__doc__ or ""
    return doc.partition("\n")[0].partition(":")[0].removesuffix(".")


def _listed(ours: str) -> str:
    return ", ".join(f"`{there}`" for there, here in ELSEWHERE.items() if here == ours)


def _table(head: Iterable[str], rows: Iterable[str]) -> str:
    titles = list(head)
    lines = [f"| {' | '.join(titles)} |", "|" + "---|" * len(titles), *rows]
    return "\n".join(lines)
