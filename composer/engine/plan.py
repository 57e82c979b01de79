"""What is decided once for all batches of one kind: types, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from composer.check import infer_terms
from composer.declared import differences, leaves
from composer.engine.arrangement import Arrangement, Kind, arranged
from composer.engine.batch_tensors import Paths, Tensors, types_of
from composer.engine.evaluate import Value
from composer.engine.forms import Forms, Place
from composer.engine.groups import Group
from composer.engine.sharing import Known, Shared
from composer.engine.state import StateTensors
from composer.engine.term import Sources, TermOnBatch
from composer.engine.weights import StepWeights, weights_of
from composer.fitting import TermTypes
from composer.language import tree as t
from composer.language.diagnostics import SpecError
from composer.losses.compiler import in_xla
from composer.spec import Spec
from composer.terms import Term

MAX_KINDS = 1_000
"""Kinds of batches that are remembered: eager batches of ever new lengths must not fill memory."""

Kinds = tuple[tuple[Place, Kind], ...]
"""What batches of one kind have in common: the dtypes and the static sizes of their tensors."""


class Plans:
    """Checks the dtypes and static shapes of every kind of batch, once each."""

    def __init__(
        self,
        spec: Spec,
        terms: Sequence[Term],
        paths: Paths,
        constants: Mapping[str, Value],
    ) -> None:
        self.spec = spec
        self.terms = list(terms)
        self.paths = paths
        self.constants = constants
        self._forms = Forms()
        self._weights = {term.name: weights_of(term, constants, self._forms) for term in terms}
        self._known: dict[Kinds, list[TermTypes]] = {}
        self._shared: dict[Kinds, Shared] = {}
        self._arranged: dict[Kinds, Arrangement] = {}

    def on_batch(
        self, tensors: Tensors, step: tf.Tensor | None, state: StateTensors
    ) -> list[TermOnBatch]:
        """The terms, ready to be computed; raises SpecError where the tensors do not fit."""
        kinds = _kinds(tensors)
        types = self._types(tensors, kinds)
        return self._alone(types, self._sources(tensors, step, kinds), state)

    def together(
        self, tensors: Tensors, step: tf.Tensor | None, state: StateTensors
    ) -> list[TermOnBatch]:
        """The same in an order of its own, with small ones joined where that is faster."""
        if not self.joins():
            return self.on_batch(tensors, step, state)
        kinds = _kinds(tensors)
        types = self._types(tensors, kinds)
        sources = self._sources(tensors, step, kinds)
        if kinds not in self._arranged:
            self._arranged[kinds] = arranged(types, self._weights, dict(kinds), self._forms)
        found = self._arranged[kinds]
        groups = [Group(bundle, sources) for bundle in found.bundles]
        return [*groups, *self._alone(found.alone, sources, state)]

    def joins(self) -> bool:
        """Whether small terms are joined where this is called.

        XLA runs as many kernels for them one by one as for those by hand, and no slower than
        joined; and compiles what is joined for longer.
        """
        return not in_xla()

    def _alone(
        self, types: Sequence[TermTypes], sources: Sources, state: StateTensors
    ) -> list[TermOnBatch]:
        return [
            TermOnBatch(each, self._weights[name], sources, state.get(name, {}))
            for each, name in ((each, each.term.name) for each in types)
        ]

    def _sources(self, tensors: Tensors, step: tf.Tensor | None, kinds: Kinds) -> Sources:
        step_weights = StepWeights(self.constants, step)
        known = Known(self._shared[kinds])
        return Sources(_reader(tensors), set(tensors), self.constants, step, step_weights, known)

    def _types(self, tensors: Tensors, kinds: Kinds) -> list[TermTypes]:
        if kinds not in self._known:
            if len(self._known) >= MAX_KINDS:
                self._known.clear()
                self._arranged.clear()
                self._shared.clear()
            types = self._inferred(tensors)
            self._shared[kinds] = Shared(self._trees(types))
            self._known[kinds] = types
        return self._known[kinds]

    def _trees(self, types: Sequence[TermTypes]) -> list[t.Tree]:
        """Every expression over tensors."""
        terms = [each.term for each in types]
        parts = [part for term in terms for part in (*term.roles.values(), *term.masks)]
        of_weights = [tree for weights in self._weights.values() for tree in weights.tensors]
        return [*(part.tree for part in parts), *of_weights]

    def _inferred(self, tensors: Tensors) -> list[TermTypes]:
        found = types_of(tensors)
        problems = differences(self.spec, {(s, path): type_ for s, path, type_ in leaves(found)})
        if not problems:
            problems, types = infer_terms(self.spec, found, self._left_out(tensors))
        problems = [problem for problem in problems if problem.severity == "error"]
        if problems:
            raise SpecError(problems, self.spec.document.text)
        return types

    def _left_out(self, tensors: Tensors) -> frozenset[t.Side]:
        return frozenset(
            side for side, paths in self.paths.items()
            if paths and not any(found == side for found, _ in tensors)
        )  # fmt: skip


def _kinds(tensors: Tensors) -> Kinds:
    return tuple(
        (place, (tensor.dtype.name, tuple(tensor.shape.as_list())))
        for place, tensor in tensors.items()
    )


def _reader(tensors: Tensors) -> Any:
    return lambda side, path: tensors[side, path]
