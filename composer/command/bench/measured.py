"""What a bench is asked for, and what it has measured: times, bytes at the peak, bytes moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

MODES = ("eager", "graph", "xla")
TOTAL = "total"
"""Everything at once; no term is called so, for the name of a term has a slash."""

Peaks = Mapping[str, Mapping[str, int]]
"""By mode and subject: bytes at the peak above what was held before, gradients included."""

Arity = tuple[int, int]


@dataclass(frozen=True)
class Wanted:
    """What to measure.

    Attributes:
        config: the spec, or `-`.
        batch: the batch file; None draws one.
        losses: modules with loss classes of one's own, by name.
        has_memory: whether memory is measured too.
    """

    config: str
    batch: str | None = None
    step: int = 0
    modes: Sequence[str] = ("graph", "xla")
    rounds: int = 20
    losses: Sequence[str] = ()
    overrides: Sequence[str] = ()
    has_memory: bool = True


@dataclass(frozen=True)
class Times:
    """Seconds of one call over all rounds: the fastest, and the median between the quartiles."""

    least: float
    low: float
    median: float
    high: float

    def above(self, seconds: float) -> Times:
        """What is left when so much is taken off; never below 0."""
        found = (self.least, self.low, self.median, self.high)
        return Times(*(max(0.0, each - seconds) for each in found))


@dataclass(frozen=True)
class Traffic:
    """Bytes that have to move whatever computes them.

    Attributes:
        targets: that are read, once.
        predictions: that are read, once.
        gradients: that are written, once.
    """

    targets: int
    predictions: int
    gradients: int

    @property
    def reads(self) -> int:
        return self.targets + self.predictions

    @property
    def total(self) -> int:
        return self.reads + self.gradients


@dataclass(frozen=True)
class Measurement:
    """One subject in one mode.

    Attributes:
        times: None where it cannot be computed in this mode.
        failure: why it cannot.
        is_compiled: whether XLA compiles the loss by itself, within a graph.
    """

    times: Times | None
    failure: str | None = None
    is_compiled: bool = False


@dataclass(frozen=True)
class Subject:
    """A term alone, or everything at once.

    Attributes:
        name: its row in the breakdown, or `total`.
        weight: its scalar weight at this step.
        arity: how many tensors it takes, and how many it gives.
        traffic: what has to move.
        modes: what was measured, by mode.
    """

    name: str
    weight: float
    arity: Arity
    traffic: Traffic
    modes: Mapping[str, Measurement]


@dataclass(frozen=True)
class Machine:
    """What it ran on: `CPU` or the name of an accelerator, processors, versions."""

    device: str
    threads: int
    tensorflow: str
    losscomp: str


@dataclass(frozen=True)
class Bench:
    """Everything that was measured on one batch.

    Attributes:
        wanted: what was asked for.
        machine: what it ran on.
        samples: the size that the first axes of all predictions share; None where there is none.
        terms: each alone, in the order of the spec.
        total: everything at once.
        calls: by mode and arity, a call that takes and gives as many tensors and computes nothing.
        copy: one copy of as many bytes as everything at once has to move, without its call.
        is_finite: whether the total is a finite number.
        has_regularization: whether the spec declares a row that the trainer gives.
        peaks: empty where memory is not known.
        no_memory: why it is not.
    """

    wanted: Wanted
    machine: Machine
    samples: int | None
    terms: Sequence[Subject]
    total: Subject
    calls: Mapping[str, Mapping[Arity, Times]]
    copy: Times
    is_finite: bool
    has_regularization: bool
    peaks: Peaks = field(default_factory=dict)
    no_memory: str | None = None
