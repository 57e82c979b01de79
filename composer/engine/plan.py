"""What is decided once for all batches of one kind: types, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from composer.check import infer_terms
from composer.declared import differences, leaves
from composer.engine.batch_tensors import Paths, Tensors, types_of
from composer.engine.evaluate import Value
from composer.engine.term import TermOnBatch
from composer.fitting import TermTypes
from composer.language import tree as t
from composer.language.diagnostics import SpecError
from composer.spec import Spec
from composer.terms import Term

MAX_KINDS = 1_000
"""Kinds of batches that are remembered: eager batches of ever new lengths must not fill memory."""


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
        self.known: dict[Any, list[TermTypes]] = {}

    def on_batch(self, tensors: Tensors, step: tf.Tensor | None) -> list[TermOnBatch]:
        """The terms, ready to be computed; raises SpecError where the tensors do not fit."""
        types = self._types(tensors)
        read = _reader(tensors)
        return [TermOnBatch(each, read, set(tensors), self.constants, step) for each in types]

    def _types(self, tensors: Tensors) -> list[TermTypes]:
        key = tuple(
            (place, tensor.dtype.name, tuple(tensor.shape.as_list()))
            for place, tensor in tensors.items()
        )
        if key not in self.known:
            if len(self.known) >= MAX_KINDS:
                self.known.clear()
            self.known[key] = self._inferred(tensors)
        return self.known[key]

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


def _reader(tensors: Tensors) -> Any:
    return lambda side, path: tensors[side, path]
