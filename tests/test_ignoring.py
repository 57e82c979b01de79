"""`# losscomp: ignore[code]`: what it hides, what it cannot, and when it is idle."""

from __future__ import annotations

import numpy as np
import pytest

from composer import check_spec, load_spec
from composer.ignoring import OF_DATA
from composer.language.frames import show
from tests.command import losscomp

NEGATIVE = "tasks: {depth: {loss: huber, weight: -1}}"


def told(text, tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text(text)
    return [show(problem).replace(f"{tmp_path}/", "") for problem in check_spec(file)]


def codes(text, tmp_path):
    return [line.split("[")[1].split("]")[0] for line in told(text, tmp_path)]


def test_without_a_comment(tmp_path):
    assert codes(f"{NEGATIVE}\n", tmp_path) == ["negative-weight"]


@pytest.mark.parametrize(
    "comment",
    [
        "# losscomp: ignore[negative-weight]",
        "#losscomp:ignore[negative-weight]",
        "# losscomp:  ignore[ negative-weight ]",
        "# it is meant; # losscomp: ignore[negative-weight]",
    ],
)
def test_a_comment_hides_a_warning_of_its_line(comment, tmp_path):
    assert told(f"{NEGATIVE}  {comment}\n", tmp_path) == []


def test_a_comment_on_a_line_of_its_own_is_about_the_next(tmp_path):
    text = f"# losscomp: ignore[negative-weight]\n\n# more of it\n{NEGATIVE}\n"
    assert told(text, tmp_path) == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "text",
    [
        f"# losscomp: ignore[negative-weight]\n\n  \n# more\n\n{NEGATIVE}\n",
        f"# more\n{NEGATIVE} # losscomp: ignore[negative-weight]\n",
    ],
)
def test_every_end_of_a_line_is_one(text, end, tmp_path):
    file = tmp_path / "a.yaml"
    file.write_bytes(text.replace("\n", end).encode())
    assert check_spec(file) == []


def test_a_comment_at_the_end_of_the_file_is_about_itself(tmp_path):
    (found,) = told("tasks: {depth: {loss: huber}}\n# losscomp: ignore[zero-weight]", tmp_path)
    assert "there is no `zero-weight` to ignore on line 2" in found


def test_several_codes(tmp_path):
    text = "tasks:\n  depth:\n    weight: ramp(step, 9, 3) - 9{}\n    loss: huber\n"
    both = ["backward-schedule", "negative-weight"]
    assert sorted(codes(text.format(""), tmp_path)) == both
    for listed, left in ((both, []), (both[:1], both[1:]), (both[1:], both[:1])):
        comment = f"  # losscomp: ignore[{', '.join(listed)}]"
        assert codes(text.format(comment), tmp_path) == left


def test_another_line_is_not_hidden(tmp_path):
    text = f"{NEGATIVE}\n# losscomp: ignore[negative-weight]\n"
    assert codes(text, tmp_path) == ["negative-weight", "unused-ignore"]


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("# losscomp: ignore[zero-weight]", """\
a.yaml:1:51: warning[unused-ignore]: there is no `zero-weight` to ignore on line 1
1 | tasks: {depth: {loss: huber}}  # losscomp: ignore[zero-weight]
  |                                                   ^^^^^^^^^^^
help: remove the comment"""),
        ("# losscomp: ignore[zero-wieght]", """\
a.yaml:1:51: warning[unused-ignore]: there is no code `zero-wieght`
1 | tasks: {depth: {loss: huber}}  # losscomp: ignore[zero-wieght]
  |                                                   ^^^^^^^^^^^
help: did you mean `zero-weight`?"""),
        ("# losscomp: ignore", """\
a.yaml:1:32: warning[unused-ignore]: an ignore names its codes
1 | tasks: {depth: {loss: huber}}  # losscomp: ignore
  |                                ^^^^^^^^^^^^^^^^^^
help: write `# losscomp: ignore[zero-weight]`"""),
        ("# losscomp: ignore[]", """\
a.yaml:1:32: warning[unused-ignore]: an ignore names its codes
1 | tasks: {depth: {loss: huber}}  # losscomp: ignore[]
  |                                ^^^^^^^^^^^^^^^^^^^^
help: write `# losscomp: ignore[zero-weight]`"""),
    ],
)  # fmt: skip
def test_a_comment_that_hides_nothing_is_told(comment, expected, tmp_path):
    assert told(f"tasks: {{depth: {{loss: huber}}}}  {comment}\n", tmp_path) == [expected]


def test_what_only_a_batch_shows_is_not_idle_without_one(tmp_path):
    text = "tasks: {depth: {loss: huber}}  # losscomp: ignore[not-finite, unused-output]\n"
    assert told(text, tmp_path) == []


def test_an_error_is_not_hidden_and_keeps_comments_from_being_called_idle(tmp_path):
    text = (
        "tasks: {depth: {loss: huber, wieght: -1}}  "
        "# losscomp: ignore[unknown-field, zero-weight]\n"
    )
    assert codes(text, tmp_path) == ["unknown-field"]


@pytest.mark.parametrize("quote", ['"', "'"])
def test_text_that_looks_like_a_comment_is_none(quote, tmp_path):
    name = f"{quote}a # losscomp: ignore[zero-weight]{quote}"
    tensors = '{depth: "float32[batch]", %s: "float32[batch]"}'
    spec = f"tensors:\n  y_true: {tensors % name}\n  y_pred: {{depth: 'float32[batch]'}}\n"
    assert codes(f"{spec}{NEGATIVE}\n", tmp_path) == ["unused-tensor", "negative-weight"]


def test_an_override_is_no_line_of_the_file(tmp_path):
    (tmp_path / "a.yaml").write_text(
        "tasks: {depth: {loss: huber, weight: 1}}  # losscomp: ignore[negative-weight]\n"
    )
    outcome = losscomp("check", "a.yaml", "--set", "tasks.depth.weight=-1", cwd=tmp_path)
    assert outcome.told[0].startswith("a.yaml:1:62: warning[unused-ignore]")
    assert outcome.told[2].startswith("--set:1:20: warning[negative-weight]")


def test_what_a_batch_shows_is_hidden_though_it_is_an_error(tmp_path):
    batch = {"y_true.depth": np.array([1.0, np.nan]), "y_pred.depth": np.array([1.0, 2.0])}
    np.savez(tmp_path / "b.npz", **batch)
    text = "tasks:\n  depth:\n    loss: huber{}\n"
    for comment, code in (("", 1), ("  # losscomp: ignore[not-finite]", 0)):
        (tmp_path / "a.yaml").write_text(text.format(comment))
        outcome = losscomp("check", "a.yaml", "--batch", "b.npz", cwd=tmp_path, megabytes=2000)
        assert outcome.code == code, outcome
        assert ("not-finite" in outcome.stdout) == bool(code)


def test_comments_change_nothing_of_what_is_built(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text(f"{NEGATIVE}  # losscomp: ignore[negative-weight]\n")
    assert load_spec(file).tasks["depth"].weight.text == "-1"


def test_codes_of_data_are_codes():
    from composer.codes import CATALOGUE

    assert set(CATALOGUE) >= OF_DATA
