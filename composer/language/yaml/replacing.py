"""What to write in the place of a part of a value, so that YAML reads it as it is meant."""

from __future__ import annotations

import yaml

from composer.language.yaml.nodes import Node, Stretch

_ESCAPED = {'"': {"\\": "\\\\", '"': '\\"'}, "'": {"'": "''"}}


def replacement(root: Node, node: Node, span: Stretch | None, text: str) -> str | None:
    """The text as it is to be spelled where it stands in for a part of a scalar, or for all of it.

    Args:
        root: the document's node.
        node: the scalar, or a key.
        span: the part of its text, as offsets; None for the scalar with its quotes.
        text: what is meant in its place.

    Returns:
        What to write; None where YAML would read something else, or where it is not known where
        the value stands.
    """
    if node.kind != "scalar" or node.source is not root.source:
        return None
    if span is None:
        return text if _reads(text, text, node.in_flow) else None
    start, end = node.stretch(*span)
    source = node.source.text
    spelled = "".join(_ESCAPED.get(node.style, {}).get(char, char) for char in text)
    written = source[node.start : start] + spelled + source[end : node.end]
    meant = node.text[: span[0]] + text + node.text[span[1] :]
    return spelled if _reads(written, meant, node.in_flow) else None


def _reads(written: str, meant: str, in_flow: bool) -> bool:
    """Whether YAML reads the text as one scalar, which is the one that is meant."""
    around = f"[{written}]" if in_flow else f"k: {written}\n"
    try:
        events = list(yaml.parse(around, Loader=yaml.SafeLoader))
    except yaml.YAMLError:
        return False
    scalars = [event for event in events if isinstance(event, yaml.ScalarEvent)]
    return (
        len(scalars) == (1 if in_flow else 2)
        and len(events) == len(scalars) + 6
        and not any(event.anchor or event.tag for event in scalars)
        and scalars[-1].value.rstrip("\n") == meant.rstrip("\n")
    )
