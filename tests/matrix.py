"""Every loss of the table of contents with a batch that it is defined for, run in every mode.

A case is made from the loss's own signature; a new loss is in the matrix once it is in the table of
contents. Floats are drawn so that float16 holds them exactly: the three dtypes get the same numbers.
"""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from composer import parse_spec
from composer.command.drawing import draw_batch
from composer.losses import CATALOGUE, find

MODES = ("eager", "graph", "xla")
DTYPES = ("float16", "float32", "float64")
REDUCTIONS = ("sum_by_nonzero_weights", "weighted_mean", "sum_over_batch_size", "sum")
STEP = 3

# The parameters that a loss cannot be made without, and those that take another path through it.
PARAMETERS: dict[str, list[dict[str, Any]]] = {
    "huber": [{"delta": 0.5}],
    "mean_pairwise_squared_error": [{}, {"unbiased": False}],
    "silog": [{}, {"lambda": 1, "root": True}],
    "dice": [{}, {"sparse": True, "smooth": 0}, {"per": "batch"}],
    "hinge": [{}, {"labels": "signed"}],
    "sigmoid_cross_entropy": [{}, {"label_smoothing": 0.1}],
    "weighted_cross_entropy": [{"pos_weight": 3}, {"pos_weight": [1, 2, 0.5]}],
    "softmax_cross_entropy": [{}, {"label_smoothing": 0.1}],
    "sparse_softmax_cross_entropy": [{}, {"label_smoothing": 0.1}],
    "softmax_focal": [{}, {"gamma": 0.5, "alpha": [1, 2, 0.5]}],
    "sparse_softmax_focal": [{}, {"gamma": 0.5, "alpha": [1, 2, 0.5]}],
    "sigmoid_focal": [{}, {"gamma": 0.5, "alpha": [1, 0.25, 0.5]}],
    "cosine_distance": [{}, {"axis": 1, "normalize": True}],
    "triplet": [{"margin": 30}, {"margin": 30, "distance": "euclidean"}],
    "center": [{"num_classes": 3, "embedding_size": 2}],
}
SIZES = {"batch": 5, "classes": 3, "n": 3}
ANY_OTHER_AXIS = 2


@dataclass(frozen=True)
class Case:
    """A loss with parameters, in a task `t` with the mask `y_true.mask` and the weight `y_true.weight`."""

    type: str
    place: int = 0

    @property
    def id(self) -> str:
        return self.type if self.place == 0 else f"{self.type}-{self.place}"

    @property
    def parameters(self) -> dict[str, Any]:
        return PARAMETERS.get(self.type, [{}])[self.place]

    @functools.cached_property
    def entry(self) -> dict[str, Any]:
        """The loss as a spec has it; roles besides `y_true` and `y_pred` are read from `y_pred`."""
        more = [
            role for role in find(self.type).signature.inputs if role not in ("y_true", "y_pred")
        ]
        return {"type": self.type, **self.parameters, **{role: f"y_pred.{role}" for role in more}}

    @functools.cached_property
    def loss(self) -> Any:
        return find(self.type).model_validate(self.entry)

    @functools.cached_property
    def places(self) -> dict[str, tuple[str, str]]:
        """The tensor of the batch that every role reads: its side and its name."""
        sides = {"y_true": ("y_true", "t"), "y_pred": ("y_pred", "t")}
        return {role: sides.get(role, ("y_pred", role)) for role in self.signature.inputs}

    @functools.cached_property
    def signature(self) -> Any:
        return self.loss.bound_signature()

    @functools.cached_property
    def axes(self) -> dict[str, list[Any]]:
        """The axes of the roles, of `keep` and of `values`, with `...` written out."""
        whole = {name: role.axes for name, role in self.signature.roles.items()}
        whole["values"] = self.signature.values
        names = {axis for axes in whole.values() for axis in axes}
        middle = ["batch", "m0"] if "batch" not in names else ["m0"]
        if self.signature.is_region:
            middle = ["m0", "m1"]
        return {
            name: [x for axis in axes for x in (middle if axis == "..." else [axis])]
            for name, axes in whole.items()
        }

    def shape(self, name: str) -> tuple[int, ...]:
        """The sizes of a role, of `keep` or of `values`."""
        sizes = SIZES | {"m0": 3} | self.loss.sizes()
        return tuple(
            axis if isinstance(axis, int) else sizes.get(axis, ANY_OTHER_AXIS)
            for axis in self.axes[name]
        )

    @functools.cached_property
    def mask_axes(self) -> list[Any]:
        """The leading axes that the values share with every role; a region's are those of `keep`."""
        if self.signature.is_region:
            return self.axes["keep"]
        rows = {"batch", "m0", "m1"}  # of other axes, such as the classes, a parameter may speak
        levels = zip(*self.axes.values(), strict=False)
        shared = itertools.takewhile(lambda each: len(set(each)) == 1 and each[0] in rows, levels)
        return [level[0] for level in shared]

    @property
    def batch_is_weighted(self) -> bool:
        """Whether the first axis of the values, which alone a tensor may weigh, is the batch."""
        return self.axes["values"][0] == "batch"

    def weight(self, tensor: str) -> str:
        """A weight that is the step, times a tensor where the values have samples to be weighted."""
        schedule = "ramp(step, 0, 8, 0, 8)"
        return f"{schedule} * {tensor}" if self.batch_is_weighted else schedule

    def tensors(self, dtype: str) -> dict[str, dict[str, str]]:
        """The `tensors:` of a spec."""
        declared: dict[str, dict[str, str]] = {"y_true": {}, "y_pred": {}}
        words = {"float": dtype, "number": dtype, "int": "int32", "bool": "bool"}
        for role, (side, name) in self.places.items():
            sizes = ", ".join(map(str, self.shape(role)))
            declared[side][name] = f"{words[self.signature.roles[role].dtype]}[{sizes}]"
        return declared

    def drawn(self, dtype: str = "float32") -> SimpleNamespace:
        """A batch with a mask and a weight: of the rows kept, one has the weight 0."""
        entry = {"tensors": self.tensors(dtype), "tasks": {"t": {"loss": [self.entry]}}}
        y_true, y_pred = draw_batch(parse_spec(json.dumps(entry)))
        for side in (y_true, y_pred):
            for name, array in side.items():
                if array.dtype.kind == "f":
                    side[name] = array.astype("float16").astype(dtype)
        mask, weight = self._region_rows() if self.signature.is_region else self._rows()
        y_true |= {"mask": mask, "weight": weight.astype(dtype)}
        return SimpleNamespace(y_true=y_true, y_pred=y_pred)

    def _rows(self) -> tuple[Any, Any]:
        shape = self.shape("y_pred" if "y_pred" in self.places else "anchor")[: len(self.mask_axes)]
        number = np.arange(np.prod(shape)).reshape(shape)
        return number % 5 != 1, 0.25 * (number * 3 % 7)

    def _region_rows(self) -> tuple[Any, Any]:
        """Half of every sample at other places, nothing of sample 0; sample 1 has the weight 0."""
        shape = self.shape("keep")
        size = int(np.prod(shape[1:]))
        generator = np.random.default_rng(5)
        rows = [generator.permutation(size) < size // 2 for _ in range(shape[0])]
        mask = np.stack(rows).reshape(shape)
        mask[0] = False
        weight = np.arange(1, 1 + shape[0]) * 0.5
        weight[1] = 0
        return mask, weight

    def counted(self, y_true: Mapping[str, Any]) -> Any:
        """Where the mask lets through and the weight is not 0, in the shape of the mask."""
        mask, weight = y_true["mask"], y_true["weight"]
        if not self.batch_is_weighted:
            return mask
        return mask & (weight.reshape(weight.shape + (1,) * (mask.ndim - weight.ndim)) != 0)

    def compacted(self, batch: SimpleNamespace) -> SimpleNamespace:
        """What the mask keeps, in arrays of their own."""
        mask = batch.y_true["mask"]
        region = self.signature.is_region
        rows = mask.any(axis=tuple(range(1, mask.ndim))) if region else mask

        def compact(array: Any) -> Any:
            if not region:
                return array[mask]
            return np.stack([one[keep] for one, keep in zip(array[rows], mask[rows], strict=True)])

        y_true = {name: compact(array) for name, array in batch.y_true.items() if name != "weight"}
        y_true["weight"] = batch.y_true["weight"][rows if region else mask]
        y_pred = {name: compact(array) for name, array in batch.y_pred.items()}
        return SimpleNamespace(y_true=y_true, y_pred=y_pred)

    def spread(self, mask: Any, name: str) -> Any:
        """The mask over the axes of a role."""
        shape = self.shape(name)
        return np.broadcast_to(mask.reshape(mask.shape + (1,) * (len(shape) - mask.ndim)), shape)


CASES = [Case(type_, n) for type_ in CATALOGUE for n in range(len(PARAMETERS.get(type_, [{}])))]
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


def every_run(quick: Callable[[Case], bool] = lambda case: True) -> pytest.MarkDecorator:
    """Every case × mode × dtype; quick: all cases eagerly, each loss in a graph and under XLA once."""
    runs = []
    for case in CASES:
        for mode in MODES:
            for dtype in DTYPES:
                is_quick = quick(case) and _is_quick(case, mode, dtype)
                marks = () if is_quick else (pytest.mark.full,)
                runs.append(
                    pytest.param(case, mode, dtype, marks=marks, id=f"{case.id}-{mode}-{dtype}")
                )
    return pytest.mark.parametrize(("case", "mode", "dtype"), runs)


def _is_quick(case: Case, mode: str, dtype: str) -> bool:
    if mode == "xla":
        return dtype == "float32" and case.place == 0
    if mode == "graph":
        return dtype == "float64" and case.place == 0
    return dtype == "float32" or case.place == 0


class Program:
    """The total of a case in one mode, its breakdown and its gradients, compiled once.

    The loss stands there twice: with the default reduction, and with one of the others, which take
    turns over the cases. The step is the scalar weight. Graphs are traced without a size.
    """

    def __init__(self, case: Case, mode: str) -> None:

        from composer import build_total_loss

        turn = REDUCTIONS[1 + CASES.index(case) % 3]
        losses = [{**case.entry, "name": n, "reduction": n} for n in (REDUCTIONS[0], turn)]
        task = {"mask": "y_true.mask", "weight": case.weight("y_true.weight"), "loss": losses}
        self.total_loss = build_total_loss({"tasks": {"t": task}})
        for variable in self.total_loss.variables:
            numbers = np.arange(variable.shape.num_elements()).reshape(variable.shape) * 0.25
            variable.assign(numbers)
        self.case = case
        self.run = unsized(self._differentiate, mode)

    def __call__(self, batch: SimpleNamespace, step: int = STEP) -> SimpleNamespace:
        """The total, the breakdown and, by role, the gradients, as NumPy arrays."""
        import tensorflow as tf

        y_true, y_pred = (
            {name: tf.constant(array) for name, array in side.items()}
            for side in (batch.y_true, batch.y_pred)
        )
        found = self.run(y_true, y_pred, tf.constant(step, tf.int64))
        total, rows, gradients = tf.nest.map_structure(np.asarray, found)
        rows = {name.removeprefix("t/"): row for name, row in rows.items()}
        return SimpleNamespace(total=total, rows=rows, gradients=gradients)

    def _differentiate(self, y_true: Any, y_pred: Any, step: Any) -> Any:
        import tensorflow as tf

        sides = {"y_true": y_true, "y_pred": y_pred}
        roles = {role: sides[side][name] for role, (side, name) in self.case.places.items()}
        floats = {role: tensor for role, tensor in roles.items() if tensor.dtype.is_floating}
        with tf.GradientTape() as tape:
            tape.watch(floats)
            total, rows = self.total_loss(y_true, y_pred, step=step, training=False)
        zero = tf.UnconnectedGradients.ZERO
        return total, rows, tape.gradient(total, floats, unconnected_gradients=zero)


@functools.cache
def program(case: Case, mode: str) -> Program:
    """The one program of a case in a mode."""
    return Program(case, mode)


@functools.cache
def outcome(case: Case, mode: str, dtype: str) -> SimpleNamespace:
    """What the program gives for the batch as it is drawn."""
    return program(case, mode)(case.drawn(dtype))


def in_mode(function: Callable[..., Any], mode: str) -> Callable[..., Any]:
    """The function as a mode runs it."""
    import tensorflow as tf

    return function if mode == "eager" else tf.function(function, jit_compile=mode == "xla")


def unsized(function: Callable[..., Any], mode: str) -> Callable[..., Any]:
    """The same, traced without any size; once for every set of ranks and dtypes."""
    import tensorflow as tf

    compiled: dict[Any, Any] = {}

    def call(*args: Any) -> Any:
        key = tuple((each.dtype, each.shape.rank) for each in tf.nest.flatten(args))
        if key not in compiled:
            compiled[key] = tf.function(
                function,
                input_signature=tf.nest.map_structure(
                    lambda each: tf.TensorSpec([None] * each.shape.rank, each.dtype), args
                ),
                jit_compile=mode == "xla",
            )
        return compiled[key](*args)

    return function if mode == "eager" else call


GARBAGE = {"f": (np.nan, np.inf, -np.inf, 1e38, 0.0), "i": (-1, 99, -(2**31), 2**31 - 1, 0)}


def with_garbage(case: Case, batch: SimpleNamespace) -> Iterator[SimpleNamespace]:
    """The batch with NaN, infinities, huge numbers and 0 wherever nothing counts, in turn.

    The weight gets them where the mask is false; where it is 0 it stays so.
    """
    dropped = ~case.counted(batch.y_true)
    for n in range(5):
        sides = {"y_true": dict(batch.y_true), "y_pred": dict(batch.y_pred)}
        for role, (side, name) in case.places.items():
            array = sides[side][name]
            other = GARBAGE["f" if array.dtype.kind == "f" else "i"][n]
            with np.errstate(over="ignore"):
                sides[side][name] = np.where(
                    case.spread(dropped, role), np.asarray(other).astype(array.dtype), array
                )
        mask, weight = batch.y_true["mask"], batch.y_true["weight"]
        if weight.shape == mask.shape:
            with np.errstate(over="ignore"):
                other = np.asarray(GARBAGE["f"][n]).astype(weight.dtype)
            sides["y_true"]["weight"] = np.where(mask, weight, other)
        yield SimpleNamespace(**sides)


def assert_close(found: Any, expected: Any, tolerance: float, what: str = "") -> None:
    """Agreement to a part of the largest entry."""
    found, expected = np.asarray(found, "float64"), np.asarray(expected, "float64")
    assert found.shape == expected.shape, what
    largest = np.abs(expected).max(initial=0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * largest, err_msg=what)


def per_replica(strategy: Any, array: Any, sizes: tuple[int, ...]) -> Any:
    """The array, cut into one shard for every replica."""
    import tensorflow as tf

    shards = np.split(array, np.cumsum(sizes)[:-1])
    return strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(shards[context.replica_id_in_sync_group])
    )
