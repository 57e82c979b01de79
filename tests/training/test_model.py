"""Models of every kind train with a total loss, under the names of the spec."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training.linear import MODES, column, compiled, eagerly_first, linear_model

DEPTH = {"tasks": {"depth": {"loss": "mean_squared_error"}}}
X = column(1, 2)
Y = column(0, 0)
# The weight 1 predicts x, so the loss is (1 + 4) / 2, and its gradient 2 · (1 + 4) / 2 = 5.
LOSS = 2.5
# A step of 0.1 leaves the weight 0.5.
AFTER = 0.5


def dense(name=None, **options):
    import keras

    return keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name=name, **options)


def step(model, y_true, mode="eager", x=X, **options):
    """The loss of one step, and the first weight after it."""
    import keras

    model.compile(keras.optimizers.SGD(0.1), **MODES[mode])
    logs = model.train_on_batch(x, y_true, return_dict=True, **options)
    return logs["loss"], model.get_weights()[0].item()


@pytest.mark.parametrize("y_true", [{"depth": Y}, [Y], Y], ids=["mapping", "list", "tensor"])
@pytest.mark.parametrize("kind", ["mapping", "list", "tensor"])
def test_the_outputs_of_a_functional_model_have_names(kind, y_true):
    import keras

    from composer import training

    inputs = keras.Input([1])
    output = dense("depth")(inputs)
    outputs = {"mapping": {"depth": output}, "list": [output], "tensor": output}[kind]
    model = training.MultiTaskModel(inputs, outputs, total_loss=DEPTH)
    assert step(model, y_true) == (LOSS, pytest.approx(AFTER))


def test_of_a_list_of_outputs_each_has_the_name_of_its_layer():
    import keras

    from composer import training

    spec = {"tasks": {n: {"loss": "mean_squared_error"} for n in ("b", "a")}}
    inputs = keras.Input([1])
    outputs = [dense("a")(inputs), dense("b")(inputs)]
    model = training.MultiTaskModel(inputs, outputs, total_loss=spec)
    model.compile("sgd", run_eagerly=True)
    found = model.test_on_batch(X, [Y, Y + 1], return_dict=True)
    assert found["a/mean_squared_error"] == LOSS
    assert found["b/mean_squared_error"] == (0 + 1) / 2


NESTED = {
    "tasks": {
        "depth": {
            "y_true": "y_true.heads.depth",
            "y_pred": "y_pred.heads.depth",
            "loss": "mean_squared_error",
        }
    }
}


@eagerly_first
def test_outputs_may_be_nested(mode):
    import keras

    from composer import training

    inputs = keras.Input([1])
    outputs = {"heads": {"depth": dense()(inputs)}}
    model = training.MultiTaskModel(inputs, outputs, total_loss=NESTED)
    assert step(model, {"heads": {"depth": Y}}, mode) == (LOSS, pytest.approx(AFTER))


def test_inputs_may_be_a_mapping():
    import keras

    from composer import training

    inputs = {"image": keras.Input([1], name="image")}
    model = training.MultiTaskModel(inputs, {"depth": dense()(inputs["image"])}, total_loss=DEPTH)
    assert step(model, {"depth": Y}, x={"image": X}) == (LOSS, pytest.approx(AFTER))


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (["dpeth"], "y_pred should have `depth`; it has `dpeth`; did you mean `dpeth`?"),
        (["pose", "normal"], "y_pred should have `depth`; it has `normal`, `pose`"),
    ],
    ids=["misspelt", "missing"],
)
def test_an_output_that_the_spec_reads_and_the_model_lacks_is_told_at_once(outputs, message):
    with pytest.raises(ValueError, match=r".") as error:
        linear_model(DEPTH, outputs)
    assert str(error.value) == message


def test_a_nested_output_that_the_model_lacks_is_told_with_its_path():
    import keras

    from composer import training

    inputs = keras.Input([1])
    with pytest.raises(ValueError, match=r".") as error:
        training.MultiTaskModel(inputs, {"heads": {"dept": dense()(inputs)}}, total_loss=NESTED)
    assert str(error.value) == (
        "y_pred.heads should have `depth`; it has `dept`; did you mean `dept`?"
    )


def test_a_spec_that_is_not_sound_is_told_at_once():
    from composer import SpecError

    with pytest.raises(SpecError, match="there is no loss `hubber`"):
        linear_model({"tasks": {"depth": {"loss": "hubber"}}})


def test_a_policy_of_another_name_is_refused():
    with pytest.raises(ValueError, match=r".") as error:
        linear_model(DEPTH, on_nonfinite="ignore")
    assert str(error.value) == (
        "on_nonfinite should be one of `report`, `raise`, `skip_term`, found `ignore`"
    )


def test_a_total_loss_may_be_given_as_it_is_as_a_spec_or_as_a_path(tmp_path):
    from composer import build_total_loss, load_spec

    path = tmp_path / "loss.yaml"
    path.write_text("tasks: {depth: {loss: mean_squared_error}}\n")
    built = build_total_loss(DEPTH)
    assert linear_model(built).total_loss is built
    for each in (path, str(path), load_spec(str(path)), DEPTH):
        assert linear_model(each).total_loss.names == ("depth/mean_squared_error",)


def subclassed(returns):
    """A model of one's own, which is built when it is first called."""
    import keras

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.depth = dense()

        def call(self, x):
            found = self.depth(x)
            return {"mapping": {"depth": found}, "tensor": found, "list": [found]}[returns]

    return Own()


def functional(returns):
    import keras

    inputs = keras.Input([1])
    output = dense("depth")(inputs)
    return keras.Model(
        inputs, {"mapping": {"depth": output}, "tensor": output, "list": [output]}[returns]
    )


def sequential(returns):
    import keras

    assert returns == "tensor"
    return keras.Sequential([dense()])


@pytest.mark.parametrize(
    ("kind", "returns"),
    [
        (subclassed, "mapping"), (subclassed, "tensor"), (subclassed, "list"),
        (functional, "mapping"), (functional, "tensor"), (functional, "list"),
        (sequential, "tensor"),
    ],
)  # fmt: skip
def test_any_model_can_be_attached(kind, returns):
    from composer import training

    model = kind(returns)
    attached = training.attach(model, DEPTH)
    assert step(attached, {"depth": Y}) == (LOSS, pytest.approx(AFTER))
    # What the attached model learns, the model has learnt.
    assert model.get_weights()[0].item() == attached.get_weights()[0].item()


@eagerly_first
def test_an_attached_model_that_is_not_built_trains_in_every_mode(mode):
    from composer import training

    attached = training.attach(subclassed("mapping"), DEPTH)
    assert step(attached, {"depth": Y}, mode) == (LOSS, pytest.approx(AFTER))


def test_a_subclass_that_gives_no_names_for_several_tasks_is_refused():
    from composer import training

    spec = {"tasks": {n: {"loss": "mean_squared_error"} for n in ("depth", "pose")}}
    attached = training.attach(subclassed("tensor"), spec)
    attached.compile("sgd", run_eagerly=True)
    with pytest.raises(ValueError, match=r".") as error:
        attached.train_on_batch(X, {"depth": Y, "pose": Y})
    assert str(error.value) == (
        "y_pred should be a mapping by name, since the spec reads `depth`, `pose`; "
        "let the model return one, such as {'depth': …}"
    )


def test_an_attached_model_knows_whether_it_trains():
    import keras

    from composer import training

    inner = keras.Sequential([keras.layers.Dropout(0.5, seed=1), dense()])
    attached = training.attach(inner, DEPTH)
    attached.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    x = np.ones([100, 1], "float32")
    assert attached.test_on_batch(x, {"depth": 0 * x}, return_dict=True)["loss"] == 1
    # Of what is kept, half or so, each is doubled.
    trained = attached.train_on_batch(x, {"depth": 0 * x}, return_dict=True)["loss"]
    assert trained != 1
    assert trained / 4 * 100 == pytest.approx(round(trained / 4 * 100))


def test_what_the_model_was_compiled_with_is_not_used():
    import keras

    from composer import training

    model = functional("mapping")
    model.compile(keras.optimizers.SGD(100.0), loss="mae")
    attached = training.attach(model, DEPTH)
    assert step(attached, {"depth": Y}) == (LOSS, pytest.approx(AFTER))


def test_an_attached_model_has_the_dtype_policy_of_the_model():
    import keras

    from composer import training

    inputs = keras.Input([1], dtype="float16")
    model = keras.Model(inputs, {"depth": dense(dtype="mixed_float16")(inputs)})
    model.dtype_policy = keras.DTypePolicy("mixed_float16")
    attached = training.attach(model, DEPTH)
    attached.compile("sgd")
    assert isinstance(attached.optimizer, keras.optimizers.LossScaleOptimizer)


# Keras masks: the second step of the first sample and all of the second sample are padding.
TOKENS = np.array([[3, 0], [0, 0]])
WORDS = {"tasks": {"words": {"mask": "y_true.keras_mask.words", "loss": "mean_squared_error"}}}


def embedding_model(spec, wrap=False):
    import keras

    from composer import training

    inputs = keras.Input([2], dtype="int32")
    embedding = keras.layers.Embedding(5, 1, mask_zero=True, embeddings_initializer="ones")
    outputs = {"words": embedding(inputs)}
    if wrap:
        return training.attach(keras.Model(inputs, outputs), spec)
    return training.MultiTaskModel(inputs, outputs, total_loss=spec)


@pytest.mark.parametrize("wrap", [False, True], ids=["own", "attached"])
@eagerly_first
def test_the_keras_mask_of_an_output_is_a_target(mode, wrap):
    model = compiled(embedding_model(WORDS, wrap), mode=mode)
    words = np.array([[[4.0], [7.0]], [[8.0], [9.0]]], "float32")
    # One element counts: (1 − 4)² = 9.
    found = model.train_on_batch(TOKENS, {"words": words}, return_dict=True)
    assert found["words/mean_squared_error"] == 9
    assert model.rows.table()["words/mean_squared_error"].kept == 1 / 4
    assert model.test_on_batch(TOKENS, {"words": words}, return_dict=True)["loss"] == 9


def test_a_keras_mask_that_the_spec_does_not_read_is_refused():
    model = compiled(embedding_model({"tasks": {"words": {"loss": "mean_squared_error"}}}))
    with pytest.raises(ValueError, match=r".") as error:
        model.fit(TOKENS, {"words": np.zeros([2, 2, 1])}, verbose=0)
    assert str(error.value) == (
        "the output y_pred.words carries a Keras mask, which the spec should read; "
        "write `mask: y_true.keras_mask.words`"
    )


def test_the_names_of_the_loss_and_its_state_are_no_weights_of_the_model():
    spec = {"tasks": {"depth": {"y_true": "y_true.label", "loss": {"type": "center", "num_classes": 2, "embedding_size": 1}}}}  # fmt: skip
    model = linear_model(spec)
    assert len(model.trainable_variables) == 1
    assert len(model.get_weights()) == 1


def test_a_copy_by_keras_says_how_to_copy():
    import keras

    model = linear_model(DEPTH)
    with pytest.raises(ValueError, match=r"MultiTaskModel\.from_config\(model\.get_config\(\)\)"):
        keras.models.clone_model(model)
    copied = type(model).from_config(model.get_config())
    assert copied.total_loss.names == model.total_loss.names


def test_what_is_no_model_cannot_be_attached():
    from composer import training

    with pytest.raises(ValueError, match=r"^model should be a keras.Model, found str$"):
        training.attach("depth", DEPTH)
