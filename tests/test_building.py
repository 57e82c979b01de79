"""What `losscomp build` shows of a batch, checked by mental arithmetic, and what it exports."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import tensorflow as tf

from composer import SpecError, entry
from composer.command.building import build_and_show
from composer.command.exits import StopError
from tests.a_and_b import write
from tests.command import ROOT, losscomp

SPEC = """\
tensors:
  y_true: {depth: "float32[batch, 2]", label: "int32[batch]"}
  y_pred: {depth: "float32[batch, 2]", label: "float32[batch, 3]"}
tasks:
  depth:
    mask: y_true > 0
    loss:
      - mean_squared_error
      - {type: absolute_difference, weight: "ramp(step, 0, 10)"}
  label:
    weight: 2
    loss: sparse_softmax_cross_entropy
regularization: {weight: "0.5 * ramp(step, 0, 10)"}
"""
# Where the target is not 0 the predictions are off by 1, 0 and 2; the logits say nothing.
BATCH = {
    "y_true.depth": np.array([[1, 0], [2, 3]], "float32"),
    "y_pred.depth": np.array([[2, 9], [2, 5]], "float32"),
    "y_true.label": np.array([0, 2], "int32"),
    "y_pred.label": np.zeros((2, 3), "float32"),
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A directory of one's own with `a.yaml` and `b.npz`."""
    monkeypatch.chdir(tmp_path)
    write(SPEC, BATCH)
    return tmp_path


def shown(batch="b.npz", step=0, *, as_json=False, export=None):
    return build_and_show("a.yaml", batch, step, as_json, [], export)


# loss: (1 + 0 + 4) ÷ 3; (1 + 0 + 2) ÷ 3; ln 3. gradient: √(4 + 16) ÷ 3; √2 ÷ 3 × weight;
# per sample √(4 + 1 + 1) ÷ 3 × 2 ÷ 2, so √2 times that.
STEP_5 = """\
a.yaml on b.npz

term                                   loss                   weight  weighted   share  counted  gradient
─────────────────────────────────────────────────────────────────────────────────────────────────────────
depth/mean_squared_error            1.66667                        1   1.66667  38.2 %   75.0 %   1.49071
depth/absolute_difference                 1                      0.5       0.5  11.5 %   75.0 %  0.235702
label/sparse_softmax_cross_entropy  1.09861                        2   2.19722  50.4 %  100.0 %    1.1547
regularization                      as given by the trainer  0.5 * ramp(step, 0, 10)
─────────────────────────────────────────────────────────────────────────────────────────────────────────
total 4.36389 at step 5"""

STEP_0 = """\
a.yaml on b.npz

term                                   loss                   weight  weighted   share  counted  gradient
─────────────────────────────────────────────────────────────────────────────────────────────────────────
depth/mean_squared_error            1.66667                        1   1.66667  43.1 %   75.0 %   1.49071
depth/absolute_difference                 1                  0 (off)         0   0.0 %   75.0 %         0
label/sparse_softmax_cross_entropy  1.09861                        2   2.19722  56.9 %  100.0 %    1.1547
regularization                      as given by the trainer  0.5 * ramp(step, 0, 10)
─────────────────────────────────────────────────────────────────────────────────────────────────────────
total 3.86389 at step 0
(off) the weight is 0 at step 0"""


@pytest.mark.parametrize(("step", "text"), [(5, STEP_5), (0, STEP_0)])
def test_the_table(step, text, here):
    assert shown(step=step) == (text, True)


def test_json_says_the_same(here):
    text, is_finite = shown(step=5, as_json=True)
    data = json.loads(text)
    assert is_finite
    assert list(data) == ["batch", "step", "total", "terms", "findings"]
    assert (data["batch"], data["step"], data["findings"]) == ("b.npz", 5, [])
    log3 = math.log(3)
    total = 5 / 3 + 0.5 + 2 * log3
    fields = ("loss", "weight", "weighted", "denominator", "share", "counted", "gradient")
    expected = {
        "depth/mean_squared_error": (
            5 / 3, 1, 5 / 3, 3, 5 / 3 / total, 0.75, math.sqrt(20) / 3,
        ),
        "depth/absolute_difference": (1, 0.5, 0.5, 3, 0.5 / total, 0.75, math.sqrt(2) / 6),
        "label/sparse_softmax_cross_entropy": (
            log3, 2, 2 * log3, 2, 2 * log3 / total, 1, math.sqrt(12) / 3,
        ),
    }  # fmt: skip
    assert list(data["terms"]) == list(expected)
    for name, numbers in expected.items():
        row = dict(zip(fields, numbers, strict=True))
        assert data["terms"][name] == pytest.approx(row, rel=1e-6)
    assert data["total"] == pytest.approx(total, rel=1e-6)


def test_a_drawn_batch_is_said_to_be_drawn_and_always_the_same(here):
    text, is_finite = shown(None, 5)
    assert text.startswith("a.yaml on a batch drawn at random from `tensors:`, seed fixed\n\n")
    assert is_finite
    assert shown(None, 5) == (text, True)
    data = json.loads(shown(None, 5, as_json=True)[0])
    assert data["batch"] == "drawn at random from `tensors:`, seed fixed"
    assert all(row["gradient"] > 0 for row in data["terms"].values())


def test_a_file_that_is_named_drawn(here):
    (here / "b.npz").rename("drawn.npz")
    assert shown("drawn.npz")[0].startswith("a.yaml on drawn.npz\n")


def test_names_are_escaped(here):
    (here / "a.yaml").rename("::a\x1b[2J.yaml")
    (here / "b.npz").rename("b\n.npz")
    text, _ = build_and_show("::a\x1b[2J.yaml", "b\n.npz", 0, False, [], None)
    assert text.startswith("./::a\\u{1b}[2J.yaml on b\\u{a}.npz\n")


def findings(text):
    return [line for line in text.splitlines() if line.startswith("not finite: ")]


def test_what_is_not_finite_is_named_with_its_place(here):
    nan, inf = math.nan, math.inf
    write(
        SPEC.replace("y_true > 0", "y_true != 0"),
        {
            **BATCH,
            "y_true.depth": np.array([[1, 0], [2, nan]], "float32"),
            "y_pred.depth": np.array([[inf, nan], [2, 5]], "float32"),
            "y_true.label": np.array([0, 3], "int32"),
        },
    )
    text, is_finite = shown(step=10)
    assert not is_finite
    assert findings(text) == [
        "not finite: depth/mean_squared_error: y_true.depth is nan at [1, 1], and no mask removes it",
        "not finite: depth/mean_squared_error: y_pred.depth is inf at [0, 0], and no mask removes it",
        "not finite: depth/absolute_difference: y_true.depth is nan at [1, 1], and no mask removes it",
        "not finite: depth/absolute_difference: y_pred.depth is inf at [0, 0], and no mask removes it",
        "not finite: label/sparse_softmax_cross_entropy: y_true.label is 3 at [1], no label from 0 to "
        "2, and no mask removes it",
        "not finite: depth/mean_squared_error: its gradient is not finite at y_pred.depth[0, 0]",
        "not finite: depth/absolute_difference: its gradient is not finite at y_pred.depth[1, 1]",
    ]
    assert "\ntotal nan at step 10\n" in text
    data = json.loads(shown(step=10, as_json=True)[0])
    assert data["total"] is None
    assert data["terms"]["depth/mean_squared_error"]["loss"] is None
    assert [f"not finite: {each}" for each in data["findings"]] == findings(text)


def test_what_a_mask_removes_is_no_finding(here):
    garbage = {"y_true.depth": [[1, -math.inf], [2, 3]], "y_pred.depth": [[2, math.nan], [2, 5]]}
    write(SPEC, BATCH | {name: np.array(value, "float32") for name, value in garbage.items()})
    assert shown(step=5) == (STEP_5, True)


def test_a_prediction_outside_the_domain(here):
    write(
        "tasks: {a: {loss: silog}}\n",
        {
            "y_true.a": np.array([[1, 2]], "float32"),
            "y_pred.a": np.array([[1, -2]], "float32"),
        },
    )
    text, is_finite = shown()
    assert not is_finite
    assert findings(text)[0] == (
        "not finite: a/silog: y_pred.a is -2 at [0, 1], where silog takes numbers above 0, and no mask "
        "removes it"
    )


def test_a_weight_that_is_not_finite(here):
    write(
        "tasks: {a: {loss: huber, weight: y_true.w}}\n",
        {name: np.array([1, math.nan], "float32") for name in ("y_true.w", "y_true.a")}
        | {"y_pred.a": np.ones(2, "float32")},
    )
    text, is_finite = shown()
    assert not is_finite
    assert findings(text)[0] == (
        "not finite: a/huber: its weight is nan at [1], and no mask removes it"
    )


def test_a_total_that_overflows_is_not_finite_though_every_tensor_is(here):
    write(
        "tasks: {a: {loss: {type: precomputed, weight: 1.0e+30}}}\n",
        {"y_pred.a": np.array([1e30], "float32")},
    )
    text, is_finite = shown()
    assert "\ntotal inf at step 0" in text
    assert not is_finite


def test_an_empty_batch_gives_zeros(here):
    write(SPEC, {name: array[:0] for name, array in BATCH.items()})
    text, is_finite = shown(step=5)
    assert "\ntotal 0 at step 5" in text
    assert is_finite


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y_true.label": None}, "y_true should have `label`; it has `depth`"),
        (
            {"y_pred.label": None, "y_pred.labels": BATCH["y_pred.label"]},
            "y_pred should have `label`; it has `depth`, `labels`; did you mean `labels`?",
        ),
        (
            {"y_pred.label": None, "y_pred.label.logits": BATCH["y_pred.label"]},
            "y_pred.label should be a dense tensor, found a mapping; it has `logits`",
        ),
    ],
)
def test_a_batch_that_lacks_a_tensor(change, message, here):
    batch = {name: array for name, array in (BATCH | change).items() if array is not None}
    write(SPEC, batch)
    with pytest.raises(StopError) as error:
        shown()
    assert (str(error.value), error.value.exit_code) == (message, 1)


MISFITS = {
    "declared": (
        SPEC,
        "a.yaml:3:19: error[tensor-mismatch]: y_pred.depth is declared as float32[batch, 2], found "
        "float32[2, 1]\n"
        '3 |   y_pred: {depth: "float32[batch, 2]", label: "float32[batch, 3]"}\n'
        "  |                   ^^^^^^^^^^^^^^^^^^^",
    ),
    "undeclared": (
        "tasks: {depth: {loss: huber}}\n",
        "a.yaml:1:23: error[shape-mismatch]: `huber` takes `y_true` [...] and `y_pred` [...], found "
        "float32[2, 2] and float32[2, 1]: "
        "axis 1 of `y_true` is 2, and axis 1 of `y_pred` is 1\n"
        "1 | tasks: {depth: {loss: huber}}\n"
        "  |                       ^^^^^",
    ),
}


@pytest.mark.parametrize("kind", MISFITS)
def test_a_batch_of_the_wrong_shape(kind, here):
    spec, message = MISFITS[kind]
    write(spec, BATCH | {"y_pred.depth": np.ones((2, 1), "float32")})
    with pytest.raises(SpecError) as error:
        shown()
    assert str(error.value) == message


def test_a_constant_that_is_not_finite(here):
    np.save("c.npy", np.array([1, math.nan], "float32"))
    write(
        "constants: {c: c.npy}\ntasks: {a: {loss: huber, weight: 'take(c, y_true.k)'}}\n",
        {name: np.ones(2, kind) for name, kind in
         [("y_true.a", "float32"), ("y_pred.a", "float32"), ("y_true.k", "int32")]},
    )  # fmt: skip
    with pytest.raises(StopError) as error:
        shown()
    assert str(error.value) == f"{here}/c.npy should hold (2,) finite numbers"
    assert error.value.exit_code == 1


class TestExport:
    @pytest.fixture
    def exported(self, here):
        text, _ = shown(step=5, export="out/new")
        assert text == STEP_5 + "\nexported to out/new"
        return tf.saved_model.load("out/new")

    def test_it_gives_the_same_numbers(self, exported):
        tensors = {name: tf.constant(array) for name, array in BATCH.items()}
        y_true = {"depth": tensors["y_true.depth"], "label": tensors["y_true.label"]}
        y_pred = {"depth": tensors["y_pred.depth"], "label": tensors["y_pred.label"]}
        step = tf.constant(5, tf.int64)
        total, breakdown = exported.total_loss(y_true, y_pred, step, tf.constant(4.0))
        assert float(breakdown["regularization"]["weighted"]) == 1.0  # 0.5 · 0.5 · 4
        assert float(total) == pytest.approx(5.3638906, rel=1e-6)
        assert float(breakdown["depth/absolute_difference"]["weighted"]) == 0.5
        flat = exported.signatures["serving_default"](
            **{name.replace(".", "_"): tensor for name, tensor in tensors.items()},
            step=step, regularization=tf.constant(4.0),
        )  # fmt: skip
        assert float(flat["total"]) == float(total)
        assert float(flat["depth/mean_squared_error/loss"]) == pytest.approx(5 / 3, rel=1e-6)
        assert len(flat) == 1 + 4 * 4

    def test_only_the_sizes_that_tensors_fixes_are_known(self, exported):
        _, arguments = exported.signatures["serving_default"].structured_input_signature
        shapes = {name: spec.shape.as_list() for name, spec in arguments.items()}
        assert shapes == {
            "y_true_depth": [None, 2], "y_pred_depth": [None, 2], "y_true_label": [None],
            "y_pred_label": [None, 3], "step": [], "regularization": [],
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("directory", "message"),
        [
            (".", "`.` is there already; name a new or empty directory"),
            ("a.yaml", "`a.yaml` is there already; name a new or empty directory"),
            ("dangling", "`dangling` is there already; name a new or empty directory"),
            ("a.yaml/out", "`a.yaml/out` cannot be written: not a directory"),
            ("x" * 300, f"`{'x' * 200}…` cannot be written: file name too long"),
            ("", "`` cannot be written: no such file or directory"),
        ],
    )
    def test_where_it_cannot_go(self, directory, message, here):
        (here / "dangling").symlink_to("nowhere")
        with pytest.raises(StopError) as error:
            shown(export=directory)
        assert (str(error.value), error.value.exit_code) == (message, 2)

    def test_an_empty_directory_is_taken(self, here):
        (here / "empty").mkdir()
        shown(export="empty")
        assert (here / "empty" / "saved_model.pb").is_file()


def main(monkeypatch, *arguments):
    """`losscomp` in this process, which has loaded TensorFlow already: its exit code."""
    monkeypatch.setattr("sys.argv", ["losscomp", *arguments])
    with pytest.raises(SystemExit) as end:
        entry.main()
    return end.value.code


def test_exit_codes(here, monkeypatch, capsys):
    assert main(monkeypatch, "build", "a.yaml", "--batch", "b.npz", "--step", "5") == 0
    assert capsys.readouterr() == (STEP_5 + "\n", "")
    write(SPEC, BATCH | {"y_true.label": np.array([0, -1], "int32")})
    assert main(monkeypatch, "build", "a.yaml", "--batch", "b.npz") == 1
    assert "\nnot finite: " in capsys.readouterr().out
    del (lacking := dict(BATCH))["y_true.label"]
    write(SPEC, lacking)
    assert main(monkeypatch, "build", "a.yaml", "--batch", "b.npz") == 1
    assert capsys.readouterr() == ("", "error: y_true should have `label`; it has `depth`\n")
    assert main(monkeypatch, "build", "a.yaml", "--export", ".") == 2


def test_a_fresh_process_prints_json_and_nothing_else(here):
    outcome = losscomp(
        "build", "a.yaml", "--batch", "b.npz", "--json", "--step", "5", cwd=here, megabytes=None
    )
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout == shown(step=5, as_json=True)[0] + "\n"


@pytest.mark.full
def test_a_fresh_process_exports_and_says_only_so(here):
    outcome = losscomp(
        "build", "-", "--export", "out", cwd=here, input=SPEC.encode(), megabytes=None
    )
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith("<stdin> on a batch drawn at random")
    assert outcome.stdout.endswith("\nexported to out\n")
    assert (here / "out" / "saved_model.pb").is_file()


@pytest.mark.full
def test_the_real_stereo_pair(tmp_path):
    data = ROOT / "configs" / "data" / "aloe_stereo.npz"
    words = ["build", str(ROOT / "configs" / "stereo.yaml"), "--batch", str(data)]
    outcome = losscomp(*words, cwd=tmp_path, megabytes=None)
    assert (outcome.code, outcome.stderr) == (0, "")
    assert "disparity/silog" in outcome.stdout


@pytest.mark.full
@pytest.mark.parametrize("config", sorted((ROOT / "configs").rglob("*.yaml")), ids=lambda f: f.stem)
def test_every_shipped_spec_builds(config):
    text, is_finite = build_and_show(str(config), None, 500, True, [], None)
    assert is_finite, text


OWN = """\
from typing import ClassVar, Literal
from composer import Loss, Signature

print("loaded")

class Cube(Loss):
    type: Literal["cube"] = "cube"
    factor: float = 1.0
    signature: ClassVar[Signature] = Signature("y_true=float[...], y_pred=float[...] -> float[...]")

    def values(self, y_true, y_pred):
        return self.factor * (y_pred - y_true) ** 3
"""


def test_a_loss_of_ones_own(here, monkeypatch, capsys):
    (here / "own.py").write_text(OWN)
    write(SPEC.replace("- mean_squared_error", "- {type: cube, factor: 2.0}"), BATCH)
    words = ["build", "a.yaml", "--batch", "b.npz", "--losses", "own.py", "--json"]
    assert main(monkeypatch, *words) == 0
    out, err = capsys.readouterr()
    row = json.loads(out)["terms"]["depth/cube"]  # 2 · (1 + 0 + 8) ÷ 3; 2 · 3 · √(1 + 4²) ÷ 3
    assert (row["loss"], row["denominator"], row["counted"]) == (6, 3, 0.75)
    assert row["gradient"] == pytest.approx(2 * math.sqrt(17), rel=1e-6)
    assert err == "loaded\n"


OVERFLOWING = """
tensors: {y_true: {a: "float32[batch]"}, y_pred: {a: "float32[batch]"}}
tasks: {a: {weight: 1e30, loss: precomputed}}
"""


def test_a_product_that_overflows_names_its_term(tmp_path):
    (tmp_path / "a.yaml").write_text(OVERFLOWING)
    np.savez(tmp_path / "a.npz", **{"y_pred.a": np.float32([1e30, 1e30])})
    path, batch = str(tmp_path / "a.yaml"), str(tmp_path / "a.npz")
    text, is_finite = build_and_show(path, batch, 0, False, [], None)
    assert not is_finite
    assert "not finite: a/precomputed: weight × loss overflows float32" in text.splitlines()


def test_what_a_loss_of_ones_own_raises_is_told_with_its_term(tmp_path):
    from tests.test_loss_of_ones_own import RowDistance

    (tmp_path / "a.yaml").write_text("tasks: {a: {loss: {type: row_distance, wrong: raises}}}")
    ones = np.ones((2, 3), np.float32)
    np.savez(tmp_path / "a.npz", **{"y_true.a": ones, "y_pred.a": ones})
    with pytest.raises(StopError) as caught:
        build_and_show(
            str(tmp_path / "a.yaml"), str(tmp_path / "a.npz"), 0, False, [RowDistance], None
        )
    assert str(caught.value) == "AttributeError: no such thing in the loss `a/row_distance`"
    assert caught.value.exit_code == 1
