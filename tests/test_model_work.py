"""The work of building a model, counted in calls of layers before any is made."""

from __future__ import annotations

import pytest

from composer.command import model_work
from composer.command.model_archive import RefusedError
from composer.command.model_work import demand_bounded_work
from tests.model_files import call, chain, entry, layer, model, sequential, serialized, tensor

POLICY = serialized("keras", "DTypePolicy", {"name": "float32"})
DENSE = {
    "units": 2,
    "dtype": POLICY,
    "kernel_initializer": serialized("keras.initializers", "Zeros", {}),
}


def shared(*sources):
    """A layer called on each of the sources, described before the last of them."""
    first, second = layer("ReLU", "a", *sources), layer("ReLU", "b", "in")
    return model(entry(4), first, second)


@pytest.mark.parametrize(
    ("config", "work"),
    [
        (layer("ReLU", "x"), 1),
        (layer("Dense", "x", **DENSE), 1),  # what it consists of is never called
        (layer("TimeDistributed", "x", layer=layer("ReLU", "y")), 1 + 2),
        (model(*chain(3)), 4 + 5),  # four layers, each called within the call of the model
        (shared("in", "in"), 3 + 5),
        (shared("in", "b"), 3 + 5 + 3),  # once more through all three, for `b` comes late
        (sequential(entry(4), layer("ReLU", "x"), layer("ReLU", "y"), layer("ReLU", "z")), 4 + 5 * 3),
        (model(entry(4), model(*chain(3), name="n") | {"inbound_nodes": [call(tensor("in"))] * 2}),
         1 + 9 + (1 + 2 * 5 + 1)),
    ],
    ids=["layer", "parts", "wrapper", "model", "twice", "late", "sequential", "nested"],
)  # fmt: skip
def test_calls(config, work, monkeypatch):
    monkeypatch.setattr(model_work, "MAX_WORK", work)
    demand_bounded_work(config)
    monkeypatch.setattr(model_work, "MAX_WORK", work - 1)
    with pytest.raises(RefusedError) as error:
        demand_bounded_work(config)
    assert str(error.value) == f"takes more than {work - 1} calls of layers to build"
