"""Terms computed together: the same numbers and gradients as one by one."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from tests.joined import HEADS, HUBER, PLAIN, WAYS, batch_of, build, check, each, groups, run
from tests.matrix import CASES, REDUCTIONS, STEP, per_replica


def replicated(case, dtype):
    """Tasks with the loss of a case in all reductions, each with its own order of the samples."""
    drawn = case.drawn(dtype)
    tasks, y_true, y_pred = {}, {}, {}
    for shift, name in enumerate(HEADS):
        roles = {role: f"{side}.{name}.{tensor}" for role, (side, tensor) in case.places.items()}
        losses = [{**case.entry, **roles, "name": x, "reduction": x} for x in REDUCTIONS]
        weight = case.weight(f"y_true.{name}.weight")
        tasks[name] = {"mask": f"y_true.{name}.mask", "weight": weight, "loss": losses}
        y_true[name] = {key: np.roll(x, shift, 0) for key, x in drawn.y_true.items()}
        y_pred[name] = {key: np.roll(x, shift, 0) for key, x in drawn.y_pred.items()}
    return tasks, (y_true, y_pred)


OTHERS = ("float16", "float64")


def every_loss():
    """Every case × way, and some of the dtypes; quick: every loss in one way."""
    runs = [*((way, "float32") for way in WAYS), *itertools.product(("eager", "unknown"), OTHERS)]
    turns = itertools.cycle(("eager", "graph", "eager", "unknown"))
    found = []
    for case in CASES:
        quick = (next(turns), "float32") if case.place == 0 else None
        for way, dtype in runs:
            marks = () if (way, dtype) == quick else (pytest.mark.full,)
            found.append(pytest.param(case, way, dtype, marks=marks, id=f"{case.id}-{way}-{dtype}"))
    return pytest.mark.parametrize(("case", "way", "dtype"), found)


@every_loss()
def test_every_loss_gives_the_same_joined_and_alone(case, way, dtype):
    tasks, batch = replicated(case, dtype)
    is_joined = not case.loss.state() and case.loss.coupling != "batch"
    check(tasks, batch, way, joined=is_joined, options={"step": STEP, "training": False})


SPECS = {
    "one mask for all": each({"mask": "y_true.valid > 0", **HUBER}),
    "one prediction for all": each({"y_pred": "y_pred.valid", **HUBER}),
    "the same tensors for all": each({"y_true": "y_true.a", "y_pred": "y_pred.b", **HUBER}),
    "masks of the task and of the loss": each(
        {"mask": "y_true > -1", "loss": {"type": "huber", "mask": "y_pred < 1"}}
    ),
    "weights of both": each(
        {"weight": "0.5 * y_true", "loss": {"type": "huber", "weight": "exp(y_true) / 4"}}
    ),
    "a mask of the step": each({"mask": "step > 2 and y_true > 0", **HUBER}),
    "a mask that is a number": each({"mask": "step > 2", **HUBER}),
    "constants": each({"mask": "y_true < limit", "weight": "limit * last_axis(vector)", **HUBER}),
    "tables": each(
        {"y_true": "take(table, 1 * (y_true.# > 0))", "weight": "take(table, 1 * (y_pred.# > 0))",
         **HUBER}
    ),
    "classes": each({"y_true": "one_hot(argmax(y_true.#), 3)", "loss": "softmax_cross_entropy"}),
    "numbers of classes": each(
        {"y_true": "argmax(y_true.#)", "loss": "sparse_softmax_cross_entropy"}
    ),
    "computed roles": each(
        {"y_pred": "log(square(y_pred.#) + 1)[..., 1:]", "y_true": "y_true.#[..., :2]", **HUBER}
    ),
    "a computed role of which a part counts": each(
        {"y_pred": "sqrt(y_pred.#)", "mask": "y_pred.# > 0", **HUBER}
    ),
    "a computed role, weighted by the step": each(
        {"y_pred": "exp(y_pred.#)", "weight": "ramp(step, 0, 9)", **HUBER}
    ),
    "reduced roles": each({"y_pred": "mean(y_pred.#)", "y_true": "sum(y_true.#)", **HUBER}),
    "one schedule": each({"weight": "ramp(step, 0, 9)", **HUBER}),
    "schedules": {
        name: {"weight": f"{n} * ramp(step, 0, {n % 2 + 7}) / (step + 1)", **HUBER}
        for n, name in enumerate(HEADS)
    },
    "regions": each(
        {"y_true": "exp(y_true.#)", "y_pred": "exp(y_pred.#)", "mask": "y_true.# > 0",
         "loss": ["silog", "mean_pairwise_squared_error"]}
    ),
    "constants of 0": each({"weight": 0, **HUBER}),
    "others between them": {"x": {"y_true": "y_true.a", "y_pred": "y_pred.b", "loss": "hinge"}}
    | PLAIN,
}  # fmt: skip
CONSTANTS = {"limit": 0.75, "vector": [0.5, 0, 2], "table": [0.25, -1]}


def every_part():
    """Every spec × way; quick: every spec in one way."""
    found = []
    for place, (name, way) in enumerate(itertools.product(SPECS, ("eager", "unknown", "xla"))):
        marks = () if place % 6 in (0, 4) else (pytest.mark.full,)
        found.append(pytest.param(name, way, marks=marks))
    return pytest.mark.parametrize(("name", "way"), found)


@every_part()
def test_every_part_of_a_term_is_joined(name, way):
    tasks = SPECS[name]
    text = json.dumps(tasks)
    read = {key: value for key, value in CONSTANTS.items() if key in text}
    top = {"constants": read} if read else {}
    options = {"step": 3} if "step" in text else {}
    batch = batch_of((*HEADS, "valid"), (6, 3))
    check(tasks, batch, way, options=options, **top)


@pytest.mark.parametrize("way", ["eager", "graph", pytest.param("xla", marks=pytest.mark.full)])
@pytest.mark.parametrize(("step", "weights"), [(4, [0, 0, 0, 0]), (5, [1, 0, 3, 4])])
def test_flags_denominators_and_schedules_are_those_of_each_term(step, weights, way):
    import tensorflow as tf

    tasks = {
        name: {"weight": f"piecewise(step, [5], [0, {n + 1}])", **HUBER}
        for n, name in enumerate(HEADS)
    }
    skip = {"b/huber": tf.constant(True), "c/huber": tf.constant(False)}
    given = {f"{name}/huber": 2.0 + n for n, name in enumerate(HEADS)}
    options = {"step": step, "skip": skip, "denominators": given}
    _, rows, _, _ = check(tasks, batch_of(HEADS), way, options=options)
    assert [float(row.weight) for row in rows.values()] == weights
    assert [float(row.denominator) for row in rows.values()] == [2, 3, 4, 5]


def test_a_hundred_terms_take_few_operations():
    """By hand they are about 35 for each."""
    import tensorflow as tf

    names = [f"t{n}" for n in range(100)]
    masked = {"mask": "isfinite(y_true)", "weight": "0.5 * cosine(step, 0, 100)"}
    losses = ("huber", "mean_squared_error")
    total_loss = build({name: {**masked, "loss": losses[n % 2]} for n, name in enumerate(names)})
    y_true, y_pred = batch_of(names)

    @tf.function(autograph=False)
    def step(y_true, y_pred):
        with tf.GradientTape() as tape:
            tape.watch(y_pred)
            total, _ = total_loss(y_true, y_pred, step=3)
        return total, tape.gradient(total, y_pred)

    graph = step.get_concrete_function(y_true, y_pred).graph
    arguments = {"Placeholder", "Identity"}
    operations = [op.type for op in graph.get_operations() if op.type not in arguments]
    assert len(operations) < 400
    assert operations.count("Cos") == 1


def test_a_constant_weight_takes_one_operation():
    import tensorflow as tf

    tasks = {name: {"weight": f"{n + 1} / 4 * exp(half)", **HUBER} for n, name in enumerate(HEADS)}
    total_loss = build(tasks, constants={"half": 0.5})
    batch = batch_of(HEADS)
    _, rows, _, _ = check(tasks, batch, "graph", constants={"half": 0.5})
    expected = [(n + 1) / 4 * np.exp(0.5) for n in range(4)]
    np.testing.assert_allclose([row.weight for row in rows.values()], expected, rtol=1e-7)
    graph = tf.function(total_loss, autograph=False).get_concrete_function(*batch).graph
    outputs = [tensor for op in graph.get_operations() for tensor in op.outputs]
    assert not any(tensor.dtype == tf.float64 for tensor in outputs)
    assert groups(total_loss, *batch)


def test_replicas_add_up_what_is_joined(strategy):
    import tensorflow as tf

    tasks = each({"mask": "y_true > 0", **HUBER})
    y_true, y_pred = batch_of(HEADS)
    total, rows, _, gradients = run(build(tasks), (y_true, y_pred))
    total_loss = build(tasks)

    def share(y_true, y_pred):
        with tf.GradientTape() as tape:
            tape.watch(y_pred)
            total, rows = total_loss(y_true, y_pred)
        return total, rows["c/huber"].loss, tape.gradient(total, y_pred)["c"]

    shards = [
        {name: per_replica(strategy, array, (2, 4)) for name, array in side.items()}
        for side in (y_true, y_pred)
    ]
    found = tf.function(lambda: strategy.run(share, shards), autograph=False)()
    totals, losses, slopes = map(strategy.experimental_local_results, found)
    np.testing.assert_allclose(sum(totals), total, rtol=1e-6)
    np.testing.assert_allclose(sum(losses), rows["c/huber"].loss, rtol=1e-6)
    np.testing.assert_allclose(np.concatenate(slopes), gradients["c"], rtol=1e-6)
