"""Sums over the replicas of a `tf.distribute` strategy."""

from __future__ import annotations

from typing import TypeVar

import tensorflow as tf

T = TypeVar("T")


def over_replicas() -> bool:
    """Whether this is one replica of several in sync."""
    context = tf.distribute.get_replica_context()
    return context is not None and context.num_replicas_in_sync > 1


def sum_over_replicas(tensors: T) -> T:
    """A structure of tensors added over all replicas in sync; outside a replica context, itself.

    Stands outside every function that losscomp compiles: in a nested `tf.function` an all-reduce
    raises.
    """
    if not over_replicas() or not tf.nest.flatten(tensors):
        return tensors
    context = tf.distribute.get_replica_context()
    flat = tf.nest.flatten(tensors)
    # In a graph TensorFlow packs what it reduces at once into one tensor, of one dtype.
    for dtype in dict.fromkeys(each.dtype for each in flat):
        places = [place for place, each in enumerate(flat) if each.dtype == dtype]
        sums = context.all_reduce(tf.distribute.ReduceOp.SUM, [flat[place] for place in places])
        for place, each in zip(places, sums, strict=True):
            flat[place] = each
    summed: T = tf.nest.pack_sequence_as(tensors, flat)
    return summed
