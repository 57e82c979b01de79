"""The configurations of one process: `process.py {two,four,workers} DTYPE` prints JSON.

TensorFlow takes its devices, and Keras its float dtype, once in a process.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

import keras
import tensorflow as tf
from configurations import CONFIGURATIONS, LEFT_OUT, Configuration, Process

Strategies = dict[int, tf.distribute.Strategy]


def main() -> None:
    """Computes what losscomp and Keras give, and what the terms that are left out give."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("process")
    parser.add_argument("dtype")
    parser.add_argument("--quick", action="store_true", help="only the quick configurations")
    parser.add_argument(
        "--keras", action="store_true", help="what Keras and the terms left out give"
    )
    options = parser.parse_args()
    keras.config.set_floatx(options.dtype)
    strategies = set_up(options.process)
    chosen = [
        each
        for each in CONFIGURATIONS
        if each.process == options.process and (each.quick or not options.quick)
    ]
    results = [found for each in chosen for found in results_of(each, strategies, options.keras)]
    told = left_out(strategies) if options.keras and options.process == "two" else {}
    sys.stdout.write(json.dumps({"results": results, "left_out": told}))


def set_up(process: Process) -> Strategies:
    """The strategies of the process by their replicas."""
    if process == "workers":
        return {2: tf.distribute.MultiWorkerMirroredStrategy()}
    count = {"two": 2, "four": 4}[process]
    (processor,) = tf.config.list_physical_devices("CPU")
    parts = [tf.config.LogicalDeviceConfiguration()] * count
    tf.config.set_logical_device_configuration(processor, parts)
    mirrored = tf.distribute.MirroredStrategy([f"CPU:{place}" for place in range(count)])
    return {1: tf.distribute.get_strategy(), count: mirrored}


def results_of(
    configuration: Configuration, strategies: Strategies, with_keras: bool
) -> list[dict[str, Any]]:
    """What a configuration gives in each way."""
    import exact  # after the devices are chosen
    import plain

    strategy = strategies[configuration.replicas]
    return [
        {
            "name": configuration.name,
            "way": way,
            "held": configuration.steps > 1,
            **getattr(exact, way)(strategy, configuration),
            "keras": attempt(getattr(plain, way), strategy, configuration) if with_keras else None,
        }
        for way in configuration.ways
    ]


def attempt(compute: Any, *arguments: Any) -> dict[str, Any]:
    """What Keras gives, or its error."""
    try:
        found: dict[str, Any] = compute(*arguments)
    except Exception as error:
        return {"error": type(error).__name__, "text": str(error)}
    return found


def left_out(strategies: Strategies) -> dict[str, dict[str, float]]:
    """By configuration, the losses that are no sum over replicas, or over micro-batches."""
    import exact

    found = {}
    for each in LEFT_OUT:
        given = exact.in_a_loop(strategies[each.replicas], each, alpha=exact.MOVING, coupled=True)
        rows = given["breakdown"]
        found[each.name] = {name: rows[name]["loss"] for name in ("road/dice", "face/center")}
    return found


if __name__ == "__main__":
    main()
