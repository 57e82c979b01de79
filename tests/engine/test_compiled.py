"""The loss compiled by itself: the same numbers, nothing large in between, nothing communicated."""

from __future__ import annotations

import copy

import numpy as np
import pytest

SPEC = {
    "tasks": {
        "scene": {"loss": "sparse_softmax_cross_entropy", "mask": "y_true != 255"},
        "depth": {
            "mask": "y_true > 0",
            "weight": "ramp(step, 0, 10)",
            "loss": {"type": "huber", "weight": "y_true.sure"},
        },
        "pose": {"loss": {"type": "cosine_distance", "normalize": True}, "weight": 0},
        "soft": {"loss": {"type": "softmax_cross_entropy", "reduction": "sum"}},
    },
    "regularization": {"weight": 0.5},
}


def as_tensors(arrays):
    import tensorflow as tf

    return {name: tf.constant(array) for name, array in arrays.items()}


def batch(samples=4, pixels=6):
    rng = np.random.RandomState(3)

    def normal(*shape):
        return rng.normal(size=(samples, *shape)).astype("float32")

    y_true = {
        "scene": rng.randint(0, 3, [samples, pixels]),
        "depth": np.abs(normal(pixels)),
        "sure": np.abs(normal()),
        "pose": normal(4),
        "soft": np.abs(normal(3)),
    }
    y_true["scene"][0, 1], y_true["depth"][1, :2] = 255, 0
    y_pred = {
        "scene": normal(pixels, 3),
        "depth": normal(pixels),
        "pose": normal(4),
        "soft": normal(3),
    }
    y_pred["scene"][0, 1] = np.nan  # ignored
    return as_tensors(y_true), as_tensors(y_pred)


def build(jit_compile, spec=SPEC):
    from composer import build_total_loss

    return build_total_loss(spec, jit_compile=jit_compile)


def differentiate(total_loss, y_true, y_pred, **arguments):
    """Total, rows, and the gradients for the predictions, the soft labels and the penalty."""
    import tensorflow as tf

    penalty = tf.constant(2.0)
    with tf.GradientTape() as tape:
        sources = (y_pred, y_true["soft"], penalty)
        tape.watch(sources)
        total, rows = total_loss(y_true, y_pred, step=5, regularization=[penalty], **arguments)
    return total, rows, tape.gradient(total, sources)


def assert_alike(found, wanted):
    import tensorflow as tf

    for a, b in zip(tf.nest.flatten(found), tf.nest.flatten(wanted), strict=True):
        if b is None:
            assert a is None
        else:
            np.testing.assert_allclose(a, b, rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("mode", ["eager", "graph", "xla"])
def test_a_loss_compiled_by_itself_gives_the_same_total_rows_and_gradients(mode):
    import tensorflow as tf

    def run(total_loss):
        return differentiate(total_loss, *batch())

    total_loss = build(jit_compile=True)
    if mode != "eager":
        run = tf.function(run, jit_compile=mode == "xla", autograph=False)
    found, wanted = run(total_loss), differentiate(build(jit_compile=False), *batch())
    assert_alike(found, wanted)
    assert list(found[1]) == list(total_loss.names)
    assert np.isfinite(found[2][0]["scene"]).all()
    assert found[2][0]["pose"] is None  # of weight 0, for which nothing is computed


def test_flags_and_denominators_reach_the_compiled_loss():
    y_true, y_pred = batch()
    given = {"scene/sparse_softmax_cross_entropy": 7.0, "depth/huber": 3.0, "regularization": 2.0}
    given["pose/cosine_distance"] = 1.0
    arguments = {"denominators": given, "skip": {"depth/huber": True, "regularization": True}}
    found = differentiate(build(jit_compile=True), y_true, y_pred, **arguments)
    assert_alike(found, differentiate(build(jit_compile=False), y_true, y_pred, **arguments))
    assert float(found[1]["scene/sparse_softmax_cross_entropy"].denominator) == 7
    assert not np.any(found[2][0]["depth"])
    assert float(found[2][2]) == 0


def test_one_row_alone_can_be_differentiated():
    import tensorflow as tf

    y_true, y_pred = batch()
    found = []
    for jit_compile in (True, False):
        with tf.GradientTape() as tape:
            tape.watch(y_pred)
            rows = build(jit_compile)(y_true, y_pred, step=5, regularization=[])[1]
        found.append(tape.gradient(rows["depth/huber"].loss, y_pred, unconnected_gradients="zero"))
    assert_alike(*found)
    assert np.any(found[0]["depth"])


@pytest.mark.parametrize(("asked", "expected"), [("row", False), ("total", True)])
def test_of_rows_that_nobody_asks_for_no_gradient_is_computed(asked, expected):
    import tensorflow as tf

    tasks = {"a": {"loss": "mean_squared_error"}, "b": {"loss": "absolute_difference"}}
    total_loss = build("auto", {"tasks": tasks})
    sizes = [tf.TensorSpec([2**16])] * 2

    @tf.function(autograph=False)
    def step(a, b):
        with tf.GradientTape() as tape:
            tape.watch(a)
            total, rows = total_loss({"a": b, "b": b}, {"a": a, "b": a})
            target = total if asked == "total" else rows["a/mean_squared_error"].weighted
        return tape.gradient(target, a)

    backward, *_ = calls(step, *sizes)
    body = step.get_concrete_function(*sizes).graph._get_function(backward.get_attr("f").name)
    of_absolute_values = [op for op in body.graph.get_operations() if op.type == "Sign"]
    assert bool(of_absolute_values) is expected


@pytest.mark.parametrize("mode", ["eager", "graph"])
def test_second_derivatives_come_through(mode):
    import tensorflow as tf

    y_true, y_pred = batch()

    def product(jit_compile):
        total_loss = build(jit_compile)

        def run():
            with tf.GradientTape() as outer:
                outer.watch(y_pred)
                with tf.GradientTape() as inner:
                    inner.watch(y_pred)
                    total = total_loss(y_true, y_pred, step=5, regularization=[])[0]
                slopes = inner.gradient(total, y_pred, unconnected_gradients="zero")
                along = tf.add_n(
                    [
                        tf.reduce_sum(slopes[key] * (1 + y_pred[key] ** 2))
                        for key in ("soft", "depth")
                    ]
                )
            return outer.gradient(along, y_pred, unconnected_gradients="zero")

        return run() if mode == "eager" else tf.function(run, autograph=False)()

    found = product(jit_compile=True)
    assert_alike(found, product(jit_compile=False))
    assert np.any(found["soft"])


def calls(function, *arguments):
    """The compiled functions that the outputs of a graph need, in order."""
    outputs = function.get_concrete_function(*arguments).graph.outputs
    found, seen, left = [], set(), [each.op for each in outputs]
    while left:
        op = left.pop()
        if op.name in seen:
            continue
        seen.add(op.name)
        found += [op] if "PartitionedCall" in op.type else []
        left += [each.op for each in op.inputs]
    return found


LARGE = {"tasks": {"s": {"loss": "sparse_softmax_cross_entropy", "mask": "y_true != 255"}}}


def step_of(total_loss, watched=("y_pred",)):
    import tensorflow as tf

    @tf.function(autograph=False)
    def step(labels, logits):
        with tf.GradientTape() as tape:
            tape.watch([logits] if watched == ("y_pred",) else [labels, logits])
            total, rows = total_loss({"s": labels}, {"s": logits})
        sources = logits if watched == ("y_pred",) else [labels, logits]
        return total, rows, tape.gradient(total, sources)

    return step


def test_between_forward_and_backward_lie_only_sums_of_rows():
    import tensorflow as tf

    sizes = [tf.TensorSpec([2, 64, 64], tf.int32), tf.TensorSpec([2, 64, 64, 9], tf.float32)]
    forward, backward = sorted(
        calls(step_of(build("auto", LARGE)), *sizes), key=lambda op: len(op.outputs), reverse=True
    )
    assert max(each.shape.num_elements() for each in forward.outputs) == 2 * 64 * 64
    assert [each.shape for each in backward.outputs] == [[2, 64, 64, 9]]


def test_nobody_computes_the_gradient_of_targets_that_nobody_asks_for():
    import tensorflow as tf

    spec = {"tasks": {"s": {"loss": "softmax_cross_entropy"}}}
    sizes = [tf.TensorSpec([2, 64, 64, 9]), tf.TensorSpec([2, 64, 64, 9])]
    one = calls(step_of(build("auto", spec)), *sizes)
    both = calls(step_of(build("auto", spec), watched=("y_true", "y_pred")), *sizes)
    assert (len(one), len(both)) == (2, 3)


def test_a_compiled_loss_communicates_outside_of_itself(strategy):
    import tensorflow as tf

    def run(jit_compile):
        total_loss = build(
            jit_compile, {"tasks": {"t": {"loss": "absolute_difference", "mask": "y_true.k"}}}
        )

        @tf.function(autograph=False)
        def step(target, keep, pred):
            return total_loss({"t": target, "k": keep}, {"t": pred})[0]

        values = strategy.experimental_distribute_values_from_function
        keeps, preds = [[True, False], [True, True]], [[1.0, 50.0], [8.0, 16.0]]
        arguments = [
            values(lambda each, of=of: tf.constant(of[each.replica_id_in_sync_group]))
            for of in ([[0.0, 0.0]] * 2, keeps, preds)
        ]
        shares = strategy.run(step, args=arguments)
        return strategy.reduce("SUM", shares, axis=None)

    # (1 + 8 + 16) / 3, of which each replica has its share.
    assert float(run(jit_compile=True)) == pytest.approx(25 / 3)
    assert float(run(jit_compile=True)) == float(run(jit_compile=False))


def test_centers_move_once_and_outside():
    y_true, y_pred = {"e": np.array([0, 1, 1])}, {"e": np.eye(3, 2, dtype="float32")}
    spec = {"tasks": {"e": {"loss": {"type": "center", "num_classes": 2, "embedding_size": 2}}}}
    moved = []
    for jit_compile in (True, False):
        total_loss = build(jit_compile, spec)
        for _ in range(3):
            total_loss(y_true, y_pred)
        moved.append(total_loss.state.by_term["e/center"]["centers"].numpy())
    np.testing.assert_allclose(*moved, rtol=1e-6)
    assert np.any(moved[0])


def test_a_copy_compiles_anew():
    total_loss = build(jit_compile=True, spec={"tasks": {"t": {"loss": "l2"}}})
    arguments = {"t": np.zeros(2, "float32")}, {"t": np.array([1, 3], "float32")}
    assert (
        float(total_loss(*arguments)[0]) == float(copy.deepcopy(total_loss)(*arguments)[0]) == 2.5
    )


def test_what_does_not_fit_is_told_as_ever():
    from composer import SpecError

    y_true, y_pred = batch()
    messages = []
    for jit_compile in (True, False):
        with pytest.raises(SpecError) as info:
            build(jit_compile)(
                y_true, y_pred | {"depth": y_pred["soft"]}, step=5, regularization=[]
            )
        messages.append(str(info.value))
    assert messages[0] == messages[1]
    assert "`huber` takes" in messages[0]


def test_labels_out_of_range_are_nan_in_their_row_alone():
    y_true, y_pred = batch()
    y_true["scene"] += 7
    rows = build(jit_compile=True)(y_true, y_pred, step=5, regularization=[])[1]
    finite = {name: bool(np.isfinite(row.loss)) for name, row in rows.items()}
    assert [name for name in finite if not finite[name]] == ["scene/sparse_softmax_cross_entropy"]


def test_a_center_trains_and_moves():
    import tensorflow as tf

    center = {"type": "center", "num_classes": 2, "embedding_size": 2}
    total_loss = build(jit_compile=True, spec={"tasks": {"e": {"loss": center}}})
    embedding = tf.constant([[2.0, 4.0]])
    with tf.GradientTape() as tape:
        tape.watch(embedding)
        total = total_loss({"e": np.array([1])}, {"e": embedding})[0]
    assert tape.gradient(total, embedding).numpy().tolist() == [[2, 4]]


@pytest.mark.parametrize("reduction", ["sum_by_nonzero_weights", "weighted_mean"])
def test_divisors_that_are_sums_go_before_what_the_losses_remember(reduction):
    loss = {"type": "huber", "weight": "y_true.sure", "reduction": reduction}
    tasks = SPEC["tasks"] | {"depth": {"mask": "y_true > 0", "loss": loss}}
    spec = {"tasks": {name: tasks[name] for name in ("depth", "scene", "soft")}}
    y_true, y_pred = batch()
    found = [total_and_gradient(build(each, spec), y_true, y_pred) for each in (True, False)]
    assert_alike(*found)


def total_and_gradient(total_loss, y_true, y_pred):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        total = total_loss(y_true, y_pred)[0]
    return total, tape.gradient(total, y_pred)


def test_a_gradient_of_nothing_is_zeros():
    import tensorflow as tf

    total_loss = build(jit_compile=True, spec={"tasks": {"t": {"loss": "mean_squared_error"}}})
    x = tf.constant([1.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        nothing = total_loss({"t": tf.zeros(2)}, {"t": x})[0] * 0.0
    assert tape.gradient(nothing, x).numpy().tolist() == [0, 0]


def test_a_loss_behind_a_condition_is_differentiated():
    import tensorflow as tf

    total_loss = build(jit_compile=True, spec={"tasks": {"t": {"loss": "mean_squared_error"}}})

    @tf.function(autograph=False)
    def gradient(x, is_wanted):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.cond(
                is_wanted, lambda: total_loss({"t": 0 * x}, {"t": 1 * x})[0], lambda: 0.0
            )
        return tape.gradient(total, x)

    assert gradient(tf.constant([1.0, 3.0]), tf.constant(True)).numpy().tolist() == [1, 3]
