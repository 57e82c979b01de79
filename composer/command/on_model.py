"""What `check --model` adds: a spec against the names, dtypes and shapes of a model's outputs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

from composer.check import check_with
from composer.command.checking import Check
from composer.command.exits import USAGE, StopError
from composer.command.model_file import LOADING, ModelError, read_model
from composer.declared import declaration, differences, leaves
from composer.finding import Finding
from composer.language import tree as t
from composer.language.diagnostics import Problem, listing, quote
from composer.language.tensor_type import TensorType
from composer.naming import Declared
from composer.spec import Spec
from composer.terms import tensors_read

Path = tuple[str, ...]


def check_on_model(path: str) -> Check:
    """The check of specs against a `.keras` file; nothing that the file brings is executed."""
    print(f"note: {LOADING}", file=sys.stderr, flush=True)
    try:
        outputs = read_model(path)
    except ModelError as error:
        raise StopError(str(error), USAGE) from None
    return lambda spec: (_check(spec, outputs), [])


def _check(spec: Spec, outputs: Declared) -> list[Problem]:
    types = {(side, path): type_ for side, path, type_ in leaves({"y_pred": outputs})}
    wrong = differences(spec, types)
    declared: dict[str, Declared] = {"y_pred": outputs}
    unknown: list[t.Side] = ["y_true"]
    if spec.tensors is not None:
        declared, unknown = {"y_true": spec.tensors.y_true, **declared}, []
    problems = check_with(spec, declared, unknown, is_whole=False).problems
    names = [each.problem(spec.document) for each in _names(spec, types)]
    # A difference from `tensors:` explains what follows from it.
    return [*wrong, *(problems if not wrong else []), *names]


def _names(spec: Spec, types: Mapping[tuple[str, Path], TensorType]) -> Iterator[Finding]:
    """Outputs that are declared and not there, or there and not read.

    One that is declared and not read is an `unused-tensor` without a model.
    """
    read = set(tensors_read(spec)["y_pred"])
    there = [".".join(path) for _, path in types]
    known = declaration(spec)
    for side, path in known:
        if side == "y_pred" and path not in read and (side, path) not in types:
            message = f"the model has no output {quote('.'.join(path))}; it has {listing(there)}"
            yield Finding("tensor-mismatch", message, ("tensors", side, *path))
    for side, path in types:
        if path not in read and (side, path) not in known:
            message = f"no loss reads the model's output {quote('.'.join(path))}"
            yield Finding("unused-output", message, ("tasks",), severity="warning")
