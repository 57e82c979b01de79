"""The entries of a mapping: keys that are text, each given once, and `<<` merged in."""

from __future__ import annotations

from collections.abc import Mapping

from composer.language.diagnostics import quote
from composer.language.yaml.findings import Findings
from composer.language.yaml.nodes import Node, Stretch

Entry = tuple[Node, Node]

_LONGEST_SHOWN = 100
_MERGE_HELP = "write `<<: *name`, or `<<: [*name, *other]` for several"
_LIST_HELP = (
    "write a list, in the order of the class numbers; for a weight, name it under `constants:` "
    "and write `take(name, y_true)`"
)


def assemble(
    findings: Findings, node: Node, entries: list[Entry], aliases: Mapping[int, Stretch]
) -> None:
    """Fills a mapping; an explicit key wins over a merged one, an earlier merge over a later.

    `aliases` are the places of the values that an alias repeats, by the number of the entry.
    """
    own: dict[str, Node] = {}
    merges: list[Node] = []
    strange: list[Entry] = []
    for key, value in entries:
        if node.style:
            _check_colon(findings, key, value)
        if _is_merge(key):
            merges.append(key)
            _check_merge(findings, merges, value)
        elif not isinstance(key.value, str):
            strange.append((key, value))
        elif _is_new(findings, key, own):
            own[key.value] = key
    _refuse(findings, strange)
    for number, (key, value) in enumerate(entries):
        if _is_merge(key):
            _merge(node, value, own, aliases.get(number))
        elif own.get(_name(key)) is key:
            node.value[key.value], node.keys[key.value] = value, key
            if number in aliases:
                node.uses[key.value] = aliases[number]


def _name(key: Node) -> str:
    return key.value if isinstance(key.value, str) else ""


def _is_merge(key: Node) -> bool:
    return key.plain and key.text == "<<"


def _merge(node: Node, value: Node, own: dict[str, Node], alias: Stretch | None) -> None:
    """Takes over what a mapping, or each of a list of them, has beyond the node's own keys.

    What is merged was itself flat when its mapping ended, so that nested merges stay linear.
    """
    for number, source in enumerate(value.value if value.kind == "sequence" else [value]):
        use = alias or value.uses.get(number)
        if source.kind == "mapping":
            for name, inherited in source.value.items():
                if name not in own and name not in node.value:
                    node.value[name], node.keys[name] = inherited, source.keys[name]
                    if use is not None:
                        node.uses[name] = use


def _check_merge(findings: Findings, merges: list[Node], value: Node) -> None:
    key = merges[-1]
    if len(merges) > 1:
        also = (merges[0].start, merges[0].end, "first here")
        message = "`<<` is given twice"
        findings.add("invalid-merge", message, key.start, key.end, help=_MERGE_HELP, also=also)
        return
    merged = value.value if value.kind == "sequence" else [value]
    wrong = next((node for node in merged if node.kind != "mapping"), None)
    if wrong is not None:
        message = f"`<<` merges mappings, found {_what(wrong)}"
        findings.add("invalid-merge", message, key.start, key.end, help=_MERGE_HELP)


def _refuse(findings: Findings, entries: list[Entry]) -> None:
    """Keys that are no text; the numbers among them come from one thought, and are told once."""
    numbers = [entry for entry in entries if _is_number(entry[0])]
    for key, _ in entries:
        if key.style != "*" and not _is_number(key):  # a broken alias has its own problem
            _refuse_key(findings, key, _quoted(findings, key, "it"))
    if numbers:
        first, is_table = numbers[0][0], all(_is_number(value) for _, value in numbers)
        what = "each of them" if len(numbers) > 1 else "it"
        _refuse_key(findings, first, _LIST_HELP if is_table else _quoted(findings, first, what))


def _refuse_key(findings: Findings, key: Node, help: str) -> None:
    message = f"a key must be text, found {_what(key)}"
    findings.add("invalid-key", message, key.start, key.end, help=help)


def _quoted(findings: Findings, key: Node, what: str) -> str:
    """To put quotes around the key, shown where it is short."""
    help = f"put quotes around {what}"
    written = findings.source.text[key.start : key.end]
    if 0 < len(written) < _LONGEST_SHOWN:
        from composer.language.yaml.quoting import quoted  # only problems need it

        help += f": {quoted(written)}"
    return help


def _is_number(node: Node) -> bool:
    return isinstance(node.value, int | float) and not isinstance(node.value, bool)


def _is_new(findings: Findings, key: Node, own: dict[str, Node]) -> bool:
    first = own.get(key.value)
    if first is None:
        return True
    name = quote(key.value)
    message = f"the key {name} is given twice"
    findings.add(
        "duplicate-key",
        message,
        key.start,
        key.end,
        help="remove one of them",
        also=(first.start, first.end, "first here"),
    )
    return False


def _check_colon(findings: Findings, key: Node, value: Node) -> None:
    """In `{type:huber}` YAML reads a key without a value, which nobody means."""
    name, colon, rest = key.text.partition(":")
    if not (key.plain and colon and value.plain and value.start == value.end):
        return
    if ":" not in findings.source.text[key.end : value.start]:
        message = f"a space is missing after the colon of {quote(key.text)}"
        help = f"write {quote(f'{name}: {rest}')}"
        edit = (key.start, key.end, f"{name}: {rest}")
        findings.add("invalid-yaml", message, key.start, key.end, help=help, edit=edit)


def _what(node: Node) -> str:
    if node.kind != "scalar":
        return f"a {node.kind}"
    if node.value is None:
        return f"the null {quote(node.text)}" if node.text else "nothing"
    if isinstance(node.value, bool):
        return f"the boolean {quote(node.text)}"
    return f"the {'text' if isinstance(node.value, str) else 'number'} {quote(node.text)}"
