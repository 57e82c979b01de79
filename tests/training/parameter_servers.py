"""A coordinator with a parameter server and two workers in this process; prints JSON."""

from __future__ import annotations

import json
import os
import sys

import tensorflow as tf

from scripts.equality.cluster import free_ports


def in_one_process():
    """A cluster whose servers are threads of this process."""
    server, *workers = [f"localhost:{port}" for port in free_ports(3)]
    spec = tf.train.ClusterSpec({"ps": [server], "worker": workers})
    # On two processors they would wait for each other for ever.
    threads = tf.compat.v1.ConfigProto(inter_op_parallelism_threads=4)
    for job, place in (("worker", 0), ("worker", 1), ("ps", 0)):
        tf.distribute.Server(spec, job_name=job, task_index=place, protocol="grpc", config=threads)
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(spec, rpc_layer="grpc")
    return tf.distribute.ParameterServerStrategy(resolver)


strategy = in_one_process()  # before anything is computed
coordinator = tf.distribute.coordinator.ClusterCoordinator(strategy)

from composer import build_total_loss  # noqa: E402  # after the strategy
from tests.training.linear import compiled, linear_model  # noqa: E402
from tests.training.shared_out import (  # noqa: E402
    FACES,
    FEATURES,
    MEAN,
    PEOPLE,
    batches,
    error_of,
    fit,
    keras_batches,
    of_keras,
)


def scheduled(count, function, data):
    """What so many calls on batches of a dataset give; any worker takes any of them."""
    iterator = iter(coordinator.create_per_worker_dataset(lambda: data().repeat()))
    compiled = tf.function(lambda iterator: strategy.run(function, args=next(iterator)))
    calls = [coordinator.schedule(compiled, args=(iterator,)) for _ in range(count)]
    coordinator.join()
    return [tf.nest.map_structure(float, call.fetch()) for call in calls]


def in_a_loop():
    """Total, D and gradient of six calls on five samples, and the weight after them."""
    with strategy.scope():
        weight = tf.Variable(1.0)
        total_loss = build_total_loss(MEAN)

    def step(x, y_true):
        with tf.GradientTape() as tape:
            total, breakdown = total_loss(y_true, {"depth": weight * x})
        gradient = tape.gradient(total, weight)
        weight.assign_sub(0.01 * tf.sign(gradient))
        (row,) = breakdown.values()
        return total, row.denominator, gradient

    return {"calls": scheduled(6, step, lambda: batches(of=5)), "weight": float(weight)}


def with_centers():
    """A loss with state: what evaluating gives, and what training does."""
    with strategy.scope():
        total_loss = build_total_loss(FACES)

    def call(training):
        def step(x, y_true):
            return total_loss(y_true, {"face": x}, training=training)[0]

        return scheduled(2, step, lambda: batches(of=5, x=FEATURES, y=PEOPLE))

    return {"evaluated": call(False), "trained": error_of(lambda: call(True))}


def under_fit():
    """How models of ours and of Keras take it."""
    with strategy.scope():
        ours, keras = compiled(linear_model(MEAN)), of_keras(0.0)
    return {
        "ours": error_of(lambda: fit(ours, batches())),
        "keras": error_of(lambda: fit(keras, keras_batches())),
    }


found = {"loop": in_a_loop(), "centers": with_centers(), "fit": under_fit()}
sys.stdout.write(json.dumps(found))
sys.stdout.flush()
os._exit(0)  # servers of TensorFlow have no end
