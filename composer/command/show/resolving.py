"""A spec to all that is told of it: defaults and inherited values are written out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from composer.command.show.resolved import (
    DEFAULT,
    NONE,
    Origin,
    Resolved,
    ResolvedTask,
    Section,
    Value,
)
from composer.constants import Constant, write_constant
from composer.fields import read_name
from composer.formula.addends import is_one, ranks_of
from composer.formula.as_text import text_of_product
from composer.formula.written import TooLongError, written
from composer.language import tree as t
from composer.language.diagnostics import OVERRIDE
from composer.language.errors import TextError
from composer.language.expression import parse
from composer.language.yaml.nodes import Node
from composer.losses.base import Loss
from composer.spec import Spec, Task
from composer.terms import Part, Path, Term, split, task_parts, terms_of


def resolve(spec: Spec) -> Resolved:
    """Every value of a spec."""
    return _Resolver(spec).resolve()


class _Resolver:
    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.document = spec.document
        self.ranks = ranks_of(spec)
        terms = terms_of(spec)
        self.terms_of_task: dict[str, list[Term]] = {name: [] for name in spec.tasks}
        for term in terms:
            self.terms_of_task[str(term.path[1])].append(term)
        self.parts = {part.path: part for term in terms for part in _parts(term)}
        self.parts |= {part.path: part for part in task_parts(spec)}

    def resolve(self) -> Resolved:
        above: dict[str, Section] = {}
        if self.spec.tensors is not None:
            above["tensors"] = self._tensors(self.spec.tensors.model_dump(), ("tensors",))
        if self.spec.constants:
            constants = self.spec.constants.items()
            above["constants"] = {name: self._constant(name, each) for name, each in constants}
        above["reduction"] = self._value(self.spec.reduction, ("reduction",))
        tasks = {name: self._task(name, task) for name, task in self.spec.tasks.items()}
        return Resolved(above, tasks, self._regularization())

    def _tensors(self, data: Any, path: Path) -> Section:
        if isinstance(data, dict):
            return {name: self._tensors(each, (*path, name)) for name, each in data.items()}
        return self._value(data, path)

    def _constant(self, name: str, constant: Constant) -> Value:
        return self._value(write_constant(constant), ("constants", name), type_of(constant))

    def _regularization(self) -> Section:
        if self.spec.regularization is None:
            return NONE
        path = ("regularization", "weight")
        return {"weight": self._weight(Part(self.spec.regularization.weight, path, {}))}

    def _task(self, name: str, task: Task) -> ResolvedTask:
        path: Path = ("tasks", name)
        terms = self.terms_of_task[name]
        found: dict[str, Value] = {}
        sides: tuple[t.Side, ...] = ("y_true", "y_pred")
        for side in sides:
            if (*path, side) in self.parts:
                found[side] = self._expression((*path, side))
            elif any(side in term.roles and term.roles[side].path == path for term in terms):
                found[side] = Value(written(t.Tensor(0, 0, side, (name,))), DEFAULT)
        found["weight"] = self._weight(self.parts[*path, "weight"])
        found["mask"] = NONE if task.mask is None else self._expression((*path, "mask"))
        return ResolvedTask(found, [self._loss(name, task, term) for term in terms])

    def _loss(self, task_name: str, task: Task, term: Term) -> dict[str, Value]:
        loss, path, of_task = term.loss, term.path, Origin("task", task=task_name)
        found: dict[str, Value] = {"type": self._value(loss.type, (*path, "type"))}
        label = self._value(loss.label, (*path, "name"))
        found["name"] = Value(label.data, label.origin, is_told=not _is_name(loss.label))
        for role, part in term.roles.items():
            own = (*path, role)
            # What is not written out has bare names, which here would mean something else.
            inherited = Value(_text(part), of_task, is_told=_written_out(part) is None)
            found[role] = self._expression(own) if own in self.parts else inherited
        found |= dict(self._parameters(loss, path))
        weight = self._weight(self.parts[*path, "weight"])
        found["weight"] = weight if is_one(task.weight.tree) else _also(weight, "times", of_task)
        found["mask"] = self._mask(task, term, of_task)
        found["reduction"] = self._reduction(term)
        return found

    def _mask(self, task: Task, term: Term, of_task: Origin) -> Value:
        """The loss's own, or else its task's, which counts without being said."""
        own, inherited = (*term.path, "mask"), (*term.path[:2], "mask")
        if own in self.parts:
            mask = self._expression(own)
            return mask if task.mask is None else _also(mask, "and", of_task)
        if task.mask is None:
            return NONE
        return Value(_text(self.parts[inherited]), of_task, is_told=True)

    def _parameters(self, loss: Loss, path: Path) -> Iterator[tuple[str, Value]]:
        fields, data = type(loss).model_fields, loss.model_dump(mode="json", by_alias=True)
        for field in loss.parameters():
            name = fields[field].alias or field
            value = self._value(data[name], (*path, name))
            yield name, NONE if data[name] is None else value

    def _reduction(self, term: Term) -> Value:
        path = (*term.path, "reduction")
        if term.loss.reduction is None and self._node(("reduction",)) is not None:
            return Value(term.reduction, Origin("spec"))
        return self._value(term.reduction, path)

    def _weight(self, part: Part) -> Value:
        scalars, rest = part.split(self.ranks)
        note = "scalar" if rest is None else "tensor"
        if rest is not None and scalars:
            note = f"scalar {text_of_product(scalars)}, the rest tensor"
        data = _text(part)
        # Written out, a role may show factors that are none of the weight's.
        if isinstance(data, str) and split(parse(data).tree, self.ranks) != (scalars, rest):
            data = part.expression.text.strip()
        value = self._value(data, part.path)
        return value if value.origin == DEFAULT else replace(value, note=note)

    def _expression(self, path: Path) -> Value:
        return self._value(_text(self.parts[path]), path)

    def _value(self, data: Any, path: Path, note: str = "") -> Value:
        node = self._node(path)
        return Value(data, DEFAULT if node is None else _place(node), note)

    def _node(self, path: Path) -> Node | None:
        """The node of a value that the spec gives itself."""
        parent = self.document.find(path[:-1])
        if parent.kind == "mapping":
            found: Node | None = parent.value.get(path[-1])
            return found
        # A loss may be its type alone.
        return parent if parent.kind == "scalar" and path[-1] == "type" else None


def type_of(constant: Constant) -> str:
    """`float[3]`: numbers in the spec take the precision of what they meet, a file has its own."""
    dtype = constant.dtype if constant.file else constant.dtype.rstrip("0123456789")
    return f"{dtype}[{', '.join(map(str, constant.shape))}]" if constant.shape else dtype


def _parts(term: Term) -> Iterator[Part]:
    """The expressions of a term, but for the tensors that are its task's by their name."""
    everything = (*term.roles.values(), *term.masks, *term.weights)
    return (part for part in everything if len(part.path) > 2)


def _place(node: Node) -> Origin:
    if node.source.file == OVERRIDE:
        return Origin("override")
    return Origin("file", node.source.file, node.line, node.column)


def _also(value: Value, word: str, origin: Origin) -> Value:
    """What counts together with the same field of its task."""
    return replace(value, note=", ".join(filter(None, [value.note, f"{word} that of {origin}"])))


def _text(part: Part) -> Any:
    """A number or boolean as such, all else as text, reading nothing but the batch.

    What would be too large then stays as it is written: its bare names mean the same there.
    """
    data = _written_out(part)
    return part.expression.text.strip() if data is None else data


def _written_out(part: Part) -> Any:
    if isinstance(part.tree, t.Number):
        return part.tree.value
    try:
        text = written(part.tree)
        parse(text)
    except (TooLongError, TextError):
        return None
    return text


def _is_name(text: str) -> bool:
    try:
        return read_name(text) == text
    except ValueError:
        return False
