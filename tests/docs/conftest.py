"""What the tests of pages share: what the steps of all of them print."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import ROOT, environment
from tests.docs.pages import steps_of


@pytest.fixture(scope="session")
def followed() -> dict[str, list[tuple[str, int]]]:
    """Output and exit code of every step of every page, by the path of the page."""
    pages = [page for page in sorted((ROOT / "docs").rglob("*.md")) if steps_of(page)]
    command = [sys.executable, "-P", Path(__file__).with_name("following.py"), *pages]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
