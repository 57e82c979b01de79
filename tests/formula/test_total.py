"""The total as a formula: its factors, symbols and divisors, in text and in LaTeX."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from composer import parse_spec
from composer.formula.as_latex import latex_of_total
from composer.formula.as_text import definitions, text_of_parameter, text_of_total
from tests.formula.setting import rows_of, set_in_type
from tests.predictions import errors, parsed
from tests.random_specs import cases

MASK, WEIGHT = "mask: y_true.known", "weight: y_true.trust"


def spec(fields, rest=""):
    return parse_spec(f"tasks: {{a: {{{', '.join(fields)}}}}}\n{rest}")


def first_line(*fields, rest=""):
    return next(text_of_total(spec(fields, rest))).removeprefix("total = ")


@pytest.mark.parametrize(
    ("fields", "product", "divisors"),
    [
        ([], "", ["N", "N", "N"]),
        ([MASK], "K·", ["#(K)", "#(K)", "#(K)"]),
        ([WEIGHT], "W·", ["#(W ≠ 0)", "Σ W", "N"]),
        ([MASK, WEIGHT], "K·W·", ["#(K·W ≠ 0)", "Σ K·W", "#(K)"]),
    ],
)
def test_divisors(fields, product, divisors):
    total = f"Σ {product}absolute_difference(y_true.a, y_pred.a)"
    names = ["sum_by_nonzero_weights", "weighted_mean", "sum_over_batch_size", "sum"]
    expected = [*(f"{total} / {divisor}" for divisor in divisors), total]
    found = [
        first_line("loss: absolute_difference", *fields, rest=f"reduction: {name}")
        for name in names
    ]
    assert found == expected


@pytest.mark.parametrize(
    ("task", "loss", "text", "latex"),
    [
        ("1", "1", "", ""),
        ("0.5", "1.0", "0.5 · ", r"0.5 \cdot "),
        ("0.5", "0.1", "0.5 · 0.1 · ", r"0.5 \cdot 0.1 \cdot "),
        ("2", "-1", "2 · (-1) · ", r"2 \cdot \left(-1\right) \cdot "),
        ("step % 3 * 2", "1", "step % 3 * 2 · ", r"\mathrm{step} \operatorname{mod} 3 \cdot 2 \cdot "),
        ("2", "step % 3", "2 · (step % 3) · ", r"2 \cdot \left(\mathrm{step} \operatorname{mod} 3\right) \cdot "),
        ("1 + step", "1", "(1 + step) · ", r"\left(1 + \mathrm{step}\right) \cdot "),
        ("half", "1", "half · ", r"\mathrm{half} \cdot "),
        ("3 * y_true.w / half", "2", "3 / half · 2 · ", r"\frac{3 \cdot 2}{\mathrm{half}} \cdot "),
        ("y_true.w / half", "1", "1 / half · ", r"\frac{1}{\mathrm{half}} \cdot "),
    ],
)  # fmt: skip
def test_scalar_factors_stand_before_the_sum(task, loss, text, latex):
    told = spec(
        [f'weight: "{task}"', f'loss: {{type: l2, weight: "{loss}", reduction: sum}}'],
        "constants: {half: 0.5}",
    )
    is_tensor = "y_true" in task
    lines = list(text_of_total(told))
    assert lines[0] == f"total = {text}Σ {'W·' * is_tensor}l2(y_pred.a)"
    row = rows_of(latex_of_total(told))[0]
    weight = r"W_{1} \, " * is_tensor
    prediction = r"\hat{y}_{\mathrm{a}}"
    expected = rf"{latex}\sum {weight}\operatorname{{l2}}\left({prediction}\right)"
    assert row == rf"\mathrm{{total}} = {expected}"


WHOLE = """
constants: {table: [1, 2]}
tasks:
  a:
    mask: y_true > 0 or y_pred > 0
    weight: 0.5 * y_true.trust
    loss:
      - {type: huber, mask: y_true.known and step > 3, weight: y_pred + 1, reduction: weighted_mean}
      - {type: silog, lambda: 0.85, weight: last_axis(table), name: scale free}
  b:
    loss: {type: dice, per: batch, mask: y_true.known}
  c:
    loss: {type: weighted_cross_entropy, pos_weight: [1, 2, 3, 4, 5, 6, 7, 8, 9]}
  d:
    loss: {type: triplet, anchor: y_pred.a, positive: y_pred.b, negative: "softmax(y_pred.c)"}
regularization: {weight: "0.1 * ramp(step, 0, 9)"}
"""
TEXT = """\
total = 0.5 · Σ K·W·huber(y_true.a, y_pred.a; delta=1.0) / Σ K·W
            a/huber:  K = (y_true.a > 0 or y_pred.a > 0) and y_true.known and step > 3,  W = y_true.trust · (y_pred.a + 1)
      + 0.5 · Σ K·W·silog(y_true.a, y_pred.a; keep, lambda=0.85, root=false) / #(K·W ≠ 0)
            a/scale free:  keep = y_true.a > 0 or y_pred.a > 0,  K = any(keep) for each sample,  W = y_true.trust · last_axis(table)
      + Σ K·dice(y_true.b, y_pred.b; keep, per="batch", smooth=1.0, sparse=false) / #(K)
            b/dice:  keep = y_true.known,  K = any(keep) over the batch
      + Σ weighted_cross_entropy(y_true.c, y_pred.c; pos_weight=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, … 9 in all]) / N
            c/weighted_cross_entropy
      + Σ triplet(anchor=y_pred.a, positive=y_pred.b, negative=softmax(y_pred.c); margin=1.0, distance="squared_euclidean") / N
            d/triplet
      + 0.1 * ramp(step, 0, 9) · Σ regularization"""


def test_a_whole_total():
    assert "\n".join(text_of_total(parse_spec(WHOLE))) == TEXT


def test_what_means_the_same_has_one_symbol():
    told = parse_spec(
        "tasks: {a: {mask: y_true > 0, loss: [huber, l2, {type: silog, weight: y_true.w}]}}"
    )
    rows = rows_of(latex_of_total(told))
    assert [row.partition(" = ")[0] for row in rows[3:]] == [
        "K_{1}", r"\mathrm{keep}_{1}", "K_{2}", "W_{1}",
    ]  # fmt: skip


def test_what_a_loss_computes_comes_from_its_documentation():
    told = parse_spec("tasks: {a: {loss: [huber, silog]}, b: {loss: huber}}")
    assert list(definitions(told)) == [
        "huber: values = 0.5·e² where |e| ≤ delta, else delta·(|e| − 0.5·delta),   e = y_pred − y_true",
        "silog: values = mean d² − lambda·(mean d)²,   d = log y_pred − log y_true over the elements kept",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.5"), (True, "true"), ("image", '"image"'), ([0.5, 1], "[0.5, 1]")],
)
def test_parameters(value, text):
    assert text_of_parameter(value) == text


LONG = " + ".join(["y_true"] * 50)


def test_what_would_fill_pages_stays_as_it_is_written():
    told = parse_spec(
        f"tasks: {{a: {{y_true: '{LONG}', loss: {{type: huber, weight: '{LONG}', y_true: '{LONG}'}}}}}}"
    )
    role, weight = list(text_of_total(told))
    assert role.startswith(f"total = Σ W·huber({LONG}, y_pred.a; delta=1.0)")
    assert weight.endswith(f"W = {LONG}")
    assert all(map(len, rows_of(latex_of_total(told))))


def test_a_long_list_of_numbers_is_written_whole():
    numbers = ",".join(["0"] * 900)
    told = parse_spec(
        f"tasks: {{a: {{weight: 'piecewise(step,[1,2],[{numbers}])', loss: l2,"
        f" mask: 'y_pred in [{numbers}]'}}}}"
    )
    total, symbols = text_of_total(told)
    listed = numbers.replace(",", ", ")
    assert total == f"total = piecewise(step, [1, 2], [{listed}]) · Σ K·l2(y_pred.a) / #(K)"
    assert symbols.endswith(f"K = y_pred.a in [{listed}]")
    assert len(latex_of_total(told)) > 2 * len(listed)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases())
def test_the_total_of_any_sound_spec_can_be_set(case):
    if errors(case.named()):
        return
    told = parsed(case.named())
    for row in rows_of(latex_of_total(told)):
        set_in_type(row)
    assert sum("Σ " in line for line in text_of_total(told)) >= len(told.tasks)
