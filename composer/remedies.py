"""What to write where a tensor does not fit its loss: another axis, another dtype, another loss."""

from __future__ import annotations

from collections.abc import Mapping

from composer.language import tree as t
from composer.language.dtypes import kind
from composer.language.shape import Mismatch, Shape, fits
from composer.language.static.infer import Type
from composer.terms import Part, Term

_DENSE = {
    "sparse_softmax_cross_entropy": "softmax_cross_entropy",
    "sparse_softmax_focal": "softmax_focal",
}
_SPARSE = {dense: sparse for sparse, dense in _DENSE.items()}


def dtype_help(term: Term, word: str, name: str, found: Type) -> str | None:
    """What to write for a role of the wrong dtype."""
    if word == "int":
        dense = _DENSE.get(term.loss.type)
        stored = "labels are class numbers, stored as integers"
        rank = found.shape.rank
        if dense is None or (rank is not None and rank < 2):
            return stored
        return f"{stored}; for one-hot rows write `argmax({name})`, or choose `{dense}`"
    if word == "float" and _is_choice(term.roles[name].expression.tree):
        return "a comparison or `argmax` has no gradient; give the numbers that it is made of"
    return None


def _is_choice(tree: t.Tree) -> bool:
    is_argmax = isinstance(tree, t.Call) and tree.name == "argmax"
    return is_argmax or isinstance(tree, t.Compare | t.Logic | t.Member)


def role_help(term: Term, name: str, roles: Mapping[str, Type]) -> str | None:
    """What to write where a tensor has an axis too many, or one too few."""
    if term.loss.type in (*_DENSE, *_SPARSE):
        return _label_help(term, roles["y_true"], roles["y_pred"])
    if has_channel(term, roles):
        return f"write `{_less(term, 'y_true')}`"
    found = roles[name]
    for other, type_ in roles.items():
        if found.shape.rank is None or type_.shape.rank is None:
            continue
        if type_.shape == found.shape.append(1):
            return f"write `{_more(term, name)}`, or `{_less(term, other)}`"
        if found.shape == type_.shape.append(1):
            return f"write `{_more(term, other)}`, or `{_less(term, name)}`"
    return None


def has_channel(term: Term, roles: Mapping[str, Type]) -> bool:
    """Whether class numbers have a last axis of 1 where the predictions have their classes."""
    if "y_true" not in roles or "y_pred" not in roles:
        return False
    ours, theirs = roles["y_true"].shape, roles["y_pred"].shape
    signature = term.loss.bound_signature().roles
    is_sparse = tuple(signature["y_true"].axes) == tuple(signature["y_pred"].axes[:-1])
    return is_sparse and ours.rank == theirs.rank is not None and ours.dim(-1) == 1


def _label_help(term: Term, labels: Type, logits: Type) -> str | None:
    """Class numbers where one-hot rows are due, the other way round, and a column of them."""
    ours, theirs, loss = labels.shape, logits.shape, term.loss.type
    if ours.rank is None or theirs.rank is None:
        return None
    if loss in _DENSE and ours.rank == theirs.rank:
        if ours.dim(-1) == 1:
            return f"write `{_less(term, 'y_true')}`"
        return f"for one-hot rows write `argmax(y_true)`, or choose `{_DENSE[loss]}`"
    is_whole = labels.dtype is None or kind(labels.dtype) != "float"
    if loss in _SPARSE and ours == theirs.without_last() and is_whole:
        classes = theirs.dim(-1)
        size = classes if isinstance(classes, int) else "…"
        return (
            f"choose `{_SPARSE[loss]}`, or write `y_true: one_hot({_text(term, 'y_true')}, {size})`"
        )
    return None


def placed(part: Part, found: Shape, target: Shape) -> str | None:
    """Where the one axis behind the batch fits one axis of the values alone, but not the first."""
    if found.rank != 2 or target.rank is None or found.dim(1) == 1:
        return None
    fitting = [axis for axis in range(1, target.rank) if target.dim(axis) == found.dim(1)]
    if len(fitting) != 1 or found.dim(0) not in (target.dim(0), 1):
        return None
    return f"write `{_indexed(part)}[{', '.join([':', *['None'] * (fitting[0] - 1), ':'])}]`"


def coarser(part: Part, what: str, found: Shape, target: Shape) -> str | None:
    """How to reduce the last axes that a mask or weight has too many, or too large."""
    reduce = "all" if what == "mask" else "mean"
    for count in range(1, found.rank or 0):
        left = Shape(found.head[:-count])
        # Equal ranks with other sizes are another mistake.
        if target.dim(len(left.head)) not in (None, 1) or not _fits(left, target):
            continue
        axes = [-axis for axis in range(count, 0, -1)]
        axis = axes[0] if count == 1 else axes
        return f"write `{reduce}({part.expression.text.strip()}, axis={axis})`"
    return None


def _fits(part: Shape, target: Shape) -> bool:
    try:
        fits(part, target)
    except Mismatch:
        return False
    return True


def _more(term: Term, role: str) -> str:
    return f"{role}: {_text(term, role)}[..., None]"


def _less(term: Term, role: str) -> str:
    return f"{role}: {_text(term, role)}[..., 0]"


def _text(term: Term, role: str) -> str:
    return _indexed(term.roles[role])


def _indexed(part: Part) -> str:
    """The text of an expression, ready to be indexed."""
    text = part.expression.text.strip()
    is_plain = isinstance(part.expression.tree, t.Tensor | t.Index | t.Call)
    return text if is_plain else f"({text})"
