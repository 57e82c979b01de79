"""Random tasks: losses, the tensors that they read, masks and weights that mostly fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from composer.language.signature import Axis, Role, Signature
from composer.losses.base import Loss
from tests.language.strategies import flags, values
from tests.random_expressions import Axes, Writer
from tests.random_losses import entries, loss_of

REDUCTIONS = ("sum_by_nonzero_weights", "weighted_mean", "sum_over_batch_size", "sum")
Entry = dict[str, Any]


class TaskWriter:
    """Writes one task. The axes of its first loss mean the same all through the task."""

    def __init__(self, writer: Writer, name: str) -> None:
        self.writer = writer
        self.name = name

    def write(self) -> dict[str, Any]:
        entry = self.writer.draw(entries())
        loss = _SignatureWriter(self.writer, entry)
        task, roles = self._tensors(loss)
        losses = [{**entry, **roles, **loss.selecting(30)}]
        if self.writer.chance(20):
            losses.append(self._again(losses[0], loss))
        if self.writer.chance(15):
            losses.append(self._another())
        return {"loss": losses, **task, **loss.selecting(50)}

    def _tensors(self, loss: _SignatureWriter) -> tuple[dict[str, str], dict[str, str]]:
        """What the task says of its tensors, and what the loss says of its roles."""
        task: dict[str, str] = {}
        roles: dict[str, str] = {}
        for name in loss.signature.inputs:
            is_default = name in ("y_true", "y_pred")
            if is_default and self.writer.chance(50):
                role = loss.signature.roles[name]
                self.writer.declare(name, self.name, role.dtype, loss.meaning_of(role.axes))
            elif is_default and self.writer.chance(60):
                task[name] = loss.role(name)
            else:
                roles[name] = loss.role(name)
            if is_default and name not in roles and self.writer.chance(15):
                roles[name] = self.writer.pick((name, f"{name}[...]", f"stop_gradient({name})"))
        return task, roles

    def _again(self, first: Entry, loss: _SignatureWriter) -> Entry:
        """The same loss with another mask, weight and reduction."""
        roles = {name: text for name, text in first.items() if name not in ("mask", "weight")}
        reduction = self.writer.pick(REDUCTIONS)
        return {**roles, "name": "again", "reduction": reduction, **loss.selecting(30)}

    def _another(self) -> Entry:
        """A loss with tensors of its own, to which the task's mask and weight may not fit."""
        entry = {**self.writer.draw(entries()), "name": "another"}
        loss = _SignatureWriter(self.writer, entry)
        roles = {name: loss.role(name) for name in loss.signature.inputs}
        return {**entry, **roles, **loss.selecting(20)}


class _SignatureWriter:
    """Writes what goes with one loss: every axis of its signature stands for a name or a size."""

    def __init__(self, writer: Writer, entry: Entry) -> None:
        self.writer = writer
        loss = loss_of(entry)
        self.signature = loss.bound_signature()
        self.axes = self._meaning(loss)

    def _meaning(self, loss: Loss) -> Mapping[Axis, Axes]:
        pick = self.writer.pick
        found: dict[Axis, Axes] = {
            axis: (pick(("h", "w", "c", 1, 2, 3)),) for axis in _named(self.signature)
        }
        lists = [len(each) for each in loss.parameters().values() if isinstance(each, tuple)]
        known = {"classes": (lists[0],)} if lists else {}
        known |= {name: (size,) for name, size in loss.sizes().items()}
        found |= {} if self.writer.chance(7) else known
        found["batch"] = (pick(("batch",) * 6 + (2, 3)),)
        middle = tuple(pick(("h", "w", 2, 1)) for _ in range(pick((0, 1, 1, 2))))
        found["..."] = middle if "batch" in _named(self.signature) else ("batch", *middle)
        return found

    def meaning_of(self, axes: tuple[Axis, ...]) -> Axes:
        found: list[int | str] = []
        for axis in axes:
            if isinstance(axis, str):
                found += self.axes[axis]
            else:
                found.append(self.writer.pick((1, 2, "h")) if axis is None else axis)
        return tuple(found)

    def role(self, name: str) -> str:
        role: Role = self.signature.roles[name]
        return self.writer.expression(role.dtype, self.meaning_of(role.axes))

    def selecting(self, percent: int) -> dict[str, Any]:
        """A mask and a weight, now and then."""
        keep = self.signature.roles.get("keep")
        found: dict[str, Any] = {}
        if self.writer.chance(percent):
            found["mask"] = self._mask(keep.axes if keep else self.signature.values)
        if self.writer.chance(percent):
            found["weight"] = self._weight()
        return found

    def _begins_with_batch(self, axes: tuple[Axis, ...]) -> bool:
        first = [self.signature.roles[name].axes[:1] for name in self.signature.inputs]
        return axes[:1] in first

    def _mask(self, target: tuple[Axis, ...]) -> str | bool:
        writer, axes = self.writer, self.meaning_of(target)
        writer.constants["half"] = 0.5
        ways: list[Callable[[], str | bool]] = [
            lambda: writer.pick((True, False, "step > 3", "half > 0 or step == 1"))
        ]
        if self._begins_with_batch(target) or writer.chance(10):
            ways += [
                lambda: writer.expression("bool", writer.coarser(axes)),
                lambda: writer.expression("bool", axes),
                lambda: writer.expression("bool", axes[:1]),
                self._of_roles,
                lambda: writer.wild(writer.draw(flags(2)), axes),
            ]
        return writer.pick(ways)()

    def _of_roles(self) -> str:
        return self.writer.pick(
            ("y_true > 0", "isfinite(y_pred)", "y_true != 1 and y_pred > 0", "any(y_pred > 0)",
             "all(y_true == 0, axis=-1)", "0 < y_pred < 2", "y_true in [0, 1]")
        )  # fmt: skip

    def _weight(self) -> str | float:
        writer, axes = self.writer, self.meaning_of(self.signature.values)
        ways: list[Callable[[], str | float]] = [writer.schedule, lambda: writer.pick((0, 1, 0.5))]
        if self._begins_with_batch(self.signature.values) or writer.chance(10):
            ways += [
                lambda: writer.expression("number", writer.coarser(axes)),
                lambda: f"{writer.schedule()} * {writer.expression('float', axes[:1])}",
                lambda: f"1 + 4 * {writer.expression('bool', axes)}",
                lambda: writer.wild(writer.draw(values(2)), axes),
                lambda: writer.pick(("y_true", "1 + y_pred", "mean(y_pred)", "y_true == 1")),
            ]
        if axes and isinstance(axes[-1], int) and axes[-1] > 0:
            ways.append(lambda: f"last_axis({writer.vector(axes[-1])}) * {writer.schedule()}")
        return writer.pick(ways)()


def _named(signature: Signature) -> list[str]:
    everywhere = [*(role.axes for role in signature.roles.values()), signature.values]
    return [axis for axes in everywhere for axis in axes if isinstance(axis, str)]
