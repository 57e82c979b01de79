"""A figure measured in inches from its upper left corner, and text that fits its room."""

from __future__ import annotations

from typing import Any

from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text

from composer.language.diagnostics import escape
from composer.plots.style import BODY, DPI, INK, families

WIDTH = 9.0
MARGIN = 0.3
_MAX_LENGTH = 2_000


class Sheet:
    """One figure. All text goes through `shown`, so that any name can be drawn.

    Attributes:
        figure: the figure itself.
        missing: the characters met that no installed font has.
    """

    def __init__(self, height: float, width: float = WIDTH) -> None:
        self.width = width
        self.height = height
        self.figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
        self.canvas = FigureCanvasAgg(self.figure)
        self.missing: set[str] = set()
        self._families = families()
        self._fonts = [
            font_manager.get_font(font_manager.findfont(FontProperties(family=name)))
            for name in self._families
        ]

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Axes whose inner box has this place and size."""
        return self.figure.add_axes(
            (
                left / self.width,
                1 - (top + height) / self.height,
                width / self.width,
                height / self.height,
            )
        )

    def text(self, left: float, top: float, words: str, **look: Any) -> Text:
        """A line of text whose top is at `top`; `room` inches at most, cut with an ellipsis."""
        look = dict[str, Any](fontsize=BODY, color=INK, va="top", ha="left") | look
        room = look.pop("room", left if look["ha"] == "right" else self.width - left - MARGIN / 2)
        fitted = self.fit(words, room, look["fontsize"], look.get("weight", "normal"))
        return self.figure.text(left / self.width, 1 - top / self.height, fitted, **look)

    def shown(self, words: str) -> str:
        """The words with what is invisible, or in no font, as `\\u{…}`."""
        return "".join(map(self._drawn, escape(words[:_MAX_LENGTH])))

    def _drawn(self, char: str) -> str:
        if any(font.get_char_index(ord(char)) for font in self._fonts):
            return char
        self.missing.add(char)
        return f"\\u{{{ord(char):x}}}"

    def fit(self, words: str, room: float, size: float, weight: str = "normal") -> str:
        """The words as they are drawn; what is wider than `room` inches loses its middle."""
        words = self.shown(words)
        if self.inches(words, size, weight) <= room:
            return words
        fewest, most = 0, len(words)
        while fewest < most:
            kept = (fewest + most + 1) // 2
            if self.inches(_without_middle(words, kept), size, weight) <= room:
                fewest = kept
            else:
                most = kept - 1
        return _without_middle(words, fewest)

    def lines(self, words: str, room: float, size: float, most: int) -> list[str]:
        """The words broken into lines that fit; what is left of the last is cut."""
        lines: list[str] = []
        waiting = words.split()
        while waiting and len(lines) < most - 1:
            count = 1
            while count < len(waiting) and self._fits(waiting[: count + 1], room, size):
                count += 1
            lines.append(self.fit(" ".join(waiting[:count]), room, size))
            waiting = waiting[count:]
        return [*lines, self.fit(" ".join(waiting), room, size)] if waiting else lines

    def _fits(self, words: list[str], room: float, size: float) -> bool:
        return self.inches(self.shown(" ".join(words)), size) <= room

    def inches(self, words: str, size: float, weight: str = "normal") -> float:
        """How wide one line of text is."""
        font = FontProperties(family=self._families, size=size, weight=weight)
        renderer: Any = self.canvas.get_renderer()  # type: ignore[no-untyped-call]  # it has none
        wide, _, _ = renderer.get_text_width_height_descent(words, font, False)
        return float(wide) / DPI


def _without_middle(words: str, kept: int) -> str:
    """So many of its characters, from both ends, around an ellipsis."""
    behind = kept // 2
    return words[: kept - behind] + "…" + (words[-behind:] if behind else "")
