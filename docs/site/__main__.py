"""Builds the documentation site: `python docs/site [DIR]`, by default into `build/site`.

The hand-written pages are in `docs`; those that the code tells by itself are written anew each
time. Warnings, such as a link to a page that is not there, are errors.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """The exit code of the build; a site that is not right does not replace the last one."""
    parser = argparse.ArgumentParser(prog="docs/site", description=__doc__)
    parser.add_argument("directory", nargs="?", type=Path, default=ROOT / "build" / "site")
    directory = parser.parse_args().directory
    if directory.exists() and not (directory / "sitemap.xml").is_file():
        parser.error(f"{directory} is there, and is no site")
    import sources  # which takes seconds to load

    with tempfile.TemporaryDirectory() as folder:
        config = sources.lay_out(ROOT, Path(folder))
        command = [sys.executable, "-m", "zensical", "build", "--strict", "--config-file"]
        code = subprocess.run([*command, str(config)], check=False).returncode
        if code == 0:
            shutil.rmtree(directory, ignore_errors=True)
            shutil.copytree(Path(folder) / "site", directory)
    return code


if __name__ == "__main__":
    sys.exit(main())
