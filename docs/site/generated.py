"""The pages that the code tells by itself: losses, codes, commands, names elsewhere, changelog."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import overviews
import pictures
from typer.testing import CliRunner

from composer.cli import app
from composer.codes import CATALOGUE as CODES
from composer.command.code_page import code_markdown
from composer.losses import CATALOGUE as LOSSES
from composer.pages.markdown import loss_markdown


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
    yield Page("losses/index.md", overviews.of_losses(), "All losses")
    for family, losses in overviews.by_subject(LOSSES, overviews.family_of).items():
        for loss in losses:
            yield Page(f"losses/{loss}.md", loss_markdown(loss), loss, family)
    yield Page("codes/index.md", overviews.of_codes(), "All codes")
    for kind, codes in overviews.by_subject(CODES, overviews.kind_of).items():
        for code in codes:
            yield Page(f"codes/{code}.md", code_markdown(code), code, kind)
    yield Page("commands/index.md", overviews.of_commands(), "All commands")
    for name in overviews.commands():
        yield Page(f"commands/{name}.md", _command(name), name)
    yield Page("migration/names.md", overviews.of_names(), "Names elsewhere")
    yield Page("changelog.md", '--8<-- "CHANGELOG.md"\n', "Changelog")


def curves() -> Iterator[tuple[str, bytes]]:
    """Paths and contents of the pictures on these pages."""
    for family, losses in overviews.by_subject(LOSSES, overviews.family_of).items():
        yield f"losses/{overviews.picture_of(family)}", pictures.of_losses(family, losses)


def _command(name: str) -> str:
    shown = CliRunner().invoke(app, [name, "--help"], prog_name="losscomp")
    return f"# losscomp {name}\n\n```\n{shown.output.strip()}\n```\n"
