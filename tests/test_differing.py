"""`losscomp diff`: what is a change and what is none, each at its term and field, and by how much."""

from __future__ import annotations

import json

import numpy as np
import pytest

from composer import build_total_loss, parse_spec
from composer.command.colours import painter
from composer.command.diff.comparing import differences
from composer.command.diff.differing import diff_specs
from composer.command.exits import StopError
from tests.command import Outcome, losscomp


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(old, new):
    return differences(parse_spec(old), parse_spec(new))


def changes(old, new):
    """Kind, names and changed fields of every term that is not the same."""
    return [
        (term.kind, term.old, term.new, [field.name for field in term.fields])
        for term in found(old, new).terms
    ]


def task(text, rest=""):
    return f"tasks: {{a: {{{text}}}}}\n{rest}"


HUBER = "loss: {type: huber, delta: 0.5}"
TABLE = "constants: {t: [1, 2], half: 0.5, whole: 1}"


SAME = [
    (task("loss: huber"), task("loss: [huber]")),
    (task("loss: huber"), task("loss: {type: huber, delta: 1, weight: 1.0, name: huber}")),
    (task("loss: huber"), task("loss: huber, y_true: y_true.a, y_pred: 'y_pred[\"a\"]'")),
    (task("loss: huber"), task("loss: {type: huber, y_true: y_true}, mask: true")),
    (task("loss: huber"), task("loss: huber", "reduction: sum_over_batch_size")),
    (task(HUBER), task("loss: {type: huber, delta: 5e-1}")),
    (task("loss: huber"), "# a comment\n\ntasks:\n  a:\n    loss: huber\n"),
    (task("weight: 0.5, loss: huber"), task("loss: {type: huber, weight: 5e-1}")),
    (task("weight: 0.1, loss: {type: huber, weight: 3}"), task("weight: 0.3, loss: huber")),
    (task("weight: 2 / step, loss: huber"), task("weight: 1/step * 2, loss: huber")),
    (task("weight: -step, loss: huber"), task("weight: step, loss: {type: huber, weight: -1}")),
    (
        task("weight: 'ramp(step,0,9)', loss: huber"),
        task("weight: 'ramp(step, 0, end=9.0)', loss: huber"),
    ),
    (
        task("weight: 'minimum(step, 9) ** 2', loss: huber"),
        task("weight: 'minimum(step, 9) ** 2.0', loss: huber"),
    ),
    (task("weight: (step / 9) ** 2, loss: huber"), task("weight: (step / 9) ** 2.0, loss: huber")),
    (
        task("weight: 'ramp(step, 0, 9) * cosine(step, 0, 9)', loss: huber"),
        task("weight: 'cosine(step, 0, 9)', loss: {type: huber, weight: 'ramp(step, 0, 9)'}"),
    ),
    (
        task("weight: y_true.w * 2, loss: {type: huber, weight: y_pred}"),
        task("weight: y_pred, loss: {type: huber, weight: 2 * y_true.w}"),
    ),
    (
        task("weight: y_true.w * (y_pred * 2), loss: huber"),
        task("weight: y_pred, loss: {type: huber, weight: y_true.w * 2}"),
    ),
    (
        task("mask: y_true > 0 and y_pred > 0, loss: huber"),
        task("mask: 0 < y_pred, loss: {type: huber, mask: y_true.a>0 and True}"),
    ),
    (
        task("weight: 'take(t, y_true)', loss: huber", TABLE),
        task("weight: 'take(u, y_true)', loss: huber", "constants: {u: [1, 2]}"),
    ),
    (task("weight: half, loss: huber", TABLE), task("weight: 0.5, loss: huber")),
    (task("loss: huber", TABLE), task("loss: huber", "constants: {t: [7]}")),
    (
        "tensors: {y_true: {a: 'float32[batch]'}, y_pred: {a: 'float32[batch]'}}\n"
        + task("loss: huber"),
        task("loss: huber"),
    ),
    (task("loss: l2", "regularization: {}"), task("loss: l2", "regularization: {weight: 1.0}")),
    ("tasks: {a: {loss: l2}, b: {loss: l2}}", "tasks: {b: {loss: l2}, a: {loss: l2}}"),
    (task("loss: [l2, huber]"), task("loss: [huber, l2]")),
]


@pytest.mark.parametrize(("old", "new"), SAME)
def test_what_computes_the_same_is_no_change(old, new):
    assert found(old, new).is_empty, changes(old, new)
    assert found(new, old).is_empty


@pytest.mark.parametrize(("old", "new"), SAME)
def test_and_gives_the_same_number(old, new):
    target = np.array([1.0, 0.0, 1.0], "float32" if "tensors" in old else "int32")
    y_true = {"a": target, "w": np.array([2.0, 0.5, 3.0], "float32")}
    y_pred = {"a": np.array([0.5, -1.0, 4.0], "float32"), "b": np.ones(3, "float32")}
    totals = []
    for text_of_spec in (old, new):
        total_loss = build_total_loss(parse_spec(text_of_spec))
        added = [[2.0]] if "regularization" in total_loss.names else [None]
        total, _ = total_loss(y_true, y_pred, step=4, regularization=added[0])
        totals.append(float(total))
    assert totals[0] == pytest.approx(totals[1], rel=1e-6)


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        (task("loss: huber"), task(HUBER), "delta"),
        (task("loss: silog"), task("loss: {type: silog, lambda: 0.85}"), "lambda"),
        (task("loss: sigmoid_focal"), task("loss: {type: sigmoid_focal, alpha: 0.25}"), "alpha"),
        (task("loss: huber"), task("loss: huber, y_true: y_true.b"), "y_true"),
        (task("loss: huber"), task("loss: {type: huber, y_pred: 'log(y_pred)'}"), "y_pred"),
        (task("loss: huber"), task("loss: huber, mask: y_true > 0"), "mask"),
        (
            task("loss: huber, mask: y_true > 0"),
            task("loss: {type: huber, mask: y_pred > 0}, mask: y_true > 0"),
            "mask",
        ),
        (task("loss: huber"), task("loss: huber, mask: false"), "mask"),
        (task("loss: huber"), task("loss: huber, weight: 2"), "weight"),
        (task("loss: huber, weight: step"), task("loss: huber, weight: 1 / step"), "weight"),
        (task("loss: huber, weight: y_true.w"), task("loss: huber, weight: y_true.v"), "weight"),
        (task("loss: huber"), task("loss: {type: huber, reduction: sum}"), "reduction"),
        (
            task("loss: huber, weight: y_true"),
            task("loss: huber, weight: y_true", "reduction: weighted_mean"),
            "reduction",
        ),
    ],
)
def test_one_changed_field_is_the_only_one_told(old, new, name):
    assert changes(old, new) == [("changed", "a/huber", "a/huber", [name])] or (
        name in ("lambda", "alpha") and [each[3] for each in changes(old, new)] == [[name]]
    )
    assert [each[3] for each in changes(new, old)] == [[name]]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("step ** 3 / 1e18", "step ** 3.0 / 1e18"),
        ("step * step * step / 1e18", "step * (step * (step / 1e18))"),
        ("-step * step * step", "step * (step / 1) * -step"),
    ],
)
def test_whole_numbers_of_steps_wrap_around_where_floats_go_on(old, new):
    """3,000,000 cubed is 2.7e19, and int64 ends at 9.2e18."""
    texts = [task(f"weight: '{weight}', loss: l2") for weight in (old, new)]
    assert changes(*texts) == [("changed", "a/l2", "a/l2", ["weight"])]
    one = {"a": np.ones(1, "float32")}
    totals = [build_total_loss(parse_spec(text))(one, one, step=3_000_000)[0] for text in texts]
    assert float(totals[0]) != pytest.approx(float(totals[1]), rel=0.1)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (task("loss: [l2, huber]"), task("loss: l2"), [("removed", "a/huber", None, [])]),
        (task("loss: l2"), task("loss: [l2, huber]"), [("added", None, "a/huber", [])]),
        (
            task("loss: [l2, huber]"),
            task("loss: [{type: huber, name: near}, l2]"),
            [("renamed", "a/huber", "a/near", [])],
        ),
        (
            "tasks: {a: {loss: [huber, l2]}}",
            "tasks: {b: {y_true: y_true.a, y_pred: y_pred.a, loss: [huber, l2]}}",
            [("renamed", "a/huber", "b/huber", []), ("renamed", "a/l2", "b/l2", [])],
        ),
        (
            task("loss: [l2, huber]"),
            task("loss: [l2, absolute_difference]"),
            [("changed", "a/huber", "a/absolute_difference", ["type"])],
        ),
        (
            task("loss: [{type: huber, name: x}, {type: huber, name: y}]"),
            task("loss: [{type: huber, name: v}, {type: huber, name: w}]"),
            [
                ("added", None, "a/v", []), ("added", None, "a/w", []),
                ("removed", "a/x", None, []), ("removed", "a/y", None, []),
            ],
        ),
        (
            "tasks: {a: {loss: huber}}", "tasks: {b: {loss: huber}}",
            [("added", None, "b/huber", []), ("removed", "a/huber", None, [])],
        ),
        (
            task("loss: l2"), task("loss: l2", "regularization: {}"),
            [("added", None, "regularization", [])],
        ),
        (
            task("loss: l2", "regularization: {weight: 2}"), task("loss: l2"),
            [("removed", "regularization", None, [])],
        ),
        (
            task("loss: l2", "regularization: {weight: 2}"),
            task("loss: l2", "regularization: {weight: step}"),
            [("changed", "regularization", "regularization", ["weight"])],
        ),
    ],
)  # fmt: skip
def test_terms_come_go_and_change_their_names(old, new, expected):
    assert changes(old, new) == expected


def constants(old, new):
    weighted = "weight: 'take(t, y_true) * half', loss: huber"
    told = found(*(task(weighted, f"constants: {each}") for each in (old, new)))
    return [(each.name, each.text) for each in told.constants]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("{t: [1, 2], half: 0.5}", "{t: [1, 2], half: 0.25}", [("half", "0.5 → 0.25")]),
        (
            "{t: [[1, 2], [3, 4]], half: 1}", "{t: [[1, 2], [3, 5]], half: 1}",
            [("t", "1 of 4 entries differs: [1, 1] 4 → 5")],
        ),
        (
            "{t: [1, 2, 3, 4, 5], half: 1}", "{t: [1, 0, 0, 0, 0], half: 1}",
            [("t", "4 of 5 entries differ: [1] 2 → 0, [2] 3 → 0, [3] 4 → 0, …")],
        ),
        ("{t: [1, 2], half: 1}", "{t: [1, 2, 3], half: 1}", [("t", "int[2] → int[3]")]),
        ("{t: [1, 2], half: 1}", "{t: [1, 2], half: 1.0}", []),
        (
            "{t: [1, 2], half: 1}", "{t: [1.0, 2.0], half: 1}",
            [("t", "int[2] → float[2], the same numbers")],
        ),
    ],
)  # fmt: skip
def test_changed_constants(old, new, expected):
    assert constants(old, new) == expected


def test_constants_in_files(here):
    text = "weight: 'take(t, y_true)', loss: huber"
    for name in ("a", "b", "c"):
        (here / name).mkdir()
        (here / name / "s.yaml").write_text(task(text, "constants: {t: t.npy}"))
    np.save("a/t.npy", np.array([1.0, 2.0], "float32"))
    np.save("b/t.npy", np.array([1.0, 2.0], "float32"))
    np.save("c/t.npy", np.array([1.0, 4.0], "float32"))
    assert diff_specs("a/s.yaml", "b/s.yaml")[1]
    shown, is_same = diff_specs("a/s.yaml", "c/s.yaml")
    assert not is_same
    assert "~ constant `t`: 1 of 2 entries differs: [1] 2.0 → 4.0\n" in shown


OLD = """\
constants: {table: [1, 2]}
tasks:
  depth:
    weight: 0.5
    mask: y_true > 0
    loss:
      - {type: huber, delta: 0.5}
      - {type: silog, weight: 0.1}
  pose:
    loss: absolute_difference
  scene:
    weight: take(table, y_true)
    loss: [l2, {type: hinge, name: margin}]
regularization: {weight: 1}
"""
NEW = """\
constants: {table: [1, 4]}
tasks:
  scene:
    weight: take(table, y_true)
    loss: [l2, {type: hinge, name: edge, weight: 3}]
  depth:
    weight: 0.25
    mask: y_true > 0
    loss:
      - {type: huber, delta: 1e-1, mask: y_pred < 80}
      - {type: silog, weight: 2e-1}
      - mean_squared_error
regularization: {weight: 1.0}
"""
TEXT = """\
a.yaml → b.yaml

~ scene/l2
    weight  take(table, y_true.scene): `table` changed                  a.yaml:12:13 → b.yaml:4:13

~ scene/margin → scene/edge
    weight  take(table, y_true.scene) → 3 · take(table, y_true.scene): `table` changed  default → b.yaml:5:50

~ depth/huber
    delta   0.5 → 0.1                                                   a.yaml:7:30 → b.yaml:10:30
    mask    y_true.depth > 0 → y_true.depth > 0 and y_pred.depth < 80   default → b.yaml:10:42
    weight  0.5 → 0.25                                                  a.yaml:4:13 → b.yaml:7:13

+ depth/mean_squared_error
    0.25 · Σ K·mean_squared_error(y_true.depth, y_pred.depth) / #(K),  K = y_true.depth > 0

- pose/absolute_difference
    Σ absolute_difference(y_true.pose, y_pred.pose) / N

~ constant `table`: 1 of 2 entries differs: [1] 2 → 4

3 changed, 1 added, 1 removed, 1 the same
the terms stand in another order: the last digits of the total may differ"""


@pytest.fixture
def two(here):
    (here / "a.yaml").write_text(OLD)
    (here / "b.yaml").write_text(NEW)
    return here


def test_a_whole_text(two):
    assert diff_specs("a.yaml", "b.yaml") == (TEXT, False)


def test_the_same_as_data(two):
    text, is_same = diff_specs("a.yaml", "b.yaml", as_json=True)
    data = json.loads(text)
    assert not is_same
    assert {key: data[key] for key in ("old", "new", "same", "reordered", "constants")} == {
        "old": "a.yaml",
        "new": "b.yaml",
        "same": False,
        "reordered": True,
        "constants": [{"name": "table", "text": "1 of 2 entries differs: [1] 2 → 4"}],
    }
    kinds = [(term["kind"], term["old"], term["new"]) for term in data["terms"]]
    assert kinds == [
        ("changed", "scene/l2", "scene/l2"),
        ("changed", "scene/margin", "scene/edge"),
        ("changed", "depth/huber", "depth/huber"),
        ("added", None, "depth/mean_squared_error"),
        ("removed", "pose/absolute_difference", None),
    ]
    assert data["terms"][2]["fields"][0] == {
        "name": "delta",
        "old": "0.5",
        "new": "0.1",
        "old_origin": "a.yaml:7:30",
        "new_origin": "b.yaml:10:30",
        "constants": [],
    }


def test_the_same_formula_in_other_words(here):
    (here / "a.yaml").write_text("tasks: {a: {loss: [l2, huber]}}")
    (here / "b.yaml").write_text("tasks: {a: {loss: [{type: l2, weight: 1.0}, huber]}}")
    assert diff_specs("a.yaml", "b.yaml") == ("a.yaml → b.yaml\n\nthe same formula, 2 terms", True)


def test_colours(two):
    shown, _ = diff_specs("a.yaml", "b.yaml", paint=painter("always", None))
    lines = shown.splitlines()
    assert lines[0] == "\x1b[1ma.yaml → b.yaml\x1b[0m"
    assert lines[2] == "\x1b[1;33m~ scene/l2\x1b[0m"
    assert "\x1b[1;32m+ depth/mean_squared_error\x1b[0m" in lines
    assert "\x1b[1;31m- pose/absolute_difference\x1b[0m" in lines
    assert lines[3].endswith("\x1b[2ma.yaml:12:13 → b.yaml:4:13\x1b[0m")


BEFORE = """\
tasks:
  a: {loss: [l2, {type: absolute_difference, name: near}]}
  b: {loss: l2}
"""
AFTER = """\
tasks:
  a: {loss: [l2, {type: absolute_difference, name: far, weight: "ramp(step, 0, 4)"}]}
  c: {y_pred: y_pred.a, loss: {type: l2, reduction: sum}}
"""
# On a: (1 + 9) ÷ 2 ÷ 2 and (1 + 3) ÷ 2; on b: 4 ÷ 2; the sum on c: (1 + 9) ÷ 2.
BATCH = {
    "y_true.a": np.zeros(2, "float32"),
    "y_pred.a": np.array([1, 3], "float32"),
    "y_pred.b": np.array([2, 2], "float32"),
}
TABLE_AT_1 = """\
on b.npz at step 1

term            before  after  difference
─────────────────────────────────────────
a/l2               2.5    2.5           0
a/near → a/far       2    0.5        -1.5
c/l2                        5          +5
b/l2                 2                 -2
─────────────────────────────────────────
total              6.5      8        +1.5

1 changed, 1 added, 1 removed, 1 the same"""


@pytest.fixture
def measured(here):
    (here / "a.yaml").write_text(BEFORE)
    (here / "b.yaml").write_text(AFTER)
    np.savez("b.npz", **BATCH)
    return here


def test_the_table_of_a_batch(measured):
    shown, is_same = diff_specs("a.yaml", "b.yaml", batch="b.npz", step=1)
    assert shown.endswith(f"\n\n{TABLE_AT_1}")
    assert not is_same


def test_the_batch_as_data(measured):
    shown, _ = diff_specs("a.yaml", "b.yaml", batch="b.npz", step=1, as_json=True)
    batch = json.loads(shown)["batch"]
    assert (batch["file"], batch["step"]) == ("b.npz", 1)
    assert batch["total"] == {
        "old_name": "total", "new_name": "total", "old": 6.5, "new": 8.0, "difference": 1.5,
    }  # fmt: skip
    assert batch["terms"][3] == {
        "old_name": "b/l2", "new_name": None, "old": 2.0, "new": None, "difference": -2.0,
    }  # fmt: skip


def test_what_is_not_finite_is_null_in_data(measured):
    np.savez("b.npz", **{**BATCH, "y_pred.b": np.array([np.nan, 2], "float32")})
    shown, _ = diff_specs("a.yaml", "a.yaml", batch="b.npz", as_json=True)
    total = json.loads(shown)["batch"]["total"]
    assert (total["old"], total["difference"]) == (None, None)
    shown, is_same = diff_specs("a.yaml", "a.yaml", batch="b.npz")
    assert is_same
    assert "total      nan    nan         nan\n" in shown


def test_a_batch_that_does_not_fit_is_no_difference(measured):
    np.savez("b.npz", **{name: BATCH[name] for name in ("y_true.a", "y_pred.a")})
    with pytest.raises(StopError, match="y_pred should have `b`") as stop:
        diff_specs("a.yaml", "b.yaml", batch="b.npz")
    assert stop.value.exit_code == 2


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["a.yaml", "a.yaml"], 0, "the same formula, 2 terms"),
        (["a.yaml", "b.yaml"], 1, "1 added, 2 the same"),
        (["a.yaml", "broken.yaml"], 2, "broken.yaml:1:19: error[unknown-loss]"),
        (["a.yaml", "none.yaml"], 2, "error[unreadable-file]"),
        (["-", "-"], 2, "error: only one of the two specs can come from the standard input"),
        (["-", "a.yaml"], 1, "<stdin> → a.yaml"),
        (["a.yaml", "a.yaml", "--step", "3"], 2, "`--step` is that of a batch"),
        (["a.yaml", "a.yaml", "--batch", "none.npz"], 2, "`none.npz` cannot be read"),
        (["a.yaml"], 2, "Missing argument 'B'"),
    ],
)
def test_exit_codes(words, code, told, here):
    (here / "a.yaml").write_text("tasks: {a: {loss: [l2, huber]}}")
    (here / "b.yaml").write_text("tasks: {a: {loss: [l2, huber, hinge]}}")
    (here / "broken.yaml").write_text("tasks: {a: {loss: hubert}}")
    outcome = losscomp("diff", *words, cwd=here, input=b"tasks: {a: {loss: [l2]}}")
    assert outcome.code == code
    assert told in outcome.stdout + outcome.stderr
    assert not (outcome.stdout if code == 2 else outcome.stderr)


def test_hostile_names_are_shown_and_do_nothing(here):
    (here / "a\n::x.yaml").write_text("tasks: {a: {y_pred: 'y_pred[\"\\u202e\"]', loss: l2}}")
    (here / "b.yaml").write_text("tasks: {a: {loss: l2}}")
    outcome = losscomp("diff", "a\n::x.yaml", "b.yaml", cwd=here)
    assert outcome.code == 1
    assert 'y_pred  y_pred["\\U0000202e"] → y_pred.a' in outcome.stdout


HELP = """\
Usage: losscomp diff [OPTIONS] {A} {B}

  Show what changed in the formula from one spec to another.

  Terms are compared by what they compute: order, comments, and defaults
  written or not are no changes. Exit code as diff(1) has it: 0: the same
  formula; 1: another; 2: wrong usage, a file that cannot be read, or a spec
  with problems; 3: a fault of losscomp's own.

  Examples:
    losscomp diff old.yaml new.yaml
    git show HEAD:loss.yaml | losscomp diff - loss.yaml
    losscomp diff old.yaml new.yaml --batch batch.npz --step 500

Arguments:
  A <str>  A spec, or - for stdin.  [required]
  B <str>  The spec to compare with it.  [required]

Options:
  --batch FILE.npz             A batch on which both totals are computed:
                               arrays named y_true.depth, y_pred.depth, …
  --step N                     The training step.  [default: 0; x>=0]
  --format <text|json>         How to write it.  [default: text]
  --color <auto|always|never>  Colours; auto asks NO_COLOR, FORCE_COLOR and
                               the terminal.  [default: auto]
  --losses MODULE              Module or .py file with loss classes of your
                               own. May be repeated.
  -h, --help                   Show this message and exit.
"""


def test_help(here):
    assert losscomp("diff", "--help", cwd=here) == Outcome(0, HELP, "")
