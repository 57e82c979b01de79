"""Names that there are not: what is said of them."""

from __future__ import annotations

import pytest

from composer import check_spec

TENSORS = {
    "y_true": {"depth": "float32[batch, h]", "valid": "bool[batch, h]", "has_pose": "bool[batch]"},
    "y_pred": {"depth": "float32[batch, h]"},
}
NAMES = "names: `y_true`, `y_pred`, `step`"


def told(mask: str) -> tuple[str, str, str | None]:
    spec = {"tensors": TENSORS, "tasks": {"depth": {"loss": "huber", "mask": mask}}}
    (problem,) = (each for each in check_spec(spec) if each.severity == "error")
    return problem.code, problem.message, problem.help


@pytest.mark.parametrize(
    ("mask", "name", "help"),
    [
        ("y_true != nan", "nan", "nothing equals NaN; write `not isnan(y_true)`"),
        ("NaN == y_true.depth", "NaN", "nothing equals NaN; write `isnan(y_true.depth)`"),
        ("y_true + nan > 0", "nan", "nothing equals NaN; write `isnan(x)`"),
        ("y_true < inf", "inf", "write `isfinite(y_true)`"),
        ("(y_true + 1) != inf", "inf", "write `isfinite(y_true + 1)`"),
        ("y_true == inf", "inf", "write `not isfinite(y_true)`"),
        ("0 < y_true < inf", "inf", "write `isfinite(x)`"),
        ("depth > 0", "depth", "did you mean `y_true.depth` or `y_pred.depth`?"),
        ("has_pose", "has_pose", "did you mean `y_true.has_pose`?"),
        ("y_treu > 0", "y_treu", "did you mean `y_true`?"),
        ("widths > 0", "widths", NAMES),
        ("isfinite", "isfinite", "`isfinite` is a function; call it"),
        ("y_true.valid == true", "true", "write `True`"),
        ("epoch > 0", "epoch", "time is `step`, the number of optimizer steps"),
    ],
)
def test_unknown_names(mask: str, name: str, help: str):
    assert told(mask) == ("unknown-name", f"there is no name `{name}`", help)


@pytest.mark.parametrize(
    ("mask", "message", "help"),
    [
        ("y_pred.has_pose", "y_pred has no `has_pose`; it has `depth`",
         "did you mean `y_true.has_pose`?"),
        ("y_true.depth.valid", "y_true.depth is a tensor, which has no `valid`",
         "did you mean `y_true.valid`?"),
        ("y_true.dept > 0", "y_true has no `dept`; it has `depth`, `valid`, `has_pose`",
         "did you mean `depth`?"),
        ("y_true.sky", "y_true has no `sky`; it has `depth`, `valid`, `has_pose`", None),
    ],
)  # fmt: skip
def test_unknown_tensors(mask: str, message: str, help: str | None):
    assert told(mask) == ("unknown-tensor", message, help)
