"""Hostile files for test_document_attacks.py, which reads them in a process of its own."""

from __future__ import annotations

_BOMB = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
_BOMB += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
_MERGES = ["a0: &a0 {x: 1}", *(f"a{i}: &a{i}\n  <<: [*a{i - 1}, *a{i - 1}]" for i in range(1, 24))]
_WIDE = "a: &a {" + ", ".join(f"k{i}: 1" for i in range(1000)) + "}\nb:\n" + "- <<: *a\n" * 1000
_CUTS = ", ".join(f"k{i}: f(x, y)" for i in range(4000))
_DEEP = "a0: &a0 [[[[[[[[[[1]]]]]]]]]]\n"
_DEEP += "".join(f"a{i}: &a{i} [[[[[[[[[[*a{i - 1}]]]]]]]]]]\n" for i in range(1, 1000))

ATTACKS: dict[str, str] = {
    "alias bomb": "\n".join(_BOMB),
    "merge bomb": "\n".join(_MERGES),
    "wide merges": _WIDE,
    "self-reference": "a: &a [*a]",
    "unknown alias": "a: &a {b: *b}",
    "open brackets": "[" * 100_000,
    "closed brackets": "[" * 100_000 + "]" * 100_000,
    "dashes": "- " * 10_000,
    "flow mappings": "{a: " * 100_000,
    "question marks": "? " * 20_000,
    "deep through aliases": _DEEP,
    "more than a megabyte": "#" * 1_100_000,
    "many items": "[" + "1," * 450_000 + "]",
    "long key": "k" * 900_000 + ": 1",
    "unterminated quote": 'a: "' + "x" * 900_000,
    "long comment": "#" + "x" * 900_000,
    "many anchors": "\n".join(f"- &a{i} 1" for i in range(70_000)),
    "many documents": "---\n" * 50_000,
    "duplicate keys": "a: 1\n" * 9_000,
    "duplicate keys on a line": "{" + "a: 1, " * 9_000 + "}",
    "python object": "!!python/object/apply:os.system ['id']",
    "python name": "!!python/name:os.system",
    "binary": "a: !!binary aGk=",
    "include": "a: !include /etc/passwd",
    "tag directive": "%TAG ! tag:yaml.org,2002:python/\n---\n!name:os.system",
    "version directive": "%YAML 9.9\n---\na: 1",
    "unknown directive": "%FOO\n---\na: 1",
    "cut expressions": "{" + _CUTS + "}",
    "cut expressions and an error": "{" + _CUTS + ", b: @}",
    "brackets never closed": "{a: " + "f(x[, " * 100_000,
    "anchors in a quote": 'a: "' + "&: " * 300_000,
    "lists in a quote": 'a: "' + "- [ " * 100_000,
    "quotes in brackets": "[(" + "' \" " * 200_000,
    "escaped quotes": '["a",' + '"\\" ' * 100_000,
    "blanks in a quote": 'a: "' + " " * 60_000 + '"',
    "control characters": "\x01\x02" * 400_000,
    "surrogate": 'a: "\ud800"',
    "line feeds": "\n" * 900_000,
    "carriage returns": "\r" * 900_000 + "a: b",
    "tabs": "\t" * 900_000 + "a: b",
    "long tag": "a: " + "!" * 900_000,
    "many tags": "".join(f"- &a{i} !b{i} 1\n" for i in range(15_000)),
    "many digits": "a: " + "1" * 60_000,
    "many hexadecimal digits": "a: 0x" + "f" * 60_000,
    "many underscores": "a: " + "1_" * 30_000,
    "many colons": "a: " + "1:1" * 20_000,
    "folded lines": "a: " + "x\n  " * 15_000,
}
