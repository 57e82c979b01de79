"""The site: it builds with warnings as errors, its links lead somewhere, and it fetches nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

from composer.codes import CATALOGUE as CODES
from composer.losses import CATALOGUE as LOSSES
from tests.command import ROOT, environment, losscomp


class Reader(HTMLParser):
    """The links, the anchors and the text of a page."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.anchors: set[str] = {""}
        self.text = ""
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        self.links += [(tag, given[name]) for name in ("href", "src") if name in given]

    def handle_data(self, data: str) -> None:
        self.text += data


def build(directory: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "docs" / "site", directory]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("built") / "site"
    done = build(directory)
    assert done.returncode == 0, done.stdout + done.stderr
    return directory


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Reader]:
    return {page: Reader(page) for page in sorted(site.rglob("*.html"))}


def test_every_link_leads_to_a_page_and_a_place_of_it(site: Path, pages: dict[Path, Reader]):
    dead = [
        (page.relative_to(site).as_posix(), link)
        for page, reader in pages.items()
        if page.name != "404.html"  # which is shown at any address
        for _, link in reader.links
        if not urlsplit(link).scheme and not leads_somewhere(page, link, pages)
    ]
    assert not dead
    assert len(pages) > len(LOSSES) + len(CODES)


def leads_somewhere(page: Path, link: str, pages: dict[Path, Reader]) -> bool:
    path, anchor = urldefrag(unquote(link))
    target = (page.parent / path).resolve() if path else page
    target = target / "index.html" if target.is_dir() else target
    return target.is_file() and (target not in pages or anchor in pages[target].anchors)


def test_nothing_is_fetched_from_a_network(site: Path, pages: dict[Path, Reader]):
    for page, reader in pages.items():
        fetched = [link for tag, link in reader.links if tag != "a" and urlsplit(link).scheme]
        assert not fetched, page
    styles = "".join(file.read_text(encoding="utf-8") for file in site.rglob("*.css"))
    assert not re.findall(r"url\(\s*[\"']?https?:|@import", styles)


def test_every_loss_every_code_and_every_command_has_its_page(site: Path, tmp_path: Path):
    helped = losscomp("--help", cwd=tmp_path).stdout.partition("Commands:\n")[2]
    commands = re.findall(r"^  (\w+) ", helped, re.MULTILINE)
    assert "check" in commands
    wanted = {"losses": LOSSES, "codes": CODES, "commands": commands}
    for folder, names in wanted.items():
        there = {page.parent.name for page in (site / folder).glob("*/index.html")}
        assert there == set(names)


def test_every_page_stands_in_the_navigation(site: Path, pages: dict[Path, Reader]):
    home = site / "index.html"
    reached, waiting = {home}, [home]
    while waiting:
        page = waiting.pop()
        for tag, link in pages[page].links:
            target = (page.parent / urldefrag(link)[0]).resolve() / "index.html"
            if tag == "a" and target in pages and target not in reached:
                reached.add(target)
                waiting.append(target)
    assert reached == {page for page in pages if page.name != "404.html"}


def test_the_language_is_quoted_from_the_readme(site: Path, pages: dict[Path, Reader]):
    text = pages[site / "language" / "formula" / "index.html"].text
    assert "Exactly zero is exactly absent." in text
    assert all("8<--" not in reader.text for reader in pages.values())


def test_the_help_of_a_command_is_what_it_prints(site: Path, pages: dict[Path, Reader]):
    shown = losscomp("check", "--help", cwd=site).stdout
    page = pages[site / "commands" / "check" / "index.html"]
    assert " ".join(shown.split()) in " ".join(page.text.split())


def test_a_folder_that_is_no_site_is_left_alone(tmp_path: Path):
    (tmp_path / "work.txt").write_text("a day's work")
    done = build(tmp_path)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        2,
        f"docs/site: error: {tmp_path} is there, and is no site",
    )
    assert (tmp_path / "work.txt").read_text() == "a day's work"
