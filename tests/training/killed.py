"""A training that is killed again and again, and what each of its processes begins with.

    python -m tests.training.killed DIRECTORY KILLS SEED

Prints JSON: for every kill where it fell, and for every process that went on whether the state that
it found is that of a training without interruption; `same` of the final state likewise.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import keras
import tensorflow as tf

from composer.training import Backup
from tests.training import trained
from tests.training.trained import BATCHES


def digest(model, *, rows):
    """The state of a training as one number; the rows count within an epoch alone."""
    variables = [*model.variables, *model.optimizer.variables, *model.total_loss.variables]
    if rows:
        variables += model.metrics_variables
    return hashlib.sha256(b"".join(each.numpy().tobytes() for each in variables)).hexdigest()


class Digests(keras.callbacks.Callback):
    """Tells the state at the beginning of every epoch and after every batch, by its place."""

    def __init__(self, tell):
        super().__init__()
        self.tell = tell

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
        self.tell((epoch, 0), digest(self.model, rows=False))

    def on_train_batch_end(self, batch, logs=None):
        self.tell((self.epoch, batch + 1), digest(self.model, rows=True))


def model():
    """Ready to be compared: an optimizer without variables has no state."""
    made = trained.compiled()
    made.optimizer.build(made.trainable_variables)
    return made


def uninterrupted(directory, epochs):
    """Writes the state at every place, and at the end."""
    states = {}
    made = model()
    trained.fit(made, trained.data(), [Digests(states.__setitem__)], epochs=epochs)
    found = [[*place, state] for place, state in states.items()]
    (directory / "states").write_text(json.dumps([*found, digest(made, rows=True)]))


def victim(directory, epochs):
    """Trains with a checkpoint after every batch, from where the process before was killed.

    Says with what it goes on before it trains, and the final state if it gets that far.
    """
    backup = Backup(directory / "backups", every=1)

    def tell(place, state):
        if place == backup.resumed:
            told = directory / "told.new"
            told.write_text(json.dumps([*place, state]))
            told.rename(directory / "told")

    tell_when_saving(directory / "saving")
    made = model()
    trained.fit(made, trained.data(), [backup, Digests(tell)], epochs=epochs)
    (directory / "final").write_text(digest(made, rows=True))


def tell_when_saving(flag):
    """Lets a file be there as long as a checkpoint is saved."""
    save = tf.train.CheckpointManager.save

    def told(manager):
        flag.touch()
        save(manager)
        flag.unlink()

    tf.train.CheckpointManager.save = told


def place_of(number):
    """Where a training stands by the number of its checkpoint, counted from 1.

    An epoch has one for every batch, and one at its end.
    """
    epoch, saved = divmod(number - 1, BATCHES + 1)
    return [epoch, saved + 1] if saved < BATCHES else [epoch + 1, 0]


def recorded(directory):
    """The number of the checkpoint that counts, 0 where there is none."""
    try:
        first = (directory / "backups" / "checkpoint").read_text().partition("\n")[0]
    except FileNotFoundError:
        return 0
    return int(first.rpartition("-")[2].strip('"'))


def where(directory):
    """What a kill cut short: writing a checkpoint, removing an old one, the rest of it, a step."""
    number = recorded(directory)
    files = {path.name for path in (directory / "backups").glob("*")}
    if any(name.startswith(f"ckpt-{number + 1}") for name in files):
        return "writing"
    if len({name.split(".")[0] for name in files if name.startswith("ckpt-")}) > 2:
        return "removing"
    return "saving" if (directory / "saving").exists() else "training"


def wait_for(process, is_so):
    """Waits until a process has brought something about; raises where it ended before."""
    while not is_so():
        if os.waitpid(process, os.WNOHANG) != (0, 0):
            raise RuntimeError("the process ended before it was killed")
        time.sleep(0.0002)


def kill(directory, epochs, chance):
    """Starts a process, kills it as it saves one of its first checkpoints, and tells how."""
    for name in ("told", "saving"):
        (directory / name).unlink(missing_ok=True)
    before = recorded(directory)
    process = trained.in_fork(functools.partial(victim, directory, epochs))
    wait_for(process, (directory / "told").exists)
    target = before + chance.randint(0, 3)
    wait_for(process, lambda: recorded(directory) >= target)
    if chance.random() < 0.5:
        wait_for(process, (directory / "saving").exists)
        time.sleep(chance.uniform(0, 0.02))
    else:
        # Files are written for a fraction of that time, and are what could be left in pieces.
        number = recorded(directory)
        wait_for(process, lambda: where(directory) == "writing" or recorded(directory) > number)
        time.sleep(chance.uniform(0, 0.002))
    os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    return {"where": where(directory), "counts": place_of(recorded(directory))}


def main(directory, kills, seed):
    directory, chance, epochs = Path(directory), random.Random(int(seed)), 2 + int(kills)
    trained.join(trained.in_fork(functools.partial(uninterrupted, directory, epochs)))
    *states, final = json.loads((directory / "states").read_text())
    states = {(epoch, batch): state for epoch, batch, state in states}
    killed, resumed = [], []

    def look():
        epoch, batch, state = json.loads((directory / "told").read_text())
        resumed.append({"at": [epoch, batch], "same": states[epoch, batch] == state})

    for _ in range(int(kills)):
        killed.append(kill(directory, epochs, chance))
        look()
    trained.join(trained.in_fork(functools.partial(victim, directory, epochs)))
    look()
    same = (directory / "final").read_text() == final
    print(json.dumps({"killed": killed, "resumed": resumed, "same": same}))


if __name__ == "__main__":
    main(*sys.argv[1:])
