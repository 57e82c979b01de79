"""A bench made up of round numbers, for the texts that are made of one."""

from __future__ import annotations

from composer.command.bench.measured import (
    Bench,
    Machine,
    Measurement,
    Subject,
    Times,
    Traffic,
    Wanted,
)

MS = 1e-3
MB = 10**6
ARITY = (2, 6)
WHOLE = (4, 15)


def around(milliseconds: float, spread: float = 0.1) -> Times:
    """Times whose quartiles lie a part of the median away from it, and the least twice as far."""
    median = milliseconds * MS
    return Times(median * (1 - 2 * spread), median * (1 - spread), median, median * (1 + spread))


def subject(name, weight, traffic, graph, xla, *, arity=ARITY, is_compiled=False):
    return Subject(
        name,
        weight,
        arity,
        Traffic(*(size * MB for size in traffic)),
        {
            "graph": Measurement(around(graph), None, is_compiled),
            "xla": Measurement(around(xla)),
        },
    )


def made(**changes) -> Bench:
    """Two terms. What moves is 110 MB, which the fastest copy does in 11 ms, at 10 GB/s.

    A call by itself takes 1 ms, and 2 ms with all tensors. In graph mode the terms take 160 and 20 ms
    without it, and all at once 180: nothing is shared; under XLA 60 and 20, and at once 78.
    """
    fields = {
        "wanted": Wanted("loss.yaml", "batch.npz", 5, overrides=("tasks.depth.weight=0",)),
        "machine": Machine("CPU", 2, "2.21.0", "0.1.0"),
        "samples": 8,
        "terms": [
            subject("scene/softmax_cross_entropy", 2.0, (10, 40, 40), 161, 61, is_compiled=True),
            subject("depth/huber", 0.0, (5, 10, 5), 21, 21),
        ],
        "total": subject("total", float("nan"), (15, 50, 45), 182, 80, arity=WHOLE),
        "calls": {mode: {ARITY: around(1), WHOLE: around(2)} for mode in ("graph", "xla")},
        "copy": Times(0.011, 0.012, 0.013, 0.014),
        "is_finite": True,
        "has_regularization": True,
        "peaks": {
            "graph": {
                "scene/softmax_cross_entropy": 120 * MB,
                "depth/huber": 99_999,
                "total": 150 * MB,
            },
            "xla": {
                "scene/softmax_cross_entropy": 60 * MB,
                "depth/huber": 10 * MB,
                "total": 75 * MB,
            },
        },
    }
    return Bench(**(fields | changes))
