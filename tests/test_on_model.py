"""`check --model`: a spec against the names, dtypes and shapes of a model's outputs."""

from __future__ import annotations

import pytest

from composer import parse_spec
from composer.command import on_model
from composer.command.exits import USAGE, StopError
from composer.command.model_file import LOADING
from composer.language.tensor_type import parse_tensor
from tests.command import losscomp
from tests.saved_models import save

OUTPUTS = {
    "scene": "float32[batch, 27]",
    "head": {"depth": "float16[batch, ?, ?, 1]"},
}
SPEC = """\
tensors:
  y_true: {scene: "int32[batch]", depth: "float32[batch, h, w, 1]"}
  y_pred: {scene: "float32[batch, 27]", head: {depth: "float32[batch, h, w, 1]"}}
tasks:
  scene: {loss: sparse_softmax_cross_entropy}
  depth: {loss: huber, y_pred: y_pred.head.depth}
"""


def types(outputs):
    if isinstance(outputs, str):
        return parse_tensor(outputs)
    return {name: types(each) for name, each in outputs.items()}


@pytest.fixture
def found(monkeypatch):
    """The problems of a spec on a model of these outputs: code, line, message."""

    def check(text, outputs=OUTPUTS):
        monkeypatch.setattr(on_model, "read_model", lambda path: types(outputs))
        problems, notes = on_model.check_on_model("model.keras")(parse_spec(text))
        assert notes == []
        return [(p.code, p.severity, p.line, p.message) for p in problems]

    return check


def test_a_model_that_fits(found, capsys):
    assert found(SPEC) == []
    assert capsys.readouterr().err == f"note: {LOADING}\n"


def test_an_output_of_another_size(found):
    message = "y_pred.scene is declared as float32[batch, 27], found float32[batch, 20]"
    outputs = OUTPUTS | {"scene": "float32[batch, 20]"}
    assert found(SPEC, outputs) == [("tensor-mismatch", "error", 3, message)]


def test_an_output_that_is_not_there(found):
    outputs = {"scene": OUTPUTS["scene"], "depth": "float32[batch, 4, 4, 1]"}
    assert found(SPEC, outputs) == [
        ("unknown-tensor", "error", 6, "y_pred has no `head`; it has `scene`, `depth`"),
        ("unused-output", "warning", 4, "no loss reads the model's output `depth`"),
    ]


def test_an_output_that_is_declared_and_neither_read_nor_there(found):
    spec = SPEC.replace(
        '{scene: "float32[batch, 27]"', "{aux: 'float32[batch]', scene: \"float32[batch, 27]\""
    )
    message = "the model has no output `aux`; it has `scene`, `head.depth`"
    assert found(spec) == [("tensor-mismatch", "error", 3, message)]


def test_an_output_that_no_loss_reads(found):
    message = "no loss reads the model's output `aux`"
    outputs = OUTPUTS | {"aux": "float32[batch]"}
    assert found(SPEC, outputs) == [("unused-output", "warning", 4, message)]


def test_without_tensors_the_outputs_give_shapes(found):
    text = "tasks:\n  scene: {loss: {type: sparse_softmax_focal, alpha: [0.1, 0.2, 0.7]}}\n"
    message = "`alpha` has 3 numbers, one per class, for 27 classes"
    outputs = {"scene": OUTPUTS["scene"]}
    assert found(text, outputs) == [("shape-mismatch", "error", 2, message)]


def test_integers_are_no_prediction(found):
    text = "tasks: {scene: {loss: huber}}"
    ((code, *_), *rest) = found(text, {"scene": "int32[batch]"})
    assert (code, rest) == ("dtype-mismatch", [])


def test_a_file_that_is_no_model(tmp_path):
    path = tmp_path / "model.h5"
    path.write_bytes(b"\x89HDF")
    with pytest.raises(StopError) as caught:
        on_model.check_on_model(str(path))
    assert caught.value.exit_code == USAGE


@pytest.mark.full
def test_the_command_on_a_real_model(tmp_path):
    save(two_heads, tmp_path / "model.keras")
    (tmp_path / "loss.yaml").write_text(SPEC)
    told = losscomp("check", "loss.yaml", "--model", "model.keras", cwd=tmp_path, megabytes=None)
    assert (told.code, told.stderr) == (1, f"note: {LOADING}\n")
    assert told.stdout.splitlines()[0] == (
        "loss.yaml:3:19: error[tensor-mismatch]: "
        "y_pred.scene is declared as float32[batch, 27], found float32[batch, 20]"
    )


def two_heads():
    import keras

    image = keras.Input((8, 8, 3))
    scene = keras.layers.Dense(20)(keras.layers.Flatten()(image))
    return keras.Model(image, {"scene": scene, "head": {"depth": keras.layers.Conv2D(1, 1)(image)}})
