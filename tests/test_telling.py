"""One mistake, one problem: what follows from it, or meets it again, is told with it."""

from __future__ import annotations

from composer import check_spec
from composer.reading import examine_text

PAIR = """\
tensors:
  y_true: {a: "float32[batch, 20]", b: "float32[batch, 5]", v: "bool[batch, 7]"}
  y_pred: {a: "float32[batch, 19]", b: "float32[batch, 5]"}
tasks:
"""


def told(text: str) -> list[tuple[str, str, list[str]]]:
    """Of every problem its code, what it marks, and its other places with their labels."""
    lines = text.splitlines()

    def marked(place) -> str:
        return lines[place.line - 1][place.column - 1 : place.end_column - 1]

    return [
        (each.code, marked(each), [f"{marked(place)}: {place.text}" for place in each.places])
        for each in examine_text(text, "loss.yaml")[1]
    ]


def test_losses_of_one_task_meet_the_same_tensors():
    text = PAIR + "  a: {loss: [huber, mean_squared_error]}\n"
    places = [
        '"float32[batch, 20]": axis 1 is 20',
        '"float32[batch, 19]": axis 1 is 19',
        "mean_squared_error: and here",
    ]
    assert told(text) == [("shape-mismatch", "huber", places)]


def test_losses_of_two_tasks_are_two_mistakes():
    text = PAIR + "  a: {loss: huber}\n  c: {y_true: y_true.a, y_pred: y_pred.a, loss: huber}\n"
    assert [code for code, *_ in told(text)] == ["shape-mismatch"] * 2


def test_other_tensors_of_the_same_task_are_another_mistake():
    text = PAIR + "  a:\n    loss: [huber, {type: huber, name: c, y_true: y_true.b}]\n"
    assert [marked for _, marked, _ in told(text)] == [
        "huber",
        "{type: huber, name: c, y_true: y_true.b}",
    ]


def test_a_mask_of_both_sides_meets_what_its_roles_tell():
    text = PAIR + "  a: {mask: y_true > 0 and y_pred > 0, loss: huber}\n"
    assert [marked for _, marked, _ in told(text)] == ["huber"]
    text = PAIR + "  a: {mask: y_true > 0 and y_true.b > 0, loss: huber}\n"
    assert [marked for _, marked, _ in told(text)] == ["y_true > 0 and y_true.b > 0", "huber"]


def test_a_mask_of_a_task_is_told_once_for_all_losses():
    text = PAIR + "  b: {mask: y_true.v, loss: [huber, silog, mean_pairwise_squared_error]}\n"
    shape = '"float32[batch, 5]": the values have this shape'
    places = ['"bool[batch, 7]": declared here', shape, "huber: this loss"]
    ((code, marked, others),) = told(text)
    assert (code, marked, sorted(others)) == ("shape-mismatch", "y_true.v", sorted(places))


def test_a_single_loss_needs_no_place():
    text = PAIR + "  b: {mask: y_true.v, loss: huber}\n"
    ((*_, others),) = told(text)
    assert sorted(others) == [
        '"bool[batch, 7]": declared here',
        '"float32[batch, 5]": the values have this shape',
    ]


def test_a_region_is_not_blamed_for_its_tensors():
    text = PAIR + "  a: {mask: y_true.b > 0, loss: silog}\n"
    assert [marked for _, marked, _ in told(text)] == ["silog"]


def test_two_losses_of_one_name_show_the_first():
    text = (
        "tasks:\n  a:\n    loss:\n    - huber\n    - {type: huber}\n    - {name: huber, type: l2}\n"
    )
    assert told(text) == [
        ("duplicate-name", "huber", ["huber: first here"]),
        ("duplicate-name", "huber", ["huber: first here"]),
    ]


def test_a_misspelt_field_is_not_missing_too():
    assert [code for code, *_ in told("tasks: {a: {losss: huber}}")] == ["unknown-field"]
    assert [code for code, *_ in told("taks: {a: {loss: huber}}")] == ["unknown-field"]
    text = "tasks: {a: {loss: {type: triplet, anchro: y_pred.a, negative: y_pred.b}}}"
    assert [(code, marked) for code, marked, _ in told(text)] == [
        ("missing-field", "{type: triplet, anchro: y_pred.a, negative: y_pred.b}"),
        ("unknown-field", "anchro"),
    ]


def test_fields_that_are_missing_together_are_told_together():
    (problem,) = check_spec({"tasks": {"a": {"loss": "triplet"}}})
    assert problem.message == "the fields `anchor`, `positive`, `negative` are required"


def test_what_stands_beside_tasks_explains_that_they_are_missing():
    (problem,) = check_spec({"loss": "huber"})
    help = "every task has a `loss:` of its own, below `tasks:` and its name"
    assert (problem.code, problem.help) == ("unknown-field", help)
    (problem,) = check_spec({"depth": {"loss": "huber"}})
    assert problem.help == "a task stands below `tasks:`, indented by two blanks: `  depth:`"
    (problem,) = check_spec({"reduction": "sum"})
    assert problem.code == "missing-field"


def test_a_task_without_its_tensors_is_one_problem():
    text = PAIR + "  c: {loss: [huber, silog]}\n"
    assert told(text) == [("unknown-tensor", "c", [])]


def test_an_alias_shows_where_it_is_used():
    text = "tasks:\n  a: {loss: &x {type: huber, detla: 2}}\n  b: {loss: *x}\n  c: {loss: [*x]}\n"
    assert told(text) == [("unknown-field", "detla", ["*x: used here", "*x: used here"])]


def test_what_is_not_declared_has_no_place():
    assert all(
        not p.places for p in check_spec({"tasks": {"a": {"loss": "huber", "mask": "y_true"}}})
    )
