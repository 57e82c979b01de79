"""How the one batch is cut: into micro-batches, and each of them into the shards of replicas."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

Way = Literal["in_a_loop", "under_fit"]
Process = Literal["two", "four", "workers"]


@dataclass(frozen=True)
class Configuration:
    """One way to cut the batch.

    Attributes:
        process: where it runs; the devices of a process are chosen once.
        shards: by micro-batch, the samples of every replica.
        quick: whether the short run has it too.
    """

    process: Process
    shards: tuple[tuple[int, ...], ...]
    quick: bool = False

    @property
    def steps(self) -> int:
        """How many micro-batches make the update."""
        return len(self.shards)

    @property
    def replicas(self) -> int:
        return len(self.shards[0])

    @property
    def ways(self) -> tuple[Way, ...]:
        """Keras accumulates on one device alone."""
        if self.steps > 1 and self.replicas > 1:
            return ("in_a_loop",)
        return ("in_a_loop", "under_fit")

    @property
    def name(self) -> str:
        """As the table calls it."""
        if self.replicas == 1:
            return "1 device" if self.steps == 1 else f"{self.steps} steps"
        kind = "workers" if self.process == "workers" else "replicas"
        sizes = ", then ".join(" + ".join(map(str, sizes)) for sizes in self.shards)
        return f"{self.replicas} {kind}, {sizes}"

    @property
    def pieces(self) -> list[list[slice]]:
        """The samples of every replica as slices of the batch, by micro-batch."""
        ends = itertools.accumulate(size for sizes in self.shards for size in sizes)
        return [[slice(end - size, end) for size, end in zip(s, ends)] for s in self.shards]  # noqa: B905  # the ends go on


ONE = Configuration("two", ((8,),), quick=True)
CONFIGURATIONS = (
    ONE,
    Configuration("two", ((4,),) * 2, quick=True),
    Configuration("two", ((2,),) * 4),
    Configuration("two", ((1,),) * 8),
    Configuration("two", ((4, 4),)),
    Configuration("two", ((6, 2),)),
    Configuration("two", ((8, 0),)),
    Configuration("two", ((3, 1), (0, 4)), quick=True),
    Configuration("four", ((2, 2, 2, 2),)),
    Configuration("four", ((3, 0, 4, 1),)),
    Configuration("workers", ((4, 4),)),
    Configuration("workers", ((6, 2),)),
    Configuration("workers", ((8, 0),)),
    Configuration("workers", ((3, 1), (0, 4))),
)
# Where the terms that are left out of the table are told.
LEFT_OUT = (ONE, CONFIGURATIONS[1], CONFIGURATIONS[5])
