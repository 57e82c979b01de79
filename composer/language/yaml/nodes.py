"""A value of the document that knows where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from composer.language.yaml.places import Source

Kind = Literal["mapping", "sequence", "scalar"]
Stretch = tuple[int, int]


@dataclass(slots=True, eq=False)
class Node:
    """One mapping, sequence or scalar.

    Attributes:
        kind: what it is.
        value: a dict of nodes, a list of nodes, or the scalar's Python value.
        keys: of a mapping, the nodes of its keys.
        line: 1-based; so are the columns, counted in code points.
        column: of its first character.
        end_line: of its end.
        end_column: just past its last character.
        plain: whether it is a scalar without quotes.
        text: a scalar's text as YAML hands it over.
        caution: what to say where a number or boolean is wanted and this text only looks like one.
        source: the text it was read from.
        start: offset of its first character in `source`.
        end: offset just past its last character.
        uses: of a collection, where entries of it are repeated by an alias or merged in by `<<`:
            the stretch of the alias, by the entry's name or index.
        style: what it is written with: `"`, `'`, `|` or `>` of a scalar, `{` or `[` of a flow
            collection, `*` of an alias that leads nowhere; else empty.
        in_flow: whether it stands in brackets or braces, where YAML ends a value sooner.
    """

    kind: Kind
    value: Any
    keys: dict[str, Node]
    line: int
    column: int
    end_line: int
    end_column: int
    plain: bool = False
    text: str = ""
    caution: str | None = None
    source: Source = field(default_factory=lambda: Source("", ""), repr=False)
    start: int = 0
    end: int = 0
    style: str = ""
    in_flow: bool = False
    uses: dict[str | int, Stretch] = field(default_factory=dict, repr=False)

    @classmethod
    def at(cls, source: Source, kind: Kind, start: int, end: int, style: str = "") -> Node:
        """A node of a stretch of text, empty as yet."""
        value: Any = {"mapping": {}, "sequence": []}.get(kind)
        places = (*source.place(start), *source.place(end))
        return cls(kind, value, {}, *places, source=source, start=start, end=end, style=style)

    def to_python(self) -> object:
        """Plain dicts, lists and scalars; what an alias repeats is copied each time.

        The depth and the size of what comes out were bounded while reading.
        """
        if self.kind == "mapping":
            return {key: node.to_python() for key, node in self.value.items()}
        if self.kind == "sequence":
            return [node.to_python() for node in self.value]
        value: object = self.value
        return value

    def stretch(self, start: int, end: int) -> Stretch:
        """The offsets in the source of the characters `text[start:end]`."""
        from composer.language.yaml.spelling import source_spans  # only problems need it

        spans = source_spans(self.source.text, self.start, self.end, self.style, self.text)
        if not spans:
            return self.start, self.end
        first = spans[min(start, len(spans) - 1)]
        begin = first[0] if start < len(spans) else first[1]
        last = spans[min(end, len(spans)) - 1][1] if end > start else begin
        return begin, max(begin, last)

    def place(self, start: int, end: int) -> tuple[int, int, int]:
        """Line, column and end column, in the file, of the characters `text[start:end]`."""
        return self.source.mark(*self.stretch(start, end))
