"""How large a document may grow, checked before it does."""

from __future__ import annotations

from typing import NoReturn

from composer.language.yaml.findings import Findings, Stop

MAX_DEPTH = 64
MAX_NODES = 60_000
MAX_EXPANDED = 150_000
MAX_SCALAR = 64 * 1024


class Budget:
    """Counts what a document takes; raises Stop, its problem noted, where that is too much.

    Attributes:
        expanded: number of values so far, with every alias written out.
    """

    def __init__(self, findings: Findings) -> None:
        self.expanded = 0
        self._nodes = 0
        self._findings = findings

    def node(self, start: int, end: int) -> None:
        """One more value."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._stop("too-large", f"a spec holds at most {MAX_NODES} values", start, end)
        self.alias(1, start, end)

    def alias(self, size: int, start: int, end: int) -> None:
        """An alias that stands for so many values: counted, not copied."""
        self.expanded += size
        if self.expanded > MAX_EXPANDED:
            message = f"with its aliases written out, a spec holds at most {MAX_EXPANDED} values"
            self._stop("alias-bomb", message, start, end)

    def depth(self, levels: int, start: int, end: int) -> None:
        """A value that stands this deep, or reaches so deep."""
        if levels > MAX_DEPTH:
            self._stop("too-deep", f"a spec nests at most {MAX_DEPTH} levels deep", start, end)

    def scalar(self, length: int, start: int, end: int) -> None:
        """A text of this length."""
        if length > MAX_SCALAR:
            message = f"one value takes at most {MAX_SCALAR} characters, found {length}"
            self._stop("too-large", message, start, end)

    def _stop(self, code: str, message: str, start: int, end: int) -> NoReturn:
        self._findings.add(code, message, start, end)
        raise Stop
