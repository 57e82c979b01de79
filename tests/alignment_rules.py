"""What the design says of shapes and dtypes, worked out apart from the code that keeps to it."""

from __future__ import annotations


def labels(axes, more):
    """The axes of a signature with `...` written out as the axes that it stands for."""
    return [
        label
        for axis in axes
        for label in ([f"...{n}" for n in range(more)] if axis == "..." else [axis])
    ]


class Sizes:
    """The one size that every axis of a loss has on these shapes; fails where it has two."""

    def __init__(self, loss, shapes):
        signature = loss.bound_signature()
        self.sizes = dict(loss.sizes())
        self.more = 0
        counts = set()
        for role, shape in shapes.items():
            axes = signature.roles[role].axes
            more = len(shape) - len(axes) + 1 if "..." in axes else 0
            counts |= {more} if "..." in axes else set()
            for label, size in zip(labels(axes, more), shape, strict=True):
                if label is not None:
                    wanted = label if isinstance(label, int) else self.sizes.setdefault(label, size)
                    assert size == wanted, f"{loss.type}: {role} of {shape} in {self.sizes}"
        assert len(counts) < 2
        self.more = max(counts, default=0)

    def __call__(self, axes):
        """The sizes of axes."""
        return tuple(
            label if isinstance(label, int) else self.sizes[label]
            for label in labels(axes, self.more)
        )


def fits_at_left(part, whole):
    """Whether a mask or weight is spread over the axes that it lacks, or has with size 1, alone."""
    return len(part) <= len(whole) and all(x in (1, y) for x, y in zip(part, whole, strict=False))


def computes_in(loss, dtypes):
    """The widest float among the predictions, at least float32."""
    roles = loss.bound_signature().roles.items()
    floats = [dtypes[name] for name, role in roles if role.dtype == "float" and name != "y_true"]
    return "float64" if "float64" in floats else "float32"


def is_type_of(told, tensor, wide):
    """Whether a tensor is what a type says; what is computed is as wide as its loss."""
    sizes, shape, dtype = tuple(tensor.shape), told.shape, tensor.dtype.name
    if len(sizes) < shape.least_rank or shape.rank not in (None, len(sizes)):
        return False
    ends = [*zip(shape.head, sizes, strict=False)]
    ends += zip(reversed(shape.tail or ()), reversed(sizes), strict=False)
    if any(isinstance(known, int) and known != size for known, size in ends):
        return False
    if told.place == "scalar":
        return dtype.rstrip("0123456789") == told.dtype.rstrip("0123456789")
    is_wider = told.dtype in ("float32", "float64") and dtype == max(told.dtype, wide)
    return dtype == told.dtype or is_wider
