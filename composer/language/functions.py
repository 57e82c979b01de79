"""The functions of the expression language: their names and parameters."""

from __future__ import annotations

from dataclasses import dataclass

from composer.language.tree import Number, Tree


@dataclass(frozen=True, slots=True)
class Function:
    """One function.

    Attributes:
        values: names of the parameters that take expressions.
        defaults: numbers for the last of them.
        lists: names of the parameters that take a list of expressions; they follow the values.
        axis: whether it takes `axis=`, a whole number or a list of them.
        size: name of a parameter that takes a whole number, or None.
        summary: what it gives, in a few words.
    """

    values: tuple[str, ...]
    summary: str
    defaults: tuple[float, ...] = ()
    lists: tuple[str, ...] = ()
    axis: bool = False
    size: str | None = None

    @property
    def parameters(self) -> tuple[str, ...]:
        size = (self.size,) if self.size else ()
        return self.values + self.lists + size + (("axis",) if self.axis else ())

    def default(self, name: str) -> Tree | None:
        """The number that stands in for a value parameter left out, if there is one."""
        place = self.values.index(name) - (len(self.values) - len(self.defaults))
        return Number(0, 0, self.defaults[place]) if place >= 0 else None


def _of_x(summary: str) -> Function:
    return Function(("x",), summary)


FUNCTIONS: dict[str, Function] = {
    "isfinite": _of_x("true where x is neither NaN nor infinite"),
    "isnan": _of_x("true where x is NaN"),
    "abs": _of_x("absolute value"),
    "exp": _of_x("e to the x"),
    "log": _of_x("natural logarithm"),
    "sqrt": _of_x("square root"),
    "square": _of_x("x times x"),
    "minimum": Function(("a", "b"), "the smaller of two, element by element"),
    "maximum": Function(("a", "b"), "the larger of two, element by element"),
    "clip": Function(("x", "low", "high"), "x, kept between low and high"),
    "where": Function(("condition", "a", "b"), "a where the condition holds, else b"),
    "sigmoid": _of_x("1 / (1 + exp(-x))"),
    "softmax": _of_x("softmax over the last axis"),
    "argmax": _of_x("index of the largest on the last axis, as an integer"),
    "one_hot": Function(("x",), "one-hot vectors on a new last axis", size="n"),
    "stop_gradient": _of_x("x, through which no gradient flows"),
    "any": Function(("x",), "true where any is, over the axes", axis=True),
    "all": Function(("x",), "true where all are, over the axes", axis=True),
    "sum": Function(("x",), "sum over the axes", axis=True),
    "mean": Function(("x",), "mean over the axes", axis=True),
    "take": Function(("table", "index"), "the rows of a constant table that the index names"),
    "last_axis": Function(("c",), "puts a constant vector on the last axis of what it meets"),
    "ramp": Function(
        ("step", "start", "end", "low", "high"), "linear from low to high", defaults=(0.0, 1.0)
    ),
    "cosine": Function(
        ("step", "start", "end", "high", "low"), "half a cosine, high to low", defaults=(1.0, 0.0)
    ),
    "piecewise": Function(
        ("step",), "a constant between boundaries", lists=("boundaries", "values")
    ),
    "cycle": Function(("step", "period"), "values in turn, equal parts", lists=("values",)),
}

ELSEWHERE = {
    "max": "maximum(a, b)", "min": "minimum(a, b)", "pow": "a ** b", "relu": "maximum(x, 0)",
    "is_finite": "isfinite(x)", "is_nan": "isnan(x)", "clip_by_value": "clip(x, low, high)",
    "clamp": "clip(x, low, high)", "reduce_sum": "sum(x)", "reduce_mean": "mean(x)",
    "reduce_any": "any(x)", "reduce_all": "all(x)", "average": "mean(x)",
    "gather": "take(table, index)", "select": "where(condition, a, b)", "equal": "a == b",
    "logical_and": "a and b", "logical_or": "a or b", "logical_not": "not a",
    "onehot": "one_hot(x, n)", "detach": "stop_gradient(x)", "linear": "ramp(step, start, end)",
    "warmup": "ramp(step, start, end)", "cosine_decay": "cosine(step, start, end)",
    "piecewise_constant": "piecewise(step, [b], [v0, v1])", "norm": "sqrt(sum(square(x), axis=-1))",
    "softplus": "log(1 + exp(x))", "tanh": "2 * sigmoid(2 * x) - 1",
    "log_softmax": "log(softmax(x))", "not_equal": "a != b", "greater": "a > b", "less": "a < b",
    "greater_equal": "a >= b", "less_equal": "a <= b",
}  # fmt: skip
"""Names that other languages give to what is here, and what to write."""

PARAMETERS_ELSEWHERE = {
    "axes": "axis", "dim": "axis", "dims": "axis", "stop": "end", "num_classes": "n", "depth": "n",
    "min": "low", "max": "high",
}  # fmt: skip
"""Names that other languages give to parameters."""

SCHEDULES = frozenset({"ramp", "cosine", "piecewise", "cycle"})
REDUCTIONS = frozenset({"any", "all", "sum", "mean"})
