"""The attack list: hostile files by row. What is told of each is in attack_answers.txt.

A row is one test; its number is that of the list that the project began with. More that YAML alone
has to survive is in tests/language/attacks.py.
"""

from __future__ import annotations

import json

from tests.language.yaml.attacks import ATTACKS


def _loss(fields: str) -> str:
    return f"tasks: {{a: {{loss: {{type: huber, {fields}}}}}}}\n"


def _mask(mask: str) -> str:
    return f"tasks: {{a: {{loss: huber, mask: {json.dumps(mask)}}}}}\n"


def _constant(value: str) -> str:
    return f"constants: {{c: {value}}}\ntasks: {{a: {{loss: huber, weight: c}}}}\n"


def _task(name: str) -> str:
    return f"tasks: {{? {name} : {{loss: huber}}}}\n"


ROWS: dict[str, dict[str, str | bytes]] = {
    "row-01-alias-bomb": {"a": ATTACKS["alias bomb"]},
    "row-02-merge-bomb": {"a": ATTACKS["merge bomb"]},
    "row-03-wide-merges": {"a": ATTACKS["wide merges"]},
    "row-04-self-reference": {"a": "a: &a [*a]"},
    "row-05-unknown-alias": {"a": "a: &a {b: *b}", "b": "a: *nothing"},
    "row-06-flow-depth": {"open": "[" * 100_000, "closed": "[" * 100_000 + "]" * 100_000},
    "row-07-block-depth": {
        "a": "- " * 10_000,
        "b": "{a: " * 100_000,
        "c": "? " * 20_000,
    },
    "row-08-large-file": {"a": "#" * ((1 << 20) + 1), "b": "a: 1\n" * (1 << 20)},
    "row-09-long-list": {"a": "[" + "1," * 450_000 + "]"},
    "row-10-long-scalars": {
        "key": "k" * 900_000 + ": 1",
        "quote": 'a: "' + "x" * 900_000,
        "comment": "#" + "x" * 900_000,
    },
    "row-11-anchors-and-documents": {
        "anchors": ATTACKS["many anchors"],
        "documents": "---\n" * 50_000,
    },
    "row-12-duplicate-keys": {"a": "a: 1\n" * 9_000},
    "row-13-python-object": {"a": "!!python/object/apply:os.system ['touch pwned']"},
    "row-14-tags": {
        "name": "!!python/name:os.system",
        "binary": "a: !!binary aGk=",
        "set": "!!set {a, b}",
        "include": "a: !include /etc/passwd",
        "verbatim": "a: !<x> 1",
    },
    "row-15-tag-directive": {"a": "%TAG ! tag:yaml.org,2002:python/\n---\n!name:os.system"},
    "row-16-directives": {"version": "%YAML 9.9\n---\na: 1", "unknown": "%FOO\n---\na: 1"},
    "row-17-two-documents": {"a": "a: 1\n---\nb: 2\n"},
    "row-18-no-mapping": {"a": "", "b": "# nothing", "c": "text", "d": "[1]", "e": "~"},
    "row-19-duplicate-key": {
        "a": "tasks:\n  a: {loss: huber}\n  b: {loss: huber}\n  a: {loss: silog}\n",
        "b": "x: &x {b: 1, b: 2}\ny: *x\n",
    },
    "row-20-merges": {
        "scalar": "a: 1\n<<: 2\n",
        "twice": "a: &a {b: 1}\nc:\n  <<: *a\n  <<: *a\n",
        "list": "<<: [1]\n",
    },
    "row-21-keys": {
        "list": _task("[1]"),
        "mapping": _task("{a: 1}"),
        "number": _task("1"),
        "null": _task("~"),
        "empty": _task('""'),
    },
    "row-22-control-characters": {
        "nul": b"a: \x00",
        "escape": b"a: \x1b[2J",
        "bell": b"a: \x07\x08",
        "c1": "a: \x9b2J".encode(),
    },
    "row-23-escape-sequences": {
        "key": '"\\e]0;pwn\\a\\e[2J": 1\n',
        "task": _task('"\\e]0;pwn\\a\\e[2J"'),
        "field": _loss('"\\e[2J": 1'),
        "value": _loss('delta: "\\e[2J"'),
        "mask": _mask("\x1b[2J"),
    },
    "row-24-bidi-and-zero-width": {
        "bidi": _task('"a\u202eb"'),
        "zero-width": _task('"a\u200bb"'),
        "bom": _task('"a\ufeffb"'),
        "loss": _loss('name: "a\u2066b"'),
    },
    "row-25-workflow-commands": {
        "lf": 'tasks: {a: {loss: {type: "x\\n::error file=a::pwn"}}}',
        "cr": 'tasks: {a: {loss: {type: "x\\r::error file=a::pwn"}}}',
        "name": _loss('name: "x\\r\\n::error file=a::pwn"'),
        "line": "a:\n::error file=a::pwn\n",
    },
    "row-27-surrogates": {
        "escape": _task('"\\ud800"'),
        "pair": _task('"\\ud83d\\ude00"'),
        "bytes": b'a: "\xed\xa0\x80"',
    },
    "row-28-encodings": {
        "utf-16": "a: 1".encode("utf-16-le").join([b"\xff\xfe", b""]),
        "latin-1": "a: é".encode("latin-1"),
        "random": bytes(range(128, 256)),
        "late": b"a: 1\nb: \xc3\xa9\xff\n",
    },
    "row-30-booleans-of-yaml-1-1": {
        word: _loss(f"weight: {word}") for word in ("on", "yes", "no", "off")
    },
    "row-31-numbers-of-yaml-1-1": {
        "octal": _loss("weight: 012"),
        "sexagesimal": _loss("delta: 1:30"),
        "underscore": _loss("delta: 1_000"),
        "hexadecimal": _loss("delta: 0x10"),
    },
    "row-32-number-in-quotes": {"a": _loss('delta: "1e-3"')},
    "row-33-not-finite": {
        f"{i}": _loss(f"weight: {number}")
        for i, number in enumerate(
            [".nan", ".inf", "-.inf", "nan", "inf", "Infinity", "1e999", '"1e999"']
        )
    },
    "row-34-long-integers": {
        "digits": _loss("weight: " + "9" * 5_000),
        "hexadecimal": _loss("weight: 0x" + "f" * 60_000),
        "float": _loss("weight: " + "9" * 400),
        "quoted": _loss('weight: "' + "9" * 1_900 + '"'),
    },
    "row-35-weights-of-no-float32": {
        "large": _loss("weight: 1e39"),
        "small": _loss("weight: 1e-46"),
        "subnormal": _loss("weight: 1e-40"),
    },
    "row-36-weights-that-train-nothing": {
        "negative": _loss("weight: -1"),
        "nothing": _loss("weight: 0"),
        "minus-nothing": _loss("weight: -0.0"),
    },
    "row-37-schedules": {
        "backwards": _loss("weight: 'ramp(step, 10, 5)'"),
        "before": _loss("weight: 'ramp(step, 0, -1)'"),
        "cycle": _loss("weight: 'cycle(step, 0, [1])'"),
        "falling": _loss("weight: 'piecewise(step, [2, 1], [1, 2, 3])'"),
        "idle": _loss("weight: 'ramp(step, 0, 0)'"),
        "long": _loss("weight: 'ramp(step, 0, 1e9)'"),
        "short": _loss("weight: 'piecewise(step, [1], [1])'"),
    },
    "row-38-unknown-names": {
        "field": _loss("wieght: 1"),
        "loss": "tasks: {a: {loss: huberr}}",
        "task": (
            "tensors: {y_true: {depth: 'float32[batch]'}, y_pred: {depth: 'float32[batch]'}}\n"
            "tasks: {depth: {loss: huber, mask: y_true.dept > 0}}\n"
        ),
    },
    "row-39-names": {
        "tasks": "tasks: {a: {loss: huber}, a: {loss: huber}}",
        "losses": "tasks: {a: {loss: [huber, huber]}}",
        "total": _task("total"),
        "class": _task("__class__"),
        "long": _task("k" * 10_000),
        "depth": _task("深度"),
        "slash": _task("a/b"),
    },
    "row-40-masks": {
        "deep": _mask("not " * 200 + "True"),
        "wide": _mask(" and ".join(["y_true > 0"] * 150)),
        "empty": _mask("all([])"),
        "list": _mask("not [1]"),
        "number": _mask("1"),
    },
    "row-41-code-in-masks": {
        "import": _mask("__import__('os').system('touch pwned')"),
        "class": _mask("().__class__"),
        "attribute": _mask("y_true.__class__"),
        "power": _mask("9**9**9"),
        "lambda": _mask("lambda: 1"),
        "f-string": _mask("f'{y_true}'"),
        "walrus": _mask("(a := 1)"),
        "comprehension": _mask("[a for a in y_true]"),
        "subscript": _mask("y_true[0]"),
        "exec": _mask("exec('1')"),
        "method": _mask("step.bit_length()"),
        "full-width": _mask("ｏｓ"),
        "repeat": _mask("1 in [1]*1000000000"),
    },
    "row-42-parser-bombs": {
        "minus": _mask("-" * 20_000 + "1"),
        "fewer": _mask("-" * 1_900 + "1"),
        "parentheses": _mask("(" * 300 + "1" + ")" * 300),
        "nul": _mask("\0"),
        "digits": _mask("9" * 5_000),
    },
    "row-43-python-paths": {
        "fn": _loss("fn: os:system"),
        "target": _loss("_target_: os.system"),
        "import": _loss("$import os: 1"),
        "class": _loss("class_name: Lambda"),
        "module": _loss("module: os"),
        "loss": 'tasks: {a: {loss: "os:system"}}',
        "losses": "losses: my_losses.py\ntasks: {a: {loss: huber}}",
    },
    "row-48-paths": {
        "absolute": _constant("/etc/passwd"),
        "drive": _constant("'C:\\x.npy'"),
        "home": _constant("~/x.npy"),
        "host": _constant("'\\\\host\\x.npy'"),
        "reserved": _constant("CON"),
        "up": _constant("../../etc/passwd"),
        "url": _constant("'file:///etc/x.npy'"),
    },
    "row-50-constants": {
        "deep": _constant("[[[[[[[[[1]]]]]]]]]"),
        "empty": _constant("[]"),
        "mixed": _constant("[1, true]"),
        "numbers": _constant("[" + "1," * 100_000 + "]"),
        "ragged": _constant("[[1, 2], [3]]"),
        "words": _constant("[1, x]"),
    },
    "row-52-line-breaks": {
        "crlf": "tasks:\r\n  a:\r\n    los: huber\r\n",
        "cr": "tasks:\r  a:\r    los: huber\r",
        "ls": "tasks:\n  a: {loss: huber, name: 'x\u2028y'}\n  b: {los: huber}\n",
        "nel": "tasks:\n  a: {loss: huber, name: 'x\u0085y'}\n  b: {los: huber}\n",
        "tab": "tasks:\n\ta: {loss: huber}\n",
        "trailing": "tasks:   \n  a:  \n    los: huber   \n   \n",
    },
}
