"""A training that is resumed ends with the bits of one that was never interrupted."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
full = pytest.mark.full


def trajectories(directory, tier):
    """A directory of final states: `whole …` without interruption, `resumed …` of each way."""
    command = [sys.executable, "-m", "tests.training.trajectories", str(directory), tier]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return directory


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    return trajectories(tmp_path_factory.mktemp("quick"), "quick")


@pytest.fixture(scope="module")
def every_step(tmp_path_factory):
    return trajectories(tmp_path_factory.mktemp("full"), "full")


def read(directory, name):
    """The arrays of a final state, and its history."""
    arrays = dict(np.load(directory / f"{name}.npz"))
    return arrays, json.loads(str(arrays.pop("history")))


def differing(directory, whole, other):
    """The places in a state, and the columns of a history, that are not the same to the bit.

    Of a history the last epochs are compared: a resumed training has no others.
    """
    (ours, rows), (theirs, other_rows) = read(directory, whole), read(directory, other)
    assert len(ours) > 20
    found = [name for name in ours if ours[name].tobytes() != theirs[name].tobytes()]
    assert len(theirs) == len(ours)
    for name, values in (other_rows or {}).items():
        if rows[name][-len(values) :] != values:
            found.append(name)
    return found


def names(directory, kind):
    return sorted(path.stem for path in directory.glob(f"{kind} *.npz"))


# What each way to go on is compared to, where it is not of the same name.
WHOLE = {"keras": "plain", "file": "plain", "model-file": "model"}


def assert_same(directory, count):
    resumed = names(directory, "resumed")
    assert len(resumed) == count
    ways = {each: each.split()[1] for each in resumed}
    wrong = {
        each: differing(directory, f"whole {WHOLE.get(way, way)}", each)
        for each, way in ways.items()
    }
    assert {name: found for name, found in wrong.items() if found} == {}


def test_whatever_resumes_a_training_it_goes_on_bit_for_bit(quick):
    # After batches 2 and 5 of Backup, a loop's checkpoint and a model's; after 3 epochs of Backup;
    # after the first BackupAndRestore and a `.keras` file.
    assert_same(quick, 3 * 2 + 3 + 2)


@full
def test_it_does_so_from_every_step_with_micro_batches_and_endless_data(every_step):
    # After 14 batches of a loop, a model and its file; of `fit` plain, endless and by windows after
    # 14 and 3 epochs, with 2 steps per execution after the 9 executions and 3 epochs; after 2
    # epochs BackupAndRestore and a `.keras` file.
    assert_same(every_step, 3 * 14 + 3 * (14 + 3) + (9 + 3) + 2 * 2)


def test_backing_up_changes_nothing_in_what_is_trained(quick):
    assert differing(quick, "whole plain", "watched plain") == []


@pytest.mark.parametrize("what", ["centers", "step", "moments", "seeds"])
def test_each_part_of_the_state_matters_to_the_bits(quick, what):
    assert len(differing(quick, "whole loop", f"without {what}")) > 10


def test_the_history_of_a_resumed_epoch_is_whole(quick):
    _, rows = read(quick, "whole plain")
    _, resumed = read(quick, "resumed plain batch 2")
    assert resumed == rows
    assert set(rows) >= {"loss", "depth/huber", "face/center/weighted", "depth_mae"}
    _, resumed = read(quick, "resumed plain epoch 2")
    assert {len(values) for values in resumed.values()} == {1}
    _, resumed = read(quick, "resumed plain epoch 3")
    assert resumed == {}


# --- what a process that is killed leaves behind


@pytest.fixture(scope="module")
def trained():
    from tests.training import trained

    return trained


@pytest.fixture(scope="module")
def model(trained):
    """One model for all tests, since a restore has to bring all of its state along."""
    return trained.compiled()


def begin(model):
    """The model as at the beginning, as far as these tests look."""
    if model.optimizer.built:
        model.optimizer.iterations.assign(0)
    return model


@pytest.fixture(scope="module")
def left(trained, model, tmp_path_factory):
    """By number of batches, the directory that a process leaves which is killed after them."""
    from composer.training import Backup

    root = tmp_path_factory.mktemp("left")

    def keep(batches):
        shutil.copytree(root / "backups", root / str(batches))
        if batches == 7:
            raise KeyboardInterrupt

    callbacks = [Backup(root / "backups", every=1), trained.After(batch=keep)]
    with pytest.raises(KeyboardInterrupt):
        trained.fit(begin(model), trained.data(), callbacks)
    return root


@pytest.fixture
def third(left, tmp_path):
    """What is left after three batches, to be broken."""
    return Path(shutil.copytree(left / "3", tmp_path / "third"))


def resume(trained, model, directory, **options):
    """Where another process goes on, and the steps that it then has trained in all."""
    from composer.training import Backup

    backup = Backup(directory, every=1)
    trained.fit(begin(model), trained.data(), [backup], **options)
    return backup.resumed, int(model.optimizer.iterations.numpy())


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # of Keras, which writes HDF5
def test_keras_restores_an_epoch_under_the_number_of_another(trained, model, tmp_path, monkeypatch):
    # BackupAndRestore writes the weights, then the epoch into another file. Killed between the two
    # at the end of the second epoch, it trains 3 + 1 epochs of 5 batches where 3 were asked for.
    import keras

    save, saves = model.save_weights, []

    def killed_after_the_second(*arguments, **options):
        save(*arguments, **options)
        saves.append(arguments)
        if len(saves) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(model, "save_weights", killed_after_the_second)
    with pytest.raises(KeyboardInterrupt):
        trained.fit(begin(model), trained.data(), [keras.callbacks.BackupAndRestore(tmp_path)])
    trained.fit(begin(model), trained.data(), [keras.callbacks.BackupAndRestore(tmp_path)])
    model._initial_epoch = None  # which Keras leaves behind
    assert int(model.optimizer.iterations) == 20


def newest(directory):
    """The files of the checkpoint that was written last: index and data."""
    number = max(int(path.stem.rpartition("-")[2]) for path in directory.glob("ckpt-*.index"))
    return sorted(directory.glob(f"ckpt-{number}.*"), reverse=True)


def test_a_checkpoint_counts_only_when_it_is_recorded(trained, model, left, third):
    # All moments of a kill while the fourth is saved: before anything is written, after the data,
    # after the index. The fourth batch is trained again, from the third.
    index, data = newest(left / "4")
    assert [index.name, data.name] == ["ckpt-4.index", "ckpt-4.data-00000-of-00001"]
    for number, written in enumerate([[], [data], [data, index]]):
        place = Path(shutil.copytree(third, third.parent / str(number)))
        for path in written:
            shutil.copy(path, place)
        assert resume(trained, model, place) == ((0, 3), 15)


def damage(path, how):
    data = path.read_bytes()
    half = len(data) // 2
    damaged = {
        "cut": data[:half],
        "empty": b"",
        "flipped": data[:40] + bytes([data[40] ^ 1]) + data[41:],
    }
    path.write_bytes(damaged[how])


@pytest.mark.parametrize(("kind", "how"), [(0, "cut"), (0, "empty"), (1, "cut"), (1, "flipped")])
def test_a_broken_checkpoint_gives_way_to_the_one_before_it(
    trained, model, third, caplog, kind, how
):
    damage(newest(third)[kind], how)
    with caplog.at_level(logging.WARNING, logger="losscomp"):
        found = resume(trained, model, third)
    assert found == ((0, 2), 15)
    (record,) = caplog.records
    path = third / "ckpt-3"
    assert record.getMessage() == (
        f"the checkpoint `{path}` cannot be read; the one before it is tried"
    )


def test_without_a_whole_checkpoint_it_does_not_begin_anew(trained, model, third):
    for path in third.glob("ckpt-*.data*"):
        damage(path, "cut")
    with pytest.raises(ValueError, match=r".") as caught:
        resume(trained, model, third)
    assert str(caught.value) == (
        f"the checkpoints in `{third}` should be whole, found none that can be read; "
        "remove them to begin anew"
    )


def saved_by(trained, model, directory, batches, **options):
    """The checkpoints that are there when a training is broken off."""
    from composer.training import Backup

    def stop(done):
        if done == batches:
            raise KeyboardInterrupt

    callbacks = [Backup(directory, **options), trained.After(batch=stop)]
    with pytest.raises(KeyboardInterrupt):
        trained.fit(begin(model), trained.data(), callbacks)
    return sorted(path.stem for path in directory.glob("ckpt-*.index"))


def test_only_the_last_checkpoints_are_kept(trained, model, left, tmp_path):
    assert sorted(path.stem for path in (left / "4").glob("ckpt-*.index")) == ["ckpt-3", "ckpt-4"]
    assert saved_by(trained, model, tmp_path, 2, every=1, keep=1) == ["ckpt-2"]


def test_every_counts_batches_within_an_epoch_and_its_end(trained, model, tmp_path):
    # Of 5 batches: after 2 and 4, then at the end of the epoch; so 3 in the first epoch, and the
    # fourth checkpoint in the second, after 2 of its batches.
    saved = saved_by(trained, model, tmp_path, 8, every=2, keep=9)
    assert saved == ["ckpt-1", "ckpt-2", "ckpt-3", "ckpt-4"]
    assert resume(trained, model, tmp_path) == ((1, 2), 15)


def test_a_finished_training_goes_on_when_more_epochs_are_asked_for(trained, model, tmp_path):
    assert resume(trained, model, tmp_path) == ((0, 0), 15)
    assert resume(trained, model, tmp_path) == ((3, 0), 15)
    assert resume(trained, model, tmp_path, epochs=4) == ((3, 0), 20)
    # The model is free for calls of `fit` without it, which Keras's own callback is not.
    trained.fit(model, trained.data(), epochs=1)
    assert int(model.optimizer.iterations) == 25


def test_what_it_would_do_in_silence_is_told(trained, model, tmp_path, caplog):
    resume(trained, model, tmp_path, epochs=1)
    trained.fit(model, trained.data(), epochs=2)  # without it, from step 5 to 15
    caplog.clear()
    from composer.training import Backup

    trained.fit(model, trained.data(), [Backup(tmp_path)], epochs=1)
    path = f"`{tmp_path}/ckpt-6`"
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [
        f"the model goes back from step 15 to 5, of {path}",
        f"all 1 epochs were trained before, by {path}",
    ]


def test_after_a_resumed_training_that_broke_off_the_next_one_is_whole(
    trained, model, left, tmp_path
):
    from composer.training import Backup

    def stop(done):
        if done == 8:
            raise KeyboardInterrupt

    directory = shutil.copytree(left / "7", tmp_path / "seventh")
    with pytest.raises(KeyboardInterrupt):
        trained.fit(
            begin(model), trained.data(), [Backup(directory, every=1), trained.After(batch=stop)]
        )
    assert len(trained.fit(model, trained.data(), epochs=3)["loss"]) == 3


@full
def test_it_resumes_over_replicas(trained, left, strategy):
    # The batches have 4 samples, 2 for each replica; what was saved on one device goes on on two.
    with strategy.scope():
        replicated = trained.compiled(seed=7)
    assert resume(trained, replicated, left / "7") == ((1, 2), 15)


# --- what it refuses


def refused(callback, model, trained):
    with pytest.raises(ValueError, match=r".") as caught:
        trained.fit(model, trained.data(), [callback])
    return str(caught.value)


def test_arguments_are_checked(tmp_path):
    from composer.training import Backup

    for every in (0, "batch", 1.5, True):
        with pytest.raises(ValueError, match=r".") as caught:
            Backup(tmp_path, every=every)
        assert str(caught.value) == (
            f'every should be "epoch" or a number of batches of at least 1, found {every!r}'
        )
    with pytest.raises(ValueError, match=r".") as caught:
        Backup(tmp_path, keep=0)
    assert str(caught.value) == "keep should be an integer of at least 1, found 0"


def test_a_model_without_a_total_loss_is_refused(trained, tmp_path):
    import keras

    from composer.training import Backup

    model = keras.Model(*trained.functional())
    model.compile("sgd", loss={"depth": "mse"})
    assert refused(Backup(tmp_path), model, trained) == (
        "Backup should get a model with a total loss, such as a MultiTaskModel, found `Functional`"
    )


def test_a_model_that_is_not_built_is_refused(trained, tmp_path):
    import keras

    from composer.training import Backup, attach

    model = attach(
        keras.Sequential([keras.layers.Dense(1)]), {"tasks": {"depth": {"loss": "huber"}}}
    )
    model.compile("sgd")
    assert refused(Backup(tmp_path), model, trained) == (
        "the model should be built before a training is resumed; call it on a batch"
    )


def test_several_workers_are_refused(trained, model, tmp_path, monkeypatch):
    import tensorflow as tf

    from composer.training import Backup, MultiTaskModel

    # Without its servers, which one process does not have.
    workers = object.__new__(tf.distribute.MultiWorkerMirroredStrategy)
    backup = Backup(tmp_path)
    backup.set_model(model)
    monkeypatch.setattr(MultiTaskModel, "distribute_strategy", workers)
    with pytest.raises(ValueError, match=r".") as caught:
        backup.on_train_begin()
    assert str(caught.value) == (
        "Backup keeps the training of one process, found several workers; write "
        "`tf.train.CheckpointManager` into a loop of your own"
    )


def test_executions_that_would_stop_between_two_batches_are_refused(trained, third):
    from composer.training import Backup

    model = trained.compiled(steps_per_execution=2)
    assert refused(Backup(third), model, trained) == (
        "`steps_per_execution` should divide the 3 batches of the epoch that were trained before, "
        "found 2"
    )


def test_a_record_that_cannot_be_read_does_not_begin_anew(trained, model, third):
    for content in ("", "model_checkpoint_path: "):
        (third / "checkpoint").write_text(content)
        with pytest.raises(ValueError, match=r".") as caught:
            resume(trained, model, third)
        assert str(caught.value) == (
            f"`{third / 'checkpoint'}` should name the last checkpoint, and cannot be read; "
            "`tf.train.update_checkpoint_state(directory, path)` writes it again"
        )


def test_an_epoch_of_fewer_batches_is_refused(trained, model, third):
    from composer.training import Backup

    begin(model)
    with pytest.raises(ValueError, match=r".") as caught:
        trained.fit(model, trained.data(2), [Backup(third)])
    assert str(caught.value) == (
        "the data should be those that were trained on: an epoch has fewer batches than were "
        "trained of it before"
    )


def test_another_model_is_refused_before_anything_has_changed(trained, third):
    import keras

    from composer.training import Backup, MultiTaskModel

    spec = {"tasks": {"face": {**trained.SPEC["tasks"]["face"], "weight": 1}}}
    other = MultiTaskModel(*trained.functional(), total_loss=spec | {"regularization": {}})
    other.compile(keras.optimizers.Adam(0.1))
    other.total_loss.variables[0].assign([[1, 2], [3, 4], [5, 6]])
    for layer in other.layers[1:]:
        layer.trainable = False
    before = [each.numpy() for each in [*other.variables, *other.total_loss.variables]]
    message = refused(Backup(third), other, trained)
    assert message.startswith(f"the checkpoint `{third / 'ckpt-3'}` holds `model/optimizer/")
    after = [each.numpy() for each in [*other.variables, *other.total_loss.variables]]
    np.testing.assert_equal(after, before)
