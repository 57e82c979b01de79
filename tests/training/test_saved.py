"""A `.keras` file keeps the spec and the state of the loss, and executes nothing when it is read."""

from __future__ import annotations

import copy
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

# Of Keras, which gives its variables to HDF5 as they are.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")

ROOT = Path(__file__).parents[2]
CENTER = {"type": "center", "num_classes": 3, "embedding_size": 2}
FACE = {"tasks": {"face": {"loss": CENTER}}}
LABELS = np.array([0, 1, 2, 0])
X = np.array([[1.0, 2], [3, 4], [5, 6], [7, 8]], "float32")


def model(spec=FACE, **options):
    """Two outputs from two inputs; one that the spec does not read does no harm."""
    import keras

    from composer.training import MultiTaskModel

    inputs = keras.Input([2])
    return MultiTaskModel(
        inputs, {"face": keras.layers.Dense(2)(inputs)}, total_loss=spec, **options
    )


def trained(made, labels=LABELS):
    """Two steps of training, after which every variable has moved."""
    import keras

    made.compile(keras.optimizers.Adam(0.01), run_eagerly=True)
    for _ in range(2):
        made.train_on_batch(X, {"face": labels})
    return made


def saved(made, tmp_path, **options):
    """The model that a file of this one gives."""
    import keras

    made.save(tmp_path / "model.keras")
    return keras.saving.load_model(tmp_path / "model.keras", **options)


def assert_same(one, two):
    """The same numbers, and the same loss of the same batch."""
    for ours, theirs in [
        (one.variables, two.variables),
        (one.optimizer.variables, two.optimizer.variables),
        (one.total_loss.variables, two.total_loss.variables),
    ]:
        for mine, other in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(mine.numpy(), other.numpy())
    losses = [each.test_on_batch(X, {"face": LABELS}, return_dict=True) for each in (one, two)]
    assert losses[0] == losses[1]


def test_spec_policy_centers_and_optimizer_come_back(tmp_path):
    made = trained(model(on_nonfinite="skip_term"))
    assert np.abs(made.total_loss.variables[0].numpy()).min() > 0
    loaded = saved(made, tmp_path)
    assert loaded.total_loss.spec == made.total_loss.spec
    assert loaded.on_nonfinite == "skip_term"
    assert int(loaded.optimizer.iterations) == 2
    assert_same(made, loaded)
    for each in (made, loaded):
        each.train_on_batch(X, {"face": LABELS})
    assert_same(made, loaded)


def test_overrides_come_back(tmp_path):
    from composer import build_total_loss

    total_loss = build_total_loss(FACE, overrides=["tasks.face.weight=0.25"])
    loaded = saved(trained(model(total_loss)), tmp_path)
    assert str(loaded.total_loss.spec.tasks["face"].weight) == "0.25"
    found = loaded.test_on_batch(X, {"face": LABELS}, return_dict=True)
    assert found["face/center/weighted"] == 0.25 * found["face/center"]


def test_metrics_of_compile_come_back(tmp_path):
    made = model({"tasks": {"face": {"loss": "mean_squared_error"}}})
    made.compile("sgd", metrics={"face": ["mae"]}, run_eagerly=True)
    loaded = saved(made, tmp_path)
    found = loaded.test_on_batch(X, {"face": X}, return_dict=True)
    assert set(found) == {
        "loss",
        "face/mean_squared_error",
        "face/mean_squared_error/weighted",
        "mae",
    }


# --- numbers of files


def with_file(tmp_path, dtype="float16", values=(0.1, 0.2, 3)):
    """A spec beside a file of class weights."""
    folder = tmp_path / "spec"
    folder.mkdir(exist_ok=True)
    np.save(folder / "weights.npy", np.array(values, dtype))
    path = folder / "loss.yaml"
    path.write_text(
        "constants: {weights: weights.npy}\n"
        "tasks:\n"
        "  face:\n"
        "    weight: take(weights, y_true)\n"
        "    loss: {type: center, num_classes: 3, embedding_size: 2, reduction: weighted_mean}\n"
    )
    return path


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "uint16", "bool"])
def test_constants_of_files_come_back_where_the_file_is_gone(tmp_path, dtype):
    path = with_file(tmp_path, dtype, [1, 0, 1])
    made = trained(model(path))
    before = made.total_loss.spec.constants["weights"]
    for file in path.parent.iterdir():
        file.unlink()
    loaded = saved(made, tmp_path)
    # And again: what was loaded is saved as well as what was read from a file.
    again = saved(loaded, tmp_path)
    for each in (loaded, again):
        constant = each.total_loss.spec.constants["weights"]
        assert (constant.dtype, constant.shape) == (before.dtype, before.shape) == (dtype, (3,))
        assert_same(made, each)


def test_the_numbers_of_a_file_are_those_of_the_model_and_not_of_the_moment(tmp_path):
    path = with_file(tmp_path)
    made = trained(model(path))
    with_file(tmp_path, values=[7, 8, 9])
    loaded = saved(made, tmp_path)
    assert loaded.total_loss.spec.constants["weights"].values == (
        *np.array([0.1, 0.2], "float16").tolist(),
        3,
    )
    assert_same(made, loaded)


def test_a_spec_that_could_not_be_read_again_is_not_saved(tmp_path):
    numbers = ", ".join(["1"] * 50_000)
    path = tmp_path / "loss.yaml"
    path.write_text(
        f"constants: {{weights: [{numbers}]}}\n"
        "tasks: {face: {weight: 'take(weights, y_true)', loss: "
        "{type: center, num_classes: 3, embedding_size: 2}}}\n"
    )
    with pytest.raises(ValueError, match=r".") as caught:
        model(path).save(tmp_path / "model.keras")
    assert str(caught.value).endswith(
        " is too large, or nests too deep, for a spec; long constants belong into `.npy` files"
    )


# --- loss classes of one's own


def own_loss():
    from composer import Loss, Signature

    class Distance(Loss):
        type: str = "distance"
        signature = Signature(
            "y_true=float[batch, ...], y_pred=float[batch, ...] -> float[batch, ...]"
        )

        def values(self, y_true, y_pred):
            return (y_true - y_pred) ** 2

    return Distance


def own_model(tmp_path):
    from composer import build_total_loss

    cls = own_loss()
    total_loss = build_total_loss({"tasks": {"face": {"loss": "distance"}}}, losses=[cls])
    made = trained(model(total_loss), X)
    made.save(tmp_path / "model.keras")
    return cls, made


def test_own_losses_are_asked_for_by_name(tmp_path):
    import keras

    own_model(tmp_path)
    with pytest.raises(ValueError, match=r".") as caught:
        keras.saving.load_model(tmp_path / "model.keras")
    assert str(caught.value) == (
        "the total loss of this model has losses of its own, `Distance`; load it with "
        '`keras.saving.load_model(path, custom_objects={"Distance": Distance})`'
    )


def test_own_losses_are_taken_from_custom_objects_and_scopes(tmp_path):
    import keras

    cls, made = own_model(tmp_path)
    objects = {"Distance": cls}
    loaded = keras.saving.load_model(tmp_path / "model.keras", custom_objects=objects)
    with keras.saving.custom_object_scope(objects):
        other = keras.saving.load_model(tmp_path / "model.keras")
    expected = made.test_on_batch(X, {"face": X}, return_dict=True)
    assert loaded.test_on_batch(X, {"face": X}, return_dict=True) == expected
    assert other.test_on_batch(X, {"face": X}, return_dict=True) == expected


def test_something_else_under_the_name_of_an_own_loss_is_refused(tmp_path):
    import keras

    own_model(tmp_path)
    objects = {"Distance": keras.layers.Dense}
    with pytest.raises(ValueError, match=r".") as caught:
        keras.saving.load_model(tmp_path / "model.keras", custom_objects=objects)
    assert str(caught.value).startswith("the total loss of this model has losses of its own")


# --- where Keras knows nothing of it


def test_without_an_import_keras_names_the_module_to_import(tmp_path, monkeypatch):
    import keras

    trained(model()).save(tmp_path / "model.keras")
    monkeypatch.delitem(keras.saving.get_custom_objects(), "losscomp>MultiTaskModel")
    with pytest.raises(TypeError) as caught:
        keras.saving.load_model(tmp_path / "model.keras")
    message = str(caught.value)
    assert message.startswith("Could not locate class 'MultiTaskModel'.")
    assert "make sure they are all imported" in message
    assert "{'module': 'composer.training.model', 'class_name': 'MultiTaskModel'" in message


@pytest.mark.full
def test_another_process_imports_the_trainer_and_loads_it(tmp_path):
    made = trained(model())
    made.save(tmp_path / "model.keras")
    script = (
        "import sys, keras, composer.training\n"
        "model = keras.saving.load_model(sys.argv[1])\n"
        "print(model.total_loss.variables[0].numpy().tolist())\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "model.keras")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == made.total_loss.variables[0].numpy().tolist()


# --- models of every kind


def subclass():
    import keras

    class Listed(keras.Model):
        """Its layers in a list, and no config but its name."""

        def __init__(self, **options):
            super().__init__(**options)
            self.all = [keras.layers.Dropout(0.5), keras.layers.Dense(2)]

        def call(self, x):
            for layer in self.all:
                x = layer(x)
            return {"face": x}

    return Listed


def attached(kind):
    import keras

    from composer.training import attach

    inputs = keras.Input([2])
    made = {
        "sequential": lambda: keras.Sequential([inputs, keras.layers.Dense(2)]),
        "not built": lambda: keras.Sequential([keras.layers.Dense(2)]),
        "functional": lambda: keras.Model(inputs, {"face": keras.layers.Dense(2)(inputs)}),
        "subclass": lambda: subclass()(),
    }[kind]()
    return attach(made, FACE)


@pytest.mark.parametrize("kind", ["sequential", "not built", "functional", "subclass"])
def test_an_attached_model_comes_back_whatever_it_is(tmp_path, kind):
    made = trained(attached(kind))
    objects = {"Listed": subclass()} if kind == "subclass" else None
    loaded = saved(made, tmp_path, custom_objects=objects)
    assert type(loaded.model).__name__ == type(made.model).__name__
    assert_same(made, loaded)


def test_a_subclass_that_keeps_no_config_cannot_be_saved(tmp_path):
    import keras

    from composer.training import attach

    class Sized(keras.Model):
        def __init__(self, size):
            super().__init__()
            self.dense = keras.layers.Dense(size)

        def call(self, x):
            return {"face": self.dense(x)}

    made = trained(attach(Sized(2), FACE))
    with pytest.raises(NotImplementedError, match="the object must override `get_config\\(\\)`"):
        made.save(tmp_path / "model.keras")


def test_random_seeds_come_back_which_keras_forgets(tmp_path):
    made = trained(attached("subclass"))
    (seed,) = [each for each in made.variables if "seed" in each.path]
    assert seed.numpy()[1] == 2  # counted once for each step
    loaded = saved(made, tmp_path, custom_objects={"Listed": subclass()})
    (other,) = [each for each in loaded.variables if "seed" in each.path]
    np.testing.assert_array_equal(other.numpy(), seed.numpy())


def test_a_copy_has_the_loss_and_a_state_of_its_own():
    import keras

    made = trained(attached("functional"))
    copied = keras.models.clone_model(made)
    assert copied.total_loss.spec == made.total_loss.spec
    np.testing.assert_array_equal(copied.total_loss.variables[0], np.zeros([3, 2]))

    functional = trained(model(on_nonfinite="raise"))
    copied = type(functional).from_config(functional.get_config())
    assert copied.total_loss.spec == functional.total_loss.spec
    assert copied.on_nonfinite == "raise"
    # Keras copies a functional model by its outputs alone.
    with pytest.raises(ValueError, match="a MultiTaskModel should get a `total_loss`"):
        keras.models.clone_model(functional)


# --- weights alone


def test_weights_alone_bring_the_state_of_the_loss_along(tmp_path):
    made, other = trained(model()), trained(model(), LABELS[::-1])
    made.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    assert_same(made, other)


MSE = {"tasks": {"face": {"loss": "mean_squared_error"}}}


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (
            MSE,
            FACE,
            "the file should hold the state of the total loss, and lacks `face/center/centers`: "
            "it was saved without this loss, or with another",
        ),
        (FACE, MSE, "the file holds state that this total loss has not: `face/center/centers`"),
        (
            {"tasks": {"face": {"loss": {**CENTER, "num_classes": 4}}}},
            FACE,
            "the file should hold `face/center/centers` of the total loss as (3, 2), found (4, 2)",
        ),
    ],
)
def test_weights_of_another_loss_are_refused(tmp_path, source, target, message):
    model(source).save_weights(tmp_path / "model.weights.h5")
    made = model(target)
    with pytest.raises(ValueError, match=r".") as caught:
        made.load_weights(tmp_path / "model.weights.h5")
    # Keras gathers what it could not load, and tells the first of it.
    assert str(caught.value).startswith("A total of 1 objects could not be loaded.")
    assert message in str(caught.value)


def test_weights_of_a_plain_model_fit_a_loss_without_state(tmp_path):
    import keras

    inputs = keras.Input([2])
    plain = keras.Model(inputs, {"face": keras.layers.Dense(2)(inputs)})
    plain.save_weights(tmp_path / "model.weights.h5")
    made = model(MSE)
    made.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(made.get_weights()[0], plain.get_weights()[0])


# --- files that somebody has changed


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """A saved model with a constant of a file: its config, and the rest of the archive."""
    folder = tmp_path_factory.mktemp("archive")
    trained(model(with_file(folder))).save(folder / "model.keras")
    with zipfile.ZipFile(folder / "model.keras") as opened:
        parts = {name: opened.read(name) for name in opened.namelist()}
    return json.loads(parts.pop("config.json")), parts


def load_changed(archive, tmp_path, change):
    """Loads the archive after its config was changed."""
    import keras

    config, parts = copy.deepcopy(archive[0]), archive[1]
    change(config["config"])
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as opened:
        for name, content in {**parts, "config.json": json.dumps(config)}.items():
            opened.writestr(name, content)
    (tmp_path / "changed.keras").write_bytes(written.getvalue())
    return keras.saving.load_model(tmp_path / "changed.keras")


def test_an_archive_that_nobody_has_changed_is_loaded(archive, tmp_path):
    load_changed(archive, tmp_path, lambda config: None)


def set_at(*path, value):
    """A change of one place in a config."""

    def change(config):
        *above, last = path
        for name in above:
            config = config[name]
        config[last] = value

    return change


CONSTANT = (
    "the saved constant `weights` should be the numbers of a file: a dtype, a shape and as many "
    "finite numbers; save the model anew"
)
PARTS = (
    "a saved total loss should hold a mapping `spec`, a mapping `arrays` and a list `losses`; "
    "save the model anew"
)
ARRAY = {"dtype": "float32", "shape": [3], "values": [1, 2, 3]}
ARRAYS = [
    {**ARRAY, "values": [1, 2]},
    {**ARRAY, "shape": [3, 10**12]},
    {**ARRAY, "shape": [10**9] * 8},
    {**ARRAY, "shape": [1] * 40 + [3]},
    {**ARRAY, "shape": [-1, -3]},
    {**ARRAY, "shape": [3.0]},
    {**ARRAY, "shape": 3},
    {**ARRAY, "dtype": "object"},
    {**ARRAY, "dtype": "O"},
    {**ARRAY, "dtype": "V1000000000"},
    {**ARRAY, "dtype": ["f4"]},
    {**ARRAY, "values": ["1", "2", "3"]},
    {**ARRAY, "values": "123"},
    {**ARRAY, "values": [[1], [2], [3]]},
    {**ARRAY, "values": [1, 2, float("nan")]},
    {**ARRAY, "values": [1, 2, 1e300]},
    {**ARRAY, "dtype": "uint8", "values": [1, 2, 256]},
    {**ARRAY, "dtype": "int32", "values": [1, 2, 0.5]},
    {"shape": [3]},
    "weights.npy",
    None,
]


@pytest.mark.parametrize("array", ARRAYS, ids=[str(place) for place in range(len(ARRAYS))])
def test_numbers_that_are_none_are_refused_before_they_are_made(archive, tmp_path, array):
    change = set_at("total_loss", "arrays", "weights", value=array)
    with pytest.raises(ValueError, match=r".") as caught:
        load_changed(archive, tmp_path, change)
    assert str(caught.value) == CONSTANT


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (["total_loss"], None, PARTS),
        (["total_loss"], [], PARTS),
        (["total_loss", "spec"], [], PARTS),
        (["total_loss", "arrays"], [], PARTS),
        (["total_loss", "losses"], {}, PARTS),
        (
            ["total_loss", "arrays"],
            {"others": ARRAY},
            CONSTANT.replace("weights", "others"),
        ),
        (
            ["on_nonfinite"],
            "os.system",
            "on_nonfinite should be one of `report`, `raise`, `skip_term`, found `os.system`",
        ),
        (
            ["on_nonfinite"],
            None,
            "on_nonfinite should be one of `report`, `raise`, `skip_term`, found `None`",
        ),
        (
            ["total_loss", "losses"],
            ["os.system", 3],
            "the total loss of this model has losses of its own, `os.system`, `3`; load it with "
            '`keras.saving.load_model(path, custom_objects={"os.system": os.system, "3": 3})`',
        ),
        (
            ["total_loss", "losses"],
            ["losscomp>MultiTaskModel"],
            "the total loss of this model has losses of its own, `losscomp>MultiTaskModel`; load it "
            "with `keras.saving.load_model(path, custom_objects="
            '{"losscomp>MultiTaskModel": losscomp>MultiTaskModel})`',
        ),
    ],
)
def test_what_is_no_total_loss_is_refused(archive, tmp_path, place, value, message):
    with pytest.raises(ValueError, match=r".") as caught:
        load_changed(archive, tmp_path, set_at(*place, value=value))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (["tasks"], {}, "`tasks` holds at least one entry, found none"),
        (["tasks", "face", "loss"], "eval", "there is no loss `eval`"),
        (
            ["tasks", "face", "weight"],
            "__import__('os').system('touch x')",
            "only functions of the language are called",
        ),
        (["tasks", "face", "loss", 0, "num_classes"], 10**12, "`num_classes` is at most"),
        (["constants", "weights"], "../../../etc/passwd", "has no place"),
        (["constants"], [1], "`constants`"),
        (["surprise"], 1, "there is no field `surprise`"),
    ],
)
def test_a_spec_that_is_not_sound_is_told_as_any_other(archive, tmp_path, place, value, message):
    from composer import SpecError

    def change(config):
        set_at("spec", *place, value=value)(config["total_loss"])
        if place[0] == "constants":
            config["total_loss"]["arrays"] = {}

    with pytest.raises(SpecError) as caught:
        load_changed(archive, tmp_path, change)
    assert message in str(caught.value)


def test_a_spec_without_end_is_refused(archive, tmp_path):
    nested = "float32[batch]"
    for _ in range(300):
        nested = {"a": nested}
    change = set_at("total_loss", "spec", "tensors", value={"y_true": nested})
    with pytest.raises(ValueError, match=r".") as caught:
        load_changed(archive, tmp_path, change)
    assert str(caught.value).endswith(
        " is too large, or nests too deep, for a spec; long constants belong into `.npy` files"
    )
