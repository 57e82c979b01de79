"""What the site is built from: a folder of hand-written and generated pages, and its settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from itertools import groupby
from pathlib import Path
from typing import Any

import generated
import yaml
from generated import Page
from pictures import of_page


def lay_out(root: Path, folder: Path) -> Path:
    """Fills `folder`, in which the site will be `site`; returns the path of its settings."""
    docs, written = root / "docs", list(generated.pages())
    by_hand = [file.relative_to(docs) for file in sorted(docs.rglob("*.md"))]
    for path, content in (*_copied(root, by_hand), *_made(written)):
        file = folder / "pages" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    settings = yaml.safe_load((docs / "mkdocs.yml").read_text(encoding="utf-8"))
    settings["nav"] = list(_expanded(settings["nav"], written, [str(path) for path in by_hand]))
    # Pages quote README.md, so that what it says is said once.
    snippets = {"base_path": [str(root)], "check_paths": True}
    settings["markdown_extensions"].append({"pymdownx.snippets": snippets})
    config = folder / "mkdocs.yml"
    config.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    return config


def _copied(root: Path, by_hand: Sequence[Path]) -> Iterator[tuple[Path, bytes]]:
    """The files that are written by hand, the pictures beside them, and those that they draw."""
    docs = root / "docs"
    for path in (Path("wide.css"), *(file.relative_to(docs) for file in docs.rglob("*.png"))):
        yield path, (docs / path).read_bytes()
    for path in by_hand:
        content = (docs / path).read_bytes()
        yield path, content
        for name, picture in of_page(content.decode(), root / "configs"):
            yield path.with_name(name), picture


def _made(written: Sequence[Page]) -> Iterator[tuple[Path, bytes]]:
    """The generated pages and their pictures."""
    for page in written:
        yield Path(page.path), page.text.encode()
    for name, picture in generated.curves():
        yield Path(name), picture


def _expanded(nav: Sequence[Any], written: Sequence[Page], by_hand: Sequence[str]) -> Iterator[Any]:
    """The navigation with the pages that each `folder/*.md` stands for."""
    for entry in nav:
        if isinstance(entry, dict):
            ((title, inside),) = entry.items()
            is_page = isinstance(inside, str)
            yield {title: inside if is_page else list(_expanded(inside, written, by_hand))}
        elif "*" in entry:
            others = [
                page for page in written if fnmatch(page.path, entry) and page.path not in nav
            ]
            yield from _grouped(others)
            yield from (path for path in by_hand if fnmatch(path, entry) and path not in nav)
        else:
            yield entry


def _grouped(pages: Sequence[Page]) -> Iterator[Any]:
    for group, members in groupby(pages, key=lambda page: page.group):
        entries = [{page.title: page.path} for page in members]
        yield from [{group: entries}] if group else entries
