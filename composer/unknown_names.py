"""Names in expressions that there are not: which there are, and which one is meant."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from composer.declared import leaves
from composer.finding import Finding
from composer.language import tree as t
from composer.language.diagnostics import listing, quote
from composer.language.errors import Also, ExpressionError
from composer.language.expression import Expression
from composer.language.functions import FUNCTIONS
from composer.language.nearness import Nearest, Nearness
from composer.language.tensor_type import TensorType
from composer.naming import Declared

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_TIMES = ("epoch", "iteration", "iterations", "global_step")
_OTHERS = "a task reads the tensors of its name; `y_true:` and `y_pred:` give it others"

Place = tuple[t.Side, tuple[str, ...]]


def unknown_tensor(
    node: t.Tensor,
    depth: int,
    level: TensorType | Declared,
    declared: Mapping[str, Declared],
    nearness: Nearness,
) -> ExpressionError:
    """The error of a tensor whose name number `depth` is not there, in what the others lead to."""
    before, name, after = node.path[:depth], node.path[depth], node.path[depth + 1 :]
    walked = ".".join((node.side, *before))
    if isinstance(level, TensorType):
        near, message = Nearest(None), f"{walked} is a tensor, which has no {quote(name)}"
    else:
        near = nearness.nearest(name, level)
        there = f"it has {listing(level)}" if level else "it has no tensors"
        message = f"{walked} has no {quote(name)}; {there}"
    if near.near is not None:
        meant = near.meant and tensor_text(node.side, (*before, near.meant, *after))
        return _unknown_tensor(node, message, near.help, meant)
    others = _named(name, declared) if node.end else []  # a task's default is of its own side
    meant = tensor_text(*others[0]) if len(others) == 1 else None
    return _unknown_tensor(node, message, _did_you_mean(others), meant, _declared(others))


def mapping_for_tensor(node: t.Tensor, level: Declared) -> ExpressionError:
    """The error of a name that has further names below it."""
    walked = ".".join((node.side, *node.path))
    message = f"{walked} is a mapping; it has {listing(level)}"
    return _unknown_tensor(node, message, "name one of its tensors")


def _unknown_tensor(
    node: t.Tensor, message: str, help: str | None, meant: str | None = None, also: Also = ()
) -> ExpressionError:
    return ExpressionError(
        message,
        node.start,
        node.end,
        code="unknown-tensor",
        help=help,
        replacement=meant,
        also=also,
    )


def missing_task(
    name: str,
    errors: Mapping[t.Side, ExpressionError],
    declared: Mapping[str, Declared],
    tasks: Collection[str],
    nearness: Nearness,
) -> Finding:
    """The problem of a task that reads the tensors of its name, of which both or one is missing."""
    sides = [side for side in errors if name not in declared.get(side, {})]
    if not sides:  # a mapping has the name
        error = next(iter(errors.values()))
        return Finding(error.code, error.message, ("tasks", name), help=error.help)
    levels = [declared.get(side, {}) for side in sides]
    shared = [each for each in levels[0] if all(each in level for level in levels)]
    near = nearness.nearest(name, shared)
    there = f"has {listing(shared)}" if shared else "has no tensors"
    message = f"{sides[0]} has no {quote(name)}; it {there}"
    if len(sides) == 2:
        missing = " and no ".join(quote(f"{side}.{name}") for side in sides)
        there = f"; both have {listing(shared)}" if shared and near.near is None else ""
        message = f"there is no {missing}{there}"
    is_misspelt = len(sides) == 2 and near.meant not in tasks
    return Finding(
        "unknown-tensor",
        message,
        ("tasks", name),
        help=_OTHERS if near.near is None else near.help,
        replacement=near.meant if is_misspelt else None,
    )


def tensor_text(side: t.Side, path: Iterable[str]) -> str:
    """A tensor of the batch as an expression names it."""
    return side + "".join(map(_named_part, path))


def _named_part(name: str) -> str:
    if _IDENTIFIER.fullmatch(name) and not keyword.iskeyword(name):
        return f".{name}"
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'["{escaped}"]'


def _named(name: str, declared: Mapping[str, Declared]) -> list[Place]:
    """The tensors of that name in other places of the batch, if they are few."""
    found: list[Place] = [
        (side, path)  # type: ignore[misc]  # the sides of a batch
        for side, path, _ in leaves(declared)
        if path[-1] == name
    ]
    return found if len(found) < 4 else []


def _did_you_mean(others: Sequence[Place]) -> str | None:
    names = [quote(".".join((side, *path))) for side, path in others]
    return f"did you mean {' or '.join(names)}?" if names else None


def unknown_name(
    node: t.Constant,
    constants: Mapping[str, object],
    declared: Mapping[str, Declared],
    expression: Expression,
    nearness: Nearness,
) -> ExpressionError:
    """The error of a name that is no constant."""
    if (tested := _tested(node, expression)) is not None:
        return tested
    near, others = _word(node.name), _named(node.name, declared)
    if near is not None:
        return _unknown_name(node, node, near)
    if others:
        meant = tensor_text(*others[0]) if len(others) == 1 else None
        return _unknown_name(node, node, Nearest(_did_you_mean(others), meant), _declared(others))
    known = ["y_true", "y_pred", "step", *constants]
    return _unknown_name(node, node, nearness.nearest(node.name, known, noun="names"))


def _unknown_name(
    node: t.Constant, marked: t.Tree, near: Nearest, also: Also = ()
) -> ExpressionError:
    return ExpressionError(
        f"there is no name {quote(node.name)}", marked.start, marked.end, code="unknown-name",
        help=near.help, replacement=near.meant, also=also,
    )  # fmt: skip


def _declared(places: Sequence[Place]) -> Also:
    return tuple((("tensors", side, *path), "declared here") for side, path in places)


def _word(name: str) -> Nearest | None:
    """Words that mean something else than a constant."""
    if name in FUNCTIONS:
        return Nearest(f"{quote(name)} is a function; call it")
    if name in ("true", "false"):
        return Nearest(f"write `{name.capitalize()}`", name.capitalize())
    return Nearest("time is `step`, the number of optimizer steps") if name in _TIMES else None


def _tested(node: t.Constant, expression: Expression) -> ExpressionError | None:
    """What is compared with NaN, or with infinity, is to be tested."""
    name = node.name.lower()
    if name not in ("nan", "inf", "infinity"):
        return None
    test, negated = ("isnan", "!=") if name == "nan" else ("isfinite", "==")
    place: t.Tree = node
    written, meant = f"{test}(x)", None
    for each in t.walk(expression.tree):
        if isinstance(each, t.Compare) and len(each.operands) == 2 and node in each.operands:
            other = each.operands[each.operands[0] == node]
            word = "not " if each.ops == (negated,) else ""
            written = f"{word}{test}({expression.text[other.start : other.end]})"
            if name == "nan" and each.ops[0] in ("==", "!="):
                place, meant = each, written  # less than infinity is not the same as finite
    help = f"{'nothing equals NaN; ' if name == 'nan' else ''}write {quote(written)}"
    return _unknown_name(node, place, Nearest(help, meant))
