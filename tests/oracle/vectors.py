"""The seed vectors: worked cases of other libraries, read from the file beside this one."""

from __future__ import annotations

import functools
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).resolve().parent / "seed_vectors.json.gz"


@dataclass(frozen=True)
class Case:
    """One call of one function of another library, and what it gave.

    Attributes:
        id: its name.
        oracle: the library.
        loss: the library's function or class.
        status: `ok`, `trap`, `error` or `oracle_broken`; see README.md.
        params: the arguments that are no tensors.
        inputs: the tensors by a neutral name, such as `labels`.
        weights: the weights, or None for the default.
        reduction: as the library spells it, or None where it has none.
        expected: what came back: `value`, `values`, `error` or `steps`.
        gradients: of the sum of what came back, by input.
        closed_form: the value by the formula, in float64, where there is one.
        rtol, atol: how far ours may be off.
        record: the whole entry, decoded.
    """

    id: str
    oracle: str
    loss: str
    status: str
    params: Mapping[str, Any]
    inputs: Mapping[str, np.ndarray]
    weights: np.ndarray | None
    reduction: str | None
    expected: Mapping[str, Any]
    gradients: Mapping[str, np.ndarray]
    closed_form: np.ndarray | None
    rtol: float
    atol: float
    record: Mapping[str, Any] = field(repr=False)


@functools.cache
def meta() -> Mapping[str, Any]:
    """The versions of the libraries, and how many cases there are."""
    return _document()["meta"]


@functools.cache
def cases() -> Mapping[str, Case]:
    """All cases by id, in the order of the file."""
    return {entry["id"]: _case(_decoded(entry)) for entry in _document()["cases"]}


def with_status(*statuses: str) -> list[Case]:
    """The cases of one status or several."""
    return [case for case in cases().values() if case.status in statuses]


@functools.cache
def _document() -> Mapping[str, Any]:
    return json.loads(gzip.decompress(FILE.read_bytes()))


def _case(entry: Mapping[str, Any]) -> Case:
    same = ("id", "oracle", "loss", "status", "params", "inputs", "weights", "reduction")
    return Case(
        **{name: entry[name] for name in (*same, "expected", "rtol", "atol")},
        gradients=entry.get("expected_grad", {}),
        closed_form=entry.get("closed_form"),
        record=entry,
    )


def _decoded(node: Any) -> Any:
    """Arrays stand as {dtype, shape, data}, their NaN and infinities as text."""
    if isinstance(node, dict):
        if node.keys() == {"dtype", "shape", "data"}:
            return np.array(_numbers(node["data"]), node["dtype"]).reshape(node["shape"])
        return {name: _decoded(each) for name, each in node.items()}
    return [_decoded(each) for each in node] if isinstance(node, list) else node


def _numbers(data: Any) -> Any:
    if isinstance(data, list):
        return [_numbers(each) for each in data]
    return float(data) if isinstance(data, str) else data
