"""A checkpoint is restored whole, or refused before anything has changed."""

from __future__ import annotations

import numpy as np
import pytest

CENTER = {"type": "center", "num_classes": 2, "embedding_size": 2}
SPEC = {"tasks": {"face": {"loss": CENTER}}}


def built(spec=SPEC):
    """A model, its total loss and an optimizer, all with variables, in a checkpoint."""
    import keras
    import tensorflow as tf

    from composer import build_total_loss

    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input([3]), keras.layers.Dense(2, name="dense")], name="net")
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9, name="sgd")
    optimizer.build(model.trainable_variables)
    total_loss = build_total_loss(spec)
    return tf.train.Checkpoint(model=model, optimizer=optimizer, total_loss=total_loss)


def variables(checkpoint):
    return [
        *checkpoint.model.variables,
        *checkpoint.optimizer.variables,
        *checkpoint.total_loss.variables,
    ]


def fill(checkpoint, value):
    for each in variables(checkpoint):
        each.assign(np.full(each.shape, value))


def message(checkpoint, path):
    """What `restore` says, which has left all as it was."""
    from composer.training import restore

    with pytest.raises(ValueError, match=r".") as caught:
        restore(checkpoint, path)
    return str(caught.value)


def test_all_of_it_comes_back(tmp_path):
    from composer.training import restore

    saved, other = built(), built()
    fill(saved, 3)
    fill(other, 4)
    path = saved.save(tmp_path / "ckpt")
    assert restore(other, path) == path
    for each in variables(other):
        np.testing.assert_array_equal(each.numpy(), np.full(each.shape, 3))


@pytest.mark.parametrize("way", ["save", "write"])
def test_it_is_restored_by_a_checkpoint_that_has_saved_itself(tmp_path, way):
    # `save` counts in a variable, `write` does not; here the one lacks it and there the other.
    from composer.training import restore

    saved, other = built(), built()
    fill(saved, 3)
    path = getattr(saved, way)(tmp_path / "ckpt")
    other.save(tmp_path / "other")
    restore(other, path)
    np.testing.assert_array_equal(other.total_loss.variables[0], np.full([2, 2], 3))


def test_of_a_directory_the_latest_is_taken(tmp_path):
    from composer.training import restore

    checkpoint = built()
    for value in (1, 2):
        fill(checkpoint, value)
        last = checkpoint.save(tmp_path / "ckpt")
    assert restore(checkpoint, tmp_path) == last
    np.testing.assert_array_equal(checkpoint.total_loss.variables[0], np.full([2, 2], 2))


def test_a_file_without_the_state_of_the_loss_is_refused(tmp_path):
    import tensorflow as tf

    checkpoint = built()
    path = tf.train.Checkpoint(model=checkpoint.model, optimizer=checkpoint.optimizer).write(
        tmp_path / "ckpt"
    )
    fill(checkpoint, 5)
    assert message(checkpoint, path) == (
        f"the checkpoint `{path}` should hold all that is restored, and lacks "
        "`total_loss/state/by_term/face/center/centers`: it was saved without these, or from "
        "another model"
    )
    for each in variables(checkpoint):
        np.testing.assert_array_equal(each.numpy(), np.full(each.shape, 5))


def test_a_file_of_another_loss_is_refused(tmp_path):
    # Both have centers, under another name.
    path = built({"tasks": {"name": {"loss": CENTER}}}).write(tmp_path / "ckpt")
    assert "lacks `total_loss/state/by_term/face/center/centers`:" in message(built(), path)


def test_a_file_without_optimizer_or_model_is_refused(tmp_path):
    import tensorflow as tf

    checkpoint = built()
    optimizer = (
        "`sgd/iteration`, `sgd/learning_rate`, `sgd/net_dense_kernel_momentum`, "
        "`sgd/net_dense_bias_momentum`"
    )
    kept = {"total_loss": checkpoint.total_loss}
    # The optimizer holds the model's variables too.
    for parts, lacking in [
        ({"model": checkpoint.model}, optimizer),
        ({}, f"{optimizer}, `net/dense/kernel`, `net/dense/bias`"),
    ]:
        path = tf.train.Checkpoint(**kept, **parts).write(tmp_path / f"{len(parts)}")
        assert message(checkpoint, path) == (
            f"the checkpoint `{path}` should hold all that is restored, and lacks {lacking}: "
            "it was saved without these, or from another model"
        )


def test_state_that_nothing_takes_up_is_refused(tmp_path):
    import tensorflow as tf

    checkpoint = built()
    path = checkpoint.write(tmp_path / "ckpt")
    less = tf.train.Checkpoint(model=checkpoint.model, optimizer=checkpoint.optimizer)
    assert message(less, path) == (
        f"the checkpoint `{path}` holds `total_loss/state/by_term/face/center/centers`, which "
        "nothing here takes up; restore the objects that were saved, all of them built"
    )


def test_another_shape_is_refused_before_anything_has_changed(tmp_path):
    path = built().write(tmp_path / "ckpt")
    loss = {**CENTER, "num_classes": 3}
    other = built({"tasks": {"face": {"loss": loss}}})
    fill(other, 5)
    assert message(other, path) == (
        f"the checkpoint `{path}` is of another model: "
        "`total_loss/state/by_term/face/center/centers` is float32[2, 2] there and "
        "float32[3, 2] here"
    )
    for each in variables(other):
        np.testing.assert_array_equal(each.numpy(), np.full(each.shape, 5))


def test_names_with_points_are_found(tmp_path):
    from composer.training import restore

    spec = {"tasks": {"a.S b": {"loss": CENTER}}}
    saved, other = built(spec), built(spec)
    fill(saved, 3)
    restore(other, saved.write(tmp_path / "ckpt"))
    np.testing.assert_array_equal(other.total_loss.variables[0], np.full([2, 2], 3))


def test_the_optimizer_of_a_model_is_built_when_the_file_has_its_moments(tmp_path):
    import keras
    import tensorflow as tf

    from composer.training import MultiTaskModel, restore

    def model():
        inputs = keras.Input([3])
        made = MultiTaskModel(inputs, {"face": keras.layers.Dense(2)(inputs)}, total_loss=SPEC)
        made.compile(keras.optimizers.SGD(0.1, momentum=0.9))
        return made

    saved, other = model(), model()
    saved.optimizer.build(saved.trainable_variables)
    saved.optimizer.variables[-1].assign([3, 4])
    restore(
        tf.train.Checkpoint(model=other), tf.train.Checkpoint(model=saved).write(tmp_path / "a")
    )
    np.testing.assert_array_equal(other.optimizer.variables[-1].numpy(), [3, 4])


def test_a_model_of_ours_keeps_seeds_and_layers_in_lists(tmp_path):
    # Keras 3 shows TensorFlow neither: a plain model would lose them in silence.
    import keras
    import tensorflow as tf

    from composer.training import attach, restore

    class Lists(keras.Model):
        def __init__(self):
            super().__init__()
            self.all = [keras.layers.Dropout(0.5), keras.layers.Dense(2)]

        def call(self, x):
            for layer in self.all:
                x = layer(x)
            return {"face": x}

    def model():
        inner = Lists()
        inner(np.zeros([1, 3], "float32"))
        return attach(inner, SPEC)

    saved, other = model(), model()
    path = tf.train.Checkpoint(model=saved).write(tmp_path / "ckpt")
    restore(tf.train.Checkpoint(model=other), path)
    assert len(saved.variables) == 3
    for one, two in zip(saved.variables, other.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), two.numpy())

    plain = tf.train.Checkpoint(model=saved.model)
    told = message(plain, plain.write(tmp_path / "plain"))
    hidden = [f"`{saved.variables[place].path}`" for place in range(3)]
    assert told == (
        f"the checkpoint should hold {', '.join(hidden)}: Keras shows TensorFlow neither random "
        "seeds nor layers in lists; save and restore "
        "`tf.train.Checkpoint(…, variables=model.variables)`"
    )
    whole = tf.train.Checkpoint(model=saved.model, variables=saved.model.variables)
    restore(whole, whole.write(tmp_path / "whole"))


def test_where_there_is_no_checkpoint_is_told(tmp_path):
    from composer.training import restore

    with pytest.raises(FileNotFoundError) as caught:
        restore(built(), tmp_path)
    assert str(caught.value) == f"`{tmp_path}` should hold a checkpoint, found none"
    path = tmp_path / "ckpt-3"
    with pytest.raises(FileNotFoundError) as caught:
        restore(built(), path)
    assert str(caught.value) == (
        f"there should be a checkpoint `{path}`, found no file `{path}.index`"
    )
