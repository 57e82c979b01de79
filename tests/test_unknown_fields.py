"""Fields that there are not: what is said instead of them, by their place."""

from __future__ import annotations

import pytest

from composer import SpecError, parse_spec

TASK = "tasks: {{a: {{loss: huber, {}: {}}}}}"
LOSS = "tasks: {{a: {{loss: {{type: {}, {}: {}}}}}}}"
PER_CLASS = "name a list under `constants:` and write `weight: take(name, y_true)`"


def told(text: str) -> tuple[str, str | None]:
    with pytest.raises(SpecError) as caught:
        parse_spec(text)
    (problem,) = caught.value.problems
    assert problem.code == "unknown-field"
    return problem.message, problem.help


@pytest.mark.parametrize(
    ("loss", "value", "help"),
    [
        ("softmax_cross_entropy", "true", "`softmax_cross_entropy` takes logits; leave it out"),
        ("sigmoid_focal", "false", "`sigmoid_focal` takes logits; leave it out, "
         "and the model's softmax or sigmoid too"),
        ("dice", "false", "`dice` takes probabilities; leave it out"),
        ("log_loss", "true", "`log_loss` takes probabilities; leave it out; "
         "logits become probabilities by `softmax(…)` or `sigmoid(…)`"),
        ("huber", "true", "fields: `type`, `name`, `weight`, `mask`, `reduction`, `y_true`, "
         "`y_pred`, `delta`"),
    ],
)  # fmt: skip
def test_from_logits_is_no_switch_here(loss: str, value: str, help: str):
    message = f"there is no field `from_logits` in the loss `{loss}`"
    assert told(LOSS.format(loss, "from_logits", value)) == (message, help)


@pytest.mark.parametrize(
    ("name", "value", "help"),
    [
        ("ignore_index", "255", "write `mask: y_true != 255`"),
        ("ignore_class", "-1", "write `mask: y_true != -1`"),
        ("ignore_index", "[254, 255]", "did you mean `mask`?"),
        ("labels", "y_true.b", "did you mean `y_true`?"),
        ("class_weights", "[1, 2]", PER_CLASS),
    ],
)
@pytest.mark.parametrize("in_a_task", [True, False])
def test_words_of_other_libraries(name: str, value: str, help: str, in_a_task: bool):
    text = TASK.format(name, value) if in_a_task else LOSS.format("huber", name, value)
    where = "a task" if in_a_task else "the loss `huber`"
    assert told(text) == (f"there is no field `{name}` in {where}", help)


@pytest.mark.parametrize(
    ("name", "help"),
    [
        ("loss_weights", "every task has a `weight:` of its own"),
        ("weight", "every task has a `weight:` of its own"),
        ("losses", "every task has a `loss:` of its own"),
        ("heads", "did you mean `tasks`?"),
        ("class_weight", PER_CLASS),
        ("balance", "learned weights are not there yet; until then a batch tensor may be a weight"),
        ("trainer", "fields: `tasks`, `tensors`, `constants`, `reduction`, `regularization`"),
    ],
)
def test_words_at_the_top(name: str, help: str):
    text = f"tasks: {{a: {{loss: huber}}}}\n{name}: {{a: 1}}"
    assert told(text) == (f"there is no field `{name}` in a spec", help)


@pytest.mark.parametrize(
    ("task", "name", "help"),
    [
        ("loss: huber, delta: 0.5", "delta",
         "it belongs to the loss: `loss: {type: huber, delta: 0.5}`"),
        ("loss: {type: huber}, delta: 0.5", "delta", "it belongs to the loss, beside its `type:`"),
        ("loss: [silog, huber], delta: 0.5", "delta", "it belongs to the loss, beside its `type:`"),
        ("loss: huber, smoothing: 0.5", "smoothing", "fields: `loss`, `weight`, `mask`, `y_true`, "
         "`y_pred`"),
        ("loss: huber, reduction: sum", "reduction",
         "it belongs to a loss, or to the top of the spec, for all losses"),
        ("weight: 1, loss: huber, wieght: 2", "wieght", "did you mean `weight`?"),
    ],
)  # fmt: skip
def test_a_field_beside_its_loss(task: str, name: str, help: str):
    assert told(f"tasks: {{a: {{{task}}}}}") == (f"there is no field `{name}` in a task", help)


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("tasks: {a: {loss: huber}}\nb: {loss: huber}",
         "a task stands below `tasks:`, indented by two blanks: `  b:`"),
        ("tasks: {a: {loss: huber}}\ncontants: {loss: 1}", "did you mean `constants`?"),
    ],
)  # fmt: skip
def test_a_task_in_the_column_of_tasks(text: str, help: str):
    name = text.split("\n")[1].split(":")[0]
    assert told(text) == (f"there is no field `{name}` in a spec", help)


def test_a_field_that_is_merged_in_may_be_meant():
    text = "tasks:\n  x: &x {loss: huber, weight: 1}\n  a:\n    <<: *x\n    wieght: 2\n"
    with pytest.raises(SpecError) as caught:
        parse_spec(text)
    ((edit,),) = [problem.edits for problem in caught.value.problems]
    assert (text[edit.start : edit.end], edit.text) == ("wieght", "weight")


@pytest.mark.parametrize(
    ("loss", "code", "message", "help"),
    [
        ("{typ: huber}", "unknown-field", "there is no field `typ` in a loss",
         "did you mean `type`?"),
        ("{kind: huber, delta: 1}", "unknown-field", "there is no field `kind` in a loss",
         "did you mean `type`?"),
        ("{name: huber}", "missing-field", "a loss has a `type`",
         "write `type: huber` instead of `name:`"),
        ("{name: a, delta: 1}", "missing-field", "a loss has a `type`",
         "write `type: huber`, for example"),
    ],
)  # fmt: skip
def test_a_loss_without_its_type(loss: str, code: str, message: str, help: str):
    with pytest.raises(SpecError) as caught:
        parse_spec(f"tasks: {{a: {{loss: {loss}}}}}")
    (problem,) = caught.value.problems
    assert (problem.code, problem.message, problem.help) == (code, message, help)


@pytest.mark.parametrize("task", ["{type: huber}", "{type: huber, delta: 2, reduction: sum}"])
def test_a_loss_without_its_key_is_one_problem(task: str):
    help = "a loss stands below `loss:`, with its `type:` and its parameters"
    assert told(f"tasks: {{a: {task}}}") == ("there is no field `type` in a task", help)


def test_a_file_of_losses_is_given_beside_the_spec():
    help = "a spec never names Python objects; give a loss of your own with `losses=` or `--losses`"
    text = "losses: mine.py\ntasks: {a: {loss: huber}}"
    assert told(text) == ("there is no field `losses` in a spec", help)
