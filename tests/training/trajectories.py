"""Trains without interruption, then goes on from what was saved along the way.

    python -m tests.training.trajectories DIRECTORY quick|full

The two rounds are different processes, and what goes on begins with another seed.
"""

from __future__ import annotations

import functools
import os
import shutil
import sys

import keras
import tensorflow as tf

from composer import build_total_loss
from composer.training import Backup, restore, with_denominators
from tests.training import trained
from tests.training.trained import BATCHES, EPOCHS

# By tier: the batches of the whole training after which it is interrupted; 5 ends an epoch.
STOPS = {"quick": (2, 5), "full": range(1, BATCHES * EPOCHS)}
WAYS = {"quick": ("plain",), "full": ("plain", "together", "endless", "windows")}


def ways():
    """The ways to call `fit`: the data, then what the model and `fit` are told.

    The order of shuffled data is that of the seeds when it is made, and goes on with every use.
    """
    keras.utils.set_random_seed(0)
    shuffled = trained.data(7).shuffle(7, seed=3).repeat()
    windows = with_denominators(trained.data(6), build_total_loss(trained.HELD), 2)
    return {
        "plain": (trained.data(), {}, {}),
        "together": (
            trained.data(),
            {"steps_per_execution": 2},
            {"validation_data": trained.data(2)},
        ),
        "endless": (shuffled, {}, {"steps_per_epoch": BATCHES}),
        "windows": (windows, {"accumulate": 2}, {}),
    }


class Loop:
    """A Keras model, a total loss and an optimizer in a loop of one's own, compiled by XLA or not."""

    def __init__(self, tier, seed=0):
        keras.utils.set_random_seed(seed)
        self.model = keras.Model(*trained.functional())
        self.total_loss = build_total_loss(trained.SPEC)
        self.optimizer = keras.optimizers.Adam(0.01)
        self.optimizer.build(self.model.trainable_variables)
        self.step = tf.function(self._step, jit_compile=tier == "full")
        self.checkpoint = tf.train.Checkpoint(
            model=self.model,
            optimizer=self.optimizer,
            total_loss=self.total_loss,
            variables=self.model.variables,
        )

    def _step(self, x, y_true):
        model, optimizer = self.model, self.optimizer
        with tf.GradientTape() as tape:
            total, _ = self.total_loss(
                y_true,
                model(x, training=True),
                step=optimizer.iterations,
                regularization=model.losses,
            )
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(total, variables), variables, strict=True))

    def state(self):
        return trained.numbers(
            [*self.model.variables, *self.optimizer.variables, *self.total_loss.variables]
        )


def batches(first=0):
    """The batches of all epochs from the given one on."""
    return list(trained.data().repeat(EPOCHS))[first:]


# --- without interruption, saving along the way


def whole_fit(directory, way, stops):
    dataset, options, arguments = ways()[way]
    model = trained.compiled(**options)
    model.optimizer.build(model.trainable_variables)
    checkpoint = tf.train.Checkpoint(model=model)
    beginning = checkpoint.write(os.path.join(directory, f"beginning {way}"))
    history = trained.fit(model, dataset, **arguments)
    trained.write(directory, f"whole {way}", trained.state(model), history)

    restore(checkpoint, beginning)
    dataset = ways()[way][0]
    saved = os.path.join(directory, f"backups {way}")

    def keep(place):
        """The directory as a process leaves it that is killed here."""
        shutil.copytree(saved, os.path.join(directory, f"{way} {place}"))

    def keep_batch(done):
        if done in stops:
            keep(f"batch {done}")

    def keep_epoch(epoch):
        keep(f"epoch {epoch}")

    callbacks = [Backup(saved, every=1), trained.After(batch=keep_batch, epoch=keep_epoch)]
    if way == "plain":
        callbacks += keras_saves(directory, model)
    history = trained.fit(model, dataset, callbacks, **arguments)
    trained.write(directory, f"watched {way}", trained.state(model), history)


def keras_saves(directory, model):
    own = os.path.join(directory, "keras")
    backup = keras.callbacks.BackupAndRestore(own, delete_checkpoint=False)

    def keep(epoch):
        shutil.copytree(own, os.path.join(directory, f"keras {epoch}"))
        model.save(os.path.join(directory, f"{epoch}.keras"))

    return [backup, trained.After(epoch=keep)]


def whole_loops(directory, tier):
    loop, model = Loop(tier), trained.compiled()
    for done, batch in enumerate(batches(), 1):
        loop.step(*batch)
        model.train_on_batch(*batch)
        if done in STOPS[tier]:
            loop.checkpoint.write(os.path.join(directory, "loop", str(done)))
            tf.train.Checkpoint(model=model).write(os.path.join(directory, "model", str(done)))
            model.save(os.path.join(directory, f"model {done}.keras"))
    trained.write(directory, "whole loop", loop.state())
    trained.write(directory, "whole model", trained.state(model))


# --- from what was saved, in processes that have nothing else


def resumed_fit(directory, way, tier):
    _, options, arguments = ways()[way]
    model = trained.compiled(seed=7, **options)
    stops = [f"batch {done}" for done in STOPS[tier]]
    for place in [*stops, *(f"epoch {epoch}" for epoch in range(1, EPOCHS + 1))]:
        saved = os.path.join(directory, f"{way} {place}")
        if os.path.exists(saved):
            dataset = ways()[way][0]
            history = trained.fit(model, dataset, [Backup(saved, every=1)], **arguments)
            trained.write(directory, f"resumed {way} {place}", trained.state(model), history)
    if way == "plain":
        resumed_keras(directory, model, trained.data(), tier)


def resumed_keras(directory, model, dataset, tier):
    for epoch in [1] if tier == "quick" else range(1, EPOCHS):
        backup = keras.callbacks.BackupAndRestore(os.path.join(directory, f"keras {epoch}"))
        history = trained.fit(model, dataset, [backup])
        trained.write(directory, f"resumed keras {epoch}", trained.state(model), history)
        loaded = keras.saving.load_model(os.path.join(directory, f"{epoch}.keras"))
        history = trained.fit(loaded, dataset, initial_epoch=epoch)
        trained.write(directory, f"resumed file {epoch}", trained.state(loaded), history)


def resumed_loops(directory, tier):
    loop, model = Loop(tier, seed=7), trained.compiled(seed=7)
    for done in STOPS[tier]:
        restore(loop.checkpoint, os.path.join(directory, "loop", str(done)))
        restore(tf.train.Checkpoint(model=model), os.path.join(directory, "model", str(done)))
        for batch in batches(done):
            loop.step(*batch)
            model.train_on_batch(*batch)
        trained.write(directory, f"resumed loop {done}", loop.state())
        trained.write(directory, f"resumed model {done}", trained.state(model))
    for done in STOPS[tier] if tier == "full" else ():
        loaded = keras.saving.load_model(os.path.join(directory, f"model {done}.keras"))
        for batch in batches(done):
            loaded.train_on_batch(*batch)
        trained.write(directory, f"resumed model-file {done}", trained.state(loaded))
    forgetful(directory, loop, STOPS[tier][0])


def forgetful(directory, loop, done):
    """Goes on from a checkpoint with one thing forgotten, as a restore that misses it would."""
    forgotten = {
        "centers": loop.total_loss.variables,
        "step": [loop.optimizer.iterations],
        "moments": loop.optimizer.variables[2:],
        "seeds": [each for each in loop.model.variables if "seed" in each.path],
    }
    for name, variables in forgotten.items():
        restore(loop.checkpoint, os.path.join(directory, "loop", str(done)))
        for each in variables:
            each.assign(tf.zeros_like(each))
        for batch in batches(done):
            loop.step(*batch)
        trained.write(directory, f"without {name}", loop.state())


def main(directory, tier):
    """Two rounds of processes, those of a round side by side."""
    whole = [functools.partial(whole_fit, directory, way, STOPS[tier]) for way in WAYS[tier]]
    resumed = [functools.partial(resumed_fit, directory, way, tier) for way in WAYS[tier]]
    whole.append(functools.partial(whole_loops, directory, tier))
    resumed.append(functools.partial(resumed_loops, directory, tier))
    for functions in (whole, resumed):
        for process in [trained.in_fork(each) for each in functions]:
            trained.join(process)


if __name__ == "__main__":
    main(*sys.argv[1:])
