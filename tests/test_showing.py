"""`losscomp show`: whole outputs, where values come from, and that the text means the same."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, event, given, settings

from composer import SpecError, check_spec, load_spec, parse_spec
from composer.command.colours import painter
from composer.command.show.as_markdown import code
from composer.command.show.resolving import resolve
from composer.command.show.showing import show_spec, text
from composer.command.show.yaml_text import yaml_text
from composer.formula.written import TooLongError, written
from composer.language.yaml.document import read_document
from composer.terms import terms_of
from tests.command import ROOT, Outcome, losscomp
from tests.formula.setting import rows_of, set_in_type
from tests.predictions import errors, parsed
from tests.random_losses import Own
from tests.random_specs import cases
from tests.shown.expected import FORMATS, NAMES, file_of

CONFIGS = sorted(str(file.relative_to(ROOT)) for file in (ROOT / "configs").rglob("*.yaml"))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("style", FORMATS)
@pytest.mark.parametrize("name", NAMES)
def test_a_whole_output(name, style, monkeypatch):
    monkeypatch.chdir(ROOT)
    shown = show_spec(f"configs/{name}.yaml", as_format=style)
    assert shown.rstrip("\n") + "\n" == file_of(name, style).read_text(encoding="utf-8")


def test_the_command_prints_it():
    outcome = losscomp("show", "configs/stereo.yaml", "--format", "latex", cwd=ROOT)
    expected = file_of("stereo", "latex").read_text(encoding="utf-8")
    assert outcome == Outcome(0, expected, "")


SPEC = """\
constants:
  table: [[1, 2], [3, 4]]
  flags: [true, false]
  half: 0.5
reduction: weighted_mean
tasks:
  a: &first
    y_true: y_true.b / 2
    mask: y_true > 0
    weight: 2
    loss: huber
  "on":
    <<: *first
    loss:
      - type: sparse_softmax_focal
        y_true: y_true["class"]
        alpha: [0.5, 1]
        mask: y_pred[..., 0] > 0
        weight: 3 * step * take(table, y_true)[..., 0]
        reduction: sum
        name: focal
"""
TEXT = """\
# a.yaml, resolved: every value, and where it comes from.

constants:
  table: [[1, 2], [3, 4]]                                        # a.yaml:2:10, int[2, 2]
  flags: [true, false]                                           # a.yaml:3:10, bool[2]
  half: 0.25                                                     # --set, float

reduction: weighted_mean                                         # a.yaml:5:12

tasks:
  a:
    y_true: y_true.b / 2                                         # a.yaml:8:13
    y_pred: y_pred.a                                             # default
    weight: ramp(step, 0, 9) * y_true                            # --set, scalar ramp(step, 0, 9), the rest tensor
    mask: y_true.b / 2 > 0                                       # a.yaml:9:11
    loss:
      - type: huber                                              # a.yaml:11:11
        name: huber                                              # default
        y_true: y_true.b / 2                                     # task `a`
        y_pred: y_pred.a                                         # task `a`
        delta: 1.0                                               # default
        weight: 1                                                # default, times that of task `a`
        # mask: y_true.b / 2 > 0                                 # task `a`
        reduction: weighted_mean                                 # `reduction`
  "on":
    y_true: y_true.b / 2                                         # a.yaml:8:13
    y_pred: y_pred.on                                            # default
    weight: 2                                                    # a.yaml:10:13, scalar
    mask: y_true.b / 2 > 0                                       # a.yaml:9:11
    loss:
      - type: sparse_softmax_focal                               # a.yaml:15:15
        name: focal                                              # a.yaml:21:15
        y_true: y_true["class"]                                  # a.yaml:16:17
        y_pred: y_pred.on                                        # task `on`
        gamma: 2.0                                               # default
        alpha: [0.5, 1.0]                                        # a.yaml:17:16
        weight: 3 * step * take(table, y_true["class"])[..., 0]  # a.yaml:19:17, scalar 3 * step, the rest tensor, times that of task `on`
        mask: y_pred.on[..., 0] > 0                              # a.yaml:18:15, and that of task `on`
        reduction: sum                                           # a.yaml:20:20

# regularization: none                                           # default
"""


def test_every_origin(here):
    (here / "a.yaml").write_text(SPEC)
    weight = "tasks.a.weight=ramp(step, 0, 9) * y_true"
    found = show_spec("a.yaml", [weight, "constants.half=0.25"])
    assert found.partition("\n# The total:")[0] == TEXT


def test_the_origins_as_data(here):
    (here / "a.yaml").write_text(SPEC)
    data = json.loads(show_spec("a.yaml", ["constants.half=0.25"], as_format="json"))
    focal = data["spec"]["tasks"]["on"]["loss"][0]
    assert focal["alpha"] == {
        "value": [0.5, 1.0], "from": {"kind": "file", "file": "a.yaml", "line": 17, "column": 16},
    }  # fmt: skip
    assert focal["y_pred"] == {"value": "y_pred.on", "from": {"kind": "task", "task": "on"}}
    assert focal["gamma"] == {"value": 2.0, "from": {"kind": "default"}}
    huber = data["spec"]["tasks"]["a"]["loss"][0]
    assert huber["reduction"] == {"value": "weighted_mean", "from": {"kind": "spec"}}
    half = data["spec"]["constants"]["half"]
    assert half == {"value": 0.25, "from": {"kind": "override"}, "note": "float"}
    assert data["terms"][1] == {
        "name": "on/focal",
        "loss": "sparse_softmax_focal",
        "parameters": {"gamma": 2.0, "alpha": [0.5, 1.0]},
        "roles": {"y_true": 'y_true["class"]', "y_pred": "y_pred.on"},
        "mask": "y_true.b / 2 > 0 and y_pred.on[..., 0] > 0",
        "weight": {
            "scalar": ["2", "3 * step"],
            "tensor": 'take(table, y_true["class"])[..., 0]',
        },
        "reduction": "sum",
        "formula": '2 · (3 * step) · Σ K·W·sparse_softmax_focal(y_true["class"], y_pred.on; '
        "gamma=2.0, alpha=[0.5, 1.0])",
        "symbols": {
            "K": "y_true.b / 2 > 0 and y_pred.on[..., 0] > 0",
            "W": 'take(table, y_true["class"])[..., 0]',
        },
    }


def meaning(spec):
    """All that the terms of a spec compute, in texts that tell 1 from 1.0."""

    def trees(parts):
        return [written(part.tree, most=100_000) for part in parts]

    ranks = {name: len(constant.shape) for name, constant in spec.constants.items()}
    terms = [
        (
            term.name, term.loss.type, term.loss.parameters(), term.reduction,
            {role: trees([part]) for role, part in term.roles.items()}, trees(term.masks),
            trees(term.weights), [part.split(ranks) for part in term.weights],
        )
        for term in terms_of(spec)
    ]  # fmt: skip
    regularization = spec.regularization and spec.regularization.weight
    return terms, spec.constants, spec.tensors, regularization


@pytest.mark.parametrize("config", CONFIGS)
def test_the_text_is_a_spec_that_means_the_same(config, here):
    file = ROOT / config
    (here / "b.yaml").write_text(show_spec(str(file)), encoding="utf-8")
    assert [each.code for each in check_spec("b.yaml")] == [each.code for each in check_spec(file)]
    assert meaning(load_spec("b.yaml")) == meaning(load_spec(file))


def check_resolved(case):
    if errors(case.named()):
        event("problems")
        return
    event("sound")
    spec = parsed(case.named())
    again = parse_spec(text(spec, "a.yaml"), losses=[Own])
    assert meaning(again) == meaning(spec)
    assert not [each for each in check_spec(again) if each.severity == "error"]


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases())
def test_the_text_of_any_sound_spec_means_the_same(case):
    check_resolved(case)


@pytest.mark.full
@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases())
def test_the_text_of_more_specs_means_the_same(case):
    check_resolved(case)


def test_a_role_that_is_a_product_is_not_taken_apart():
    spec = parse_spec(
        "tasks: {a: {y_true: y_true.a / 2, y_pred: y_pred.a,"
        " loss: {type: huber, weight: 3 * y_true, reduction: weighted_mean}}}"
    )
    weight = resolve(spec).tasks["a"].losses[0]["weight"]
    assert (weight.data, weight.note) == ("3 * y_true", "scalar 3, the rest tensor")
    assert meaning(parse_spec(text(spec, "a.yaml"))) == meaning(spec)


def test_what_would_be_too_large_stays_as_it_is_written():
    many = " + ".join(["y_true"] * 50)
    spec = parse_spec(
        f"tasks: {{a: {{y_true: {many}, loss: {{type: huber, mask: '{many} > 0'}}}}}}"
    )
    with pytest.raises(TooLongError):
        written(terms_of(spec)[0].masks[0].tree)
    assert resolve(spec).tasks["a"].losses[0]["mask"].data == f"{many} > 0"
    assert meaning(parse_spec(text(spec, "a.yaml"))) == meaning(spec)


def test_bare_names_stay_where_they_mean_the_same():
    name, many = "a" * 60, " + ".join(["y_true"] * 40)
    spec = parse_spec(f"tasks: {{{name}: {{y_true: {many}, loss: huber}}}}")
    task = resolve(spec).tasks[name]
    assert (task.fields["y_true"].data, task.fields["y_true"].is_told) == (many, False)
    assert (task.losses[0]["y_true"].data, task.losses[0]["y_true"].is_told) == (many, True)
    assert meaning(parse_spec(text(spec, "a.yaml"))) == meaning(spec)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("huber", "huber"),
        ("1 + 4 * (y_true == 3)", "1 + 4 * (y_true == 3)"),
        ("float32[batch, h, w, 1]", "float32[batch, h, w, 1]"),
        ('y_true["class"]', 'y_true["class"]'),
        ("-y_true", '"-y_true"'),
        ("a: b", '"a: b"'),
        ("a:b", "a:b"),
        ("a #b", '"a #b"'),
        ("a#b", "a#b"),
        ("1:30", '"1:30"'),
        ("on", '"on"'),
        ("null", '"null"'),
        ("0.5", '"0.5"'),
        ("", '""'),
        (" a", '" a"'),
        ("a\nb", '"a\\U0000000ab"'),
        ("a\u202eb", '"a\\U0000202eb"'),
        ('[a"\\]', "'[a\"\\]'"),
        ("[a\"'b", "'[a\"''b'"),
        ('[a"\n', '"[a\\"\\U0000000a"'),
        (["a", 1, 0.5, True, None, [2]], '["a", 1, 0.5, true, null, [2]]'),
        (1e-07, "1e-07"),
        (False, "false"),
    ],
)
def test_plain_data_as_yaml(data, expected):
    assert yaml_text(data) == expected
    assert read_document(f"key: {expected}\n", "a").root.to_python() == {"key": data}
    if isinstance(data, str):
        assert read_document(f"{expected}: 1\n", "a").root.to_python() == {data: 1}


HOSTILE = r"""
tensors:
  y_true: {"a`|\n$x$": "float32[batch]"}
  y_pred: {"\\input{x}\u202e": "float32[batch]", "<b>": "float32[batch]"}
tasks:
  "on":
    y_true: 'y_true["a`|\n$x$"]'
    y_pred: 'y_pred["\\input{x}\u202e"]'
    loss: [{type: huber, weight: 'y_pred["<b>"]'}, l2]
"""


@pytest.mark.parametrize("style", FORMATS)
def test_hostile_names_are_shown_and_do_nothing(style, here):
    name = "a|`b`\n<i>.yaml"
    (here / name).write_text(HOSTILE)
    outcome = losscomp("show", name, "--format", style, cwd=here)
    assert (outcome.code, outcome.stderr) == (0, "")
    if style == "latex":
        for row in rows_of(outcome.stdout.strip().partition("\n")[2]):
            set_in_type(row)
    if style == "text":
        assert meaning(parse_spec(outcome.stdout)) == meaning(load_spec(name))
    if style == "markdown":
        cells = [line for line in outcome.stdout.splitlines() if line.startswith("| `")]
        assert all(line.replace(r"\|", "").count("|") == 4 for line in cells)


@pytest.mark.parametrize(
    ("given", "expected"),
    [("a", "`a`"), ("a|b", r"`a\|b`"), ("`", "`` ` ``"), ("a`` b", "```a`` b```")],
)
def test_code_in_a_cell(given, expected):
    assert code(given) == expected


def test_comments_are_dim_where_colours_are_wanted():
    spec = parse_spec("tasks: {a: {loss: l2}}", name="a.yaml")
    lines = text(spec, "a.yaml", painter("always", None)).splitlines()
    assert lines[0] == "\x1b[2m# a.yaml, resolved: every value, and where it comes from.\x1b[0m"
    assert lines[7] == "    weight: 1                              \x1b[2m# default\x1b[0m"
    assert (
        lines[8]
        == "\x1b[2m    # mask: none\x1b[0m                           \x1b[2m# default\x1b[0m"
    )


HELP = """\
Usage: losscomp show [OPTIONS] {CONFIG}

  Show a spec resolved, and its total as a formula.

  Every value is written out, defaults too, with where it comes from. The text
  is a spec itself, which means the same. Exit code 0: shown; 1: the spec has
  problems; 2: wrong usage or a file that cannot be read; 3: a fault of
  losscomp's own.

  Examples:
    losscomp show loss.yaml
    losscomp show loss.yaml --set tasks.depth.weight=0.3
    losscomp show loss.yaml --format markdown > loss.md
    losscomp show loss.yaml --format latex

Arguments:
  CONFIG <str>  The spec, or - for stdin.  [required]

Options:
  --set PATH=VALUE                Put a value in the place of the file's, such
                                  as tasks.depth.weight=0.3. May be repeated.
  --format <text|markdown|latex|json>
                                  How to write it; latex is the formula alone.
                                  [default: text]
  --color <auto|always|never>     Colours; auto asks NO_COLOR, FORCE_COLOR and
                                  the terminal.  [default: auto]
  --losses MODULE                 Module or .py file with loss classes of your
                                  own. May be repeated.
  -h, --help                      Show this message and exit.
"""


def test_help(here):
    outcome = losscomp("show", "--help", cwd=here)
    assert outcome == Outcome(0, HELP, "")


def test_a_spec_with_problems_is_not_shown(here):
    (here / "a.yaml").write_text("tasks: {a: {loss: hubert}}\n")
    with pytest.raises(SpecError, match="there is no loss `hubert`"):
        show_spec("a.yaml")
    outcome = losscomp("show", "a.yaml", cwd=here)
    assert (outcome.code, outcome.stdout) == (1, "")
    assert outcome.stderr.startswith("a.yaml:1:19: error[unknown-loss]: there is no loss `hubert`")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["none.yaml"], 2, "error[unreadable-file]"),
        (["a.yaml", "--set", "tasks.b.weight=1"], 1, "error[unknown-path]: there is no task `b`"),
        (["a.yaml", "--format", "pdf"], 2, "Invalid value for '--format'"),
        ([], 2, "Missing argument 'CONFIG'"),
    ],
)
def test_what_is_refused(words, code, told, here):
    (here / "a.yaml").write_text("tasks: {a: {loss: l2}}\n")
    outcome = losscomp("show", *words, cwd=here)
    assert (outcome.code, outcome.stdout) == (code, "")
    assert told in outcome.stderr


def test_standard_input(here):
    outcome = losscomp("show", "-", cwd=here, input=b"tasks: {a: {loss: l2}}")
    assert outcome.stdout.startswith("# <stdin>, resolved")
    assert "- type: l2                           # <stdin>:1:19\n" in outcome.stdout
