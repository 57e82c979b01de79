"""How much work it is to build a model: little text can describe more than anybody waits for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from composer.command.model_archive import RefusedError

MAX_WORK = 100_000
MAX_PARTS = 10_000

Config = dict[str, Any]

_COUNTS = ("indices_or_sections", "ngrams", "num")
_CALLED = ("keras.layers", "keras.models", "keras.src.")
_MODELS = ("Functional", "Model", "Sequential")


def demand_bounded_work(model: Config) -> None:
    """Raises RefusedError where Keras would take minutes, or hours, to build the model."""
    made, _ = _work(model)
    if made > MAX_WORK:
        raise RefusedError(f"takes more than {MAX_WORK:,} calls of layers to build")


def demand_bounded_parts(config: Config, owner: str) -> None:
    """Raises RefusedError for a large number of what Keras makes one by one."""
    for key in _COUNTS:
        if isinstance(config.get(key), int) and config[key] > MAX_PARTS:
            raise RefusedError(f"holds {owner}, whose `{key}` is more than {MAX_PARTS:,}")


def sources(value: Any) -> Iterator[str]:
    """The layers whose outputs a call reads, as far as Keras looks for them."""
    if isinstance(value, dict) and "class_name" in value:
        if value["class_name"] == "__keras_tensor__":
            config = value.get("config")
            history = config.get("keras_history") if isinstance(config, dict) else None
            yield str(history[0]) if isinstance(history, list) and history else ""
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from sources(item)


def _work(item: Config) -> tuple[int, int]:
    """How many calls of layers it takes to make an object, and to call it once when it is made.

    Models within models, each called twice, double the calls with every level.
    """
    parts = list(_parts(item["config"]))
    works = [_work(part) for part in parts]
    times = (max(1, len(part.get("inbound_nodes", []))) for part in parts)
    called = sum(once * count for (_, once), count in zip(works, times, strict=True))
    called += str(item.get("module")).startswith(_CALLED) or item["class_name"] in _MODELS
    # Keras builds a Sequential anew with each layer, and other models again for each late call.
    rounds = 1 + (len(parts) // 2 if item["class_name"] == "Sequential" else 0)
    again = len(parts) * _late(parts)
    return sum(made for made, _ in works) + called * rounds + again, called


def _late(parts: list[Config]) -> int:
    """How many calls read what is described behind them."""
    places = {part.get("name"): place for place, part in enumerate(parts)}
    return sum(
        places.get(source, -1) > place
        for place, part in enumerate(parts)
        for source in sources(part.get("inbound_nodes", []))
    )


def _parts(value: Any) -> Iterator[Config]:
    """The objects directly in a configuration."""
    if isinstance(value, dict) and "class_name" in value:
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _parts(item)
