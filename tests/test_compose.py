"""TotalLoss at its door: what it is given, what it refuses, what it gives back."""

from __future__ import annotations

import numpy as np
import pytest

from tests.matrix import MODES, in_mode

every_mode = pytest.mark.parametrize("mode", MODES)
X = np.array([1, 2, 4, 8], "float32")
ZEROS = np.zeros(4, "float32")


def build(*args, losses=(), **top):
    from composer import build_total_loss

    return build_total_loss(*args, losses=losses) if args else build_total_loss(top, losses=losses)


def one_task(**task):
    return build(tasks={"t": {"loss": "absolute_difference", **task}})


def refused(call):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the whole text is compared
        call()
    return str(caught.value)


# What comes back


def test_a_term_is_a_named_tuple_of_four_scalars_and_the_breakdown_a_structure_of_tf_nest():
    import tensorflow as tf

    from composer import Term

    total, rows = one_task(weight=2)({"t": ZEROS}, {"t": X})
    (row,) = rows.values()
    assert isinstance(row, Term)
    assert Term._fields == ("loss", "weight", "weighted", "denominator")
    assert row == (3.75, 2, 7.5, 4)
    assert total == 7.5
    assert all(part.shape == [] for part in row)
    doubled = tf.nest.map_structure(lambda part: 2 * part, rows)
    assert doubled == {"t/absolute_difference": Term(7.5, 4, 15, 8)}


def test_names_and_paths_tell_what_it_is_made_of():
    total_loss = build(
        tasks={
            "b": {"y_true": "y_true.head.x", "mask": "y_true['my mask']", "loss": "huber"},
            "a": {"loss": ["l2", {"type": "l2", "name": "other"}]},
        },
        regularization={"weight": 1},
    )
    assert total_loss.names == ("b/huber", "a/l2", "a/other", "regularization")
    assert total_loss.paths == {
        "y_true": (("head", "x"), ("my mask",)),
        "y_pred": (("b",), ("a",)),
    }
    assert repr(total_loss) == "TotalLoss(b/huber, a/l2, a/other, regularization)"


def test_names_may_be_deep_and_odd():
    depth = 20
    path = [f"level{n}" for n in range(depth)]
    odd = ["class", "with space", 'a "quote"', "π", "a.b", "0", "a/b"]
    tasks = {
        "deep": {"y_true": "y_true." + ".".join(path), "y_pred": "y_pred.x", "loss": "l2"},
        "lambda": {"loss": "absolute_difference"},
    }
    tasks["deep"]["loss"] = "absolute_difference"
    for place, name in enumerate(odd):
        text = name.replace("\\", "\\\\").replace('"', '\\"')
        tasks[f"odd{place}"] = {"y_pred": f'y_pred["{text}"]', "loss": "l2"}
    y_true = {"lambda": ZEROS}
    level = y_true
    for name in path[:-1]:
        level = level.setdefault(name, {})
    level[path[-1]] = ZEROS
    y_pred = {"x": X, "lambda": X} | dict.fromkeys(odd, X)
    total, rows = build(tasks=tasks)(y_true, y_pred)
    assert total == 2 * 3.75 + 7 * (1 + 4 + 16 + 64) / 8
    assert len(rows) == 9


def test_the_batch_may_hold_more_than_is_read():
    class Tokens:
        """No tensor."""

    total, _ = one_task()({"t": ZEROS, "other": Tokens()}, {"t": X, "z": {"deep": None}})
    assert total == 3.75


def test_numpy_arrays_lists_and_variables_are_taken_at_the_door():
    import tensorflow as tf

    for pred in (X, X.tolist(), tf.Variable(X), tf.constant(X)):
        total, _ = one_task()({"t": [0.0] * 4}, {"t": pred})
        assert total == 3.75
    assert one_task()({"t": np.zeros(4)}, {"t": X.astype("float64")})[0].dtype == "float64"


def test_other_mappings_are_mappings_too():
    from collections import OrderedDict
    from types import MappingProxyType

    for kind in (OrderedDict, MappingProxyType):
        assert one_task()(kind({"t": ZEROS}), kind({"t": X}))[0] == 3.75


# What is refused, by name


def test_a_missing_tensor_is_named_with_what_is_there_and_what_was_meant():
    total_loss = one_task(y_true="y_true.head.depth")
    deep = {"head": {"dpeth": ZEROS, "pose": ZEROS}}
    for y_true, message in [
        ({}, "y_true should have `head`; it is empty"),
        ({"heads": 1}, "y_true should have `head`; it has `heads`; did you mean `heads`?"),
        (
            deep,
            "y_true.head should have `depth`; it has `dpeth`, `pose`; did you mean `dpeth`?",
        ),
        ({"head": X}, "y_true.head should be a mapping with `depth`, found ndarray"),
        ([X], "y_true should be a mapping with `head`, found list"),
    ]:
        assert refused(lambda batch=y_true: total_loss(batch, {"t": X})) == message
    assert refused(lambda: total_loss({"head": {"depth": ZEROS}}, {"T": X})) == (
        "y_pred should have `t`; it has `T`; did you mean `T`?"
    )


def test_what_has_no_place_for_every_element_is_refused_by_name(strategy):
    import tensorflow as tf

    ragged = tf.ragged.constant([[1.0], [2.0, 3.0]])
    sparse = tf.sparse.from_dense(X)
    per_replica = strategy.experimental_distribute_values_from_function(lambda _: tf.constant(X))
    for bad, found in [
        (ragged, "a ragged tensor; `to_tensor()` and a mask say the same"),
        (sparse, "a sparse tensor; `tf.sparse.to_dense` makes it dense"),
        (per_replica, "one value per replica; call the total loss inside `strategy.run`"),
        ({"deep": X}, "a mapping; it has `deep`"),
        (None, "NoneType"),
        (object(), "object"),
        ([[1.0], [2.0, 3.0]], "list"),
    ]:
        message = f"y_pred.t should be a dense tensor, found {found}"
        assert refused(lambda bad=bad: one_task()({"t": ZEROS}, {"t": bad})) == message


def test_complex_numbers_and_text_are_refused_by_name():
    for bad, dtype in ((X.astype("complex64"), "complex64"), (np.array(["a"] * 4), "string")):
        assert refused(lambda bad=bad: one_task()({"t": ZEROS}, {"t": bad})) == (
            f"y_pred.t should hold booleans, integers or real numbers, found {dtype}"
        )


def test_a_tensor_of_unknown_rank_is_refused_while_tracing():
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec(None)])
    def total(x):
        return one_task()({"t": x}, {"t": x})[0]

    assert "the rank of y_true.t should be known while tracing" in refused(
        lambda: total(tf.constant(X))
    )


def test_a_prediction_of_integers_is_an_error_of_the_spec():
    from composer import SpecError

    with pytest.raises(
        SpecError, match="`y_pred` of `absolute_difference` takes floats, found int32"
    ):
        one_task()({"t": ZEROS}, {"t": X.astype("int32")})


# The step


def test_the_step_may_be_an_int_a_variable_of_either_kind_or_a_tensor():
    import keras
    import tensorflow as tf

    total_loss = one_task(weight="ramp(step, 0, 10)")
    keras_variable = keras.Variable(5, dtype="int64", trainable=False)
    optimizer = keras.optimizers.SGD()
    optimizer.iterations.assign(5)
    steps = [5, np.int32(5), np.array(5), 5.0, tf.Variable(5), tf.Variable(5, dtype=tf.int64)]
    steps += [tf.constant(5), tf.constant(5, tf.int64), tf.constant(5.0), keras_variable]
    for step in (*steps, optimizer.iterations):
        total, rows = total_loss({"t": ZEROS}, {"t": X}, step=step)
        assert total == 1.875
        assert rows["t/absolute_difference"].weight == 0.5


def test_a_step_that_is_missing_or_none_is_an_error_in_every_method():
    total_loss = one_task(weight="ramp(step, 0, 10)")
    message = "the spec reads `step` and should get one: total_loss(…, step=optimizer.iterations)"
    for method in (total_loss, total_loss.values, total_loss.denominators):
        assert refused(lambda method=method: method({"t": ZEROS}, {"t": X})) == message
    assert refused(lambda: total_loss({"t": ZEROS}, {"t": X}, step=[1, 2])) == (
        "step should be a single number, found int32(2,)"
    )


def test_a_step_that_no_expression_reads_is_let_alone():
    for step in (None, 3, "three"):
        assert one_task()({"t": ZEROS}, {"t": X}, step=step)[0] == 3.75


@pytest.mark.parametrize("where", ["weight", "mask", "loss", "role", "regularization"])
def test_the_step_is_found_wherever_it_is_read(where):
    task = {"loss": {"type": "l2"}}
    top = {"tasks": {"t": task}, "regularization": {"weight": 1}}
    match where:
        case "weight":
            task["weight"] = "1 + step"
        case "mask":
            task["mask"] = "step >= 0"
        case "loss":
            task["loss"]["weight"] = "1 + step"
        case "role":
            task["y_pred"] = "y_pred.t * (1 + step)"
        case "regularization":
            top["regularization"]["weight"] = "1 + step"
    total_loss = build(**top)
    assert "the spec reads `step`" in refused(lambda: total_loss({}, {"t": X}, regularization=[]))
    total_loss({}, {"t": X}, regularization=[], step=0)


@pytest.mark.parametrize("mode", ["graph", "xla"])
def test_one_trace_serves_a_thousand_steps_of_every_schedule(mode):
    import tensorflow as tf

    weight = (
        "ramp(step, 0, 1000) + cosine(step, 0, 1000) + piecewise(step, [500], [1, 2])"
        " + cycle(step, 10, [1, 2])"
    )
    total_loss = one_task(weight=weight)
    traces = []

    def compute(x, step):
        traces.append(1)
        return total_loss({"t": 0 * x}, {"t": x}, step=step)[0]

    compute = in_mode(compute, mode)
    x, step = tf.constant(X), tf.Variable(0, dtype=tf.int64)
    found = []
    for _ in range(1000):
        found.append(float(compute(x, step)))
        step.assign_add(1)
    assert len(traces) == 1
    # at step 0: 0 + 1 + 1 + 1 = 3; at 505: 0.505 + cos… + 2 + 2
    assert found[0] == 3 * 3.75
    half = 0.505 + (1 + np.cos(np.pi * 0.505)) / 2 + 2 + 2
    np.testing.assert_allclose(found[505], half * 3.75, rtol=1e-6)


# Regularization


def test_regularization_is_a_row_of_its_own_at_the_end():
    total_loss = build(tasks={"t": {"loss": "l2"}}, regularization={"weight": "ramp(step, 0, 4)"})
    total, rows = total_loss({}, {"t": [2.0, 0.0]}, regularization=[3.0, 5.0], step=1)
    assert list(rows) == ["t/l2", "regularization"]
    assert rows["regularization"] == (8, 0.25, 2, 1)
    assert total == 3  # (2 + 0) / 2 + 2
    total, rows = total_loss({}, {"t": [2.0, 0.0]}, regularization=[], step=1)
    assert rows["regularization"] == (0, 0.25, 0, 1)
    assert total == 1


def test_regularization_of_weight_0_is_exactly_0_even_if_it_is_nan():
    for weight, step in ((0, None), ("ramp(step, 5, 9)", 5)):
        total_loss = build(tasks={"t": {"loss": "l2"}}, regularization={"weight": weight})
        total, rows = total_loss({}, {"t": [2.0, 0.0]}, regularization=[np.nan], step=step)
        assert np.isnan(rows["regularization"].loss)
        assert rows["regularization"].weighted == 0
        assert total == 1


def test_at_weight_0_the_gradient_of_a_penalty_is_exactly_0_even_if_it_is_nan():
    import tensorflow as tf

    for weight, step in ((0, None), ("ramp(step, 5, 9)", 5)):
        total_loss = build(tasks={"t": {"loss": "l2"}}, regularization={"weight": weight})
        penalties = [tf.constant(np.nan), tf.constant(np.inf), tf.constant(3.0)]
        with tf.GradientTape() as tape:
            tape.watch(penalties)
            total, _ = total_loss({}, {"t": [2.0]}, regularization=penalties, step=step)
        assert tape.gradient(total, penalties) == [0, 0, 0]


def test_regularization_is_needed_exactly_where_it_is_declared():
    without = build(tasks={"t": {"loss": "l2"}})
    with_it = build(tasks={"t": {"loss": "l2"}}, regularization={"weight": 1})
    assert refused(lambda: with_it({}, {"t": X})) == (
        "the spec declares `regularization:` and should get it: "
        "total_loss(…, regularization=model.losses), or [] for none"
    )
    for given in ([], [1.0]):
        assert refused(lambda given=given: without({}, {"t": X}, regularization=given)) == (
            "the spec should declare `regularization:` where total_loss gets it; "
            "write `regularization: {weight: 1}`"
        )


def test_the_losses_of_a_keras_model_are_taken_as_they_are():
    import keras

    model = keras.Sequential(
        [
            keras.Input([2]),
            keras.layers.Dense(1, kernel_initializer="ones", kernel_regularizer="l2"),
        ]
    )
    total_loss = build(tasks={"t": {"loss": "l2"}}, regularization={"weight": 50})
    _, rows = total_loss({}, {"t": model(np.zeros([1, 2]))}, regularization=model.losses)
    np.testing.assert_allclose(rows["regularization"].weighted, 1, rtol=1e-6)  # 50·0.01·(1 + 1)


# values() and denominators()


def test_values_are_the_addends_of_the_sum_unreduced_and_with_their_scalar_weight():
    total_loss = one_task(mask="y_true.t == 0", weight="3 * y_true.w")
    y_true = {"t": np.array([0, 0, 9, 0.0], "float32"), "w": np.array([1, 2, 5, 0], "float32")}
    values = total_loss.values(y_true, {"t": X})
    assert list(values) == ["t/absolute_difference"]
    np.testing.assert_array_equal(values["t/absolute_difference"], [3, 12, 0, 0])
    _, rows = total_loss(y_true, {"t": X})
    assert rows["t/absolute_difference"].weighted == 15 / 2


def test_values_have_no_row_for_regularization_and_ask_for_none():
    total_loss = build(tasks={"t": {"loss": "l2"}}, regularization={"weight": 1})
    assert list(total_loss.values({}, {"t": X})) == ["t/l2"]


REDUCED = [
    {"type": "absolute_difference", "name": name, "reduction": name}
    for name in ("sum_by_nonzero_weights", "weighted_mean", "sum_over_batch_size", "sum")
]


@every_mode
def test_denominators_need_no_predictions_where_the_targets_tell_them(mode):
    import tensorflow as tf

    total_loss = build(
        tasks={
            "t": {"mask": "y_true.t < 9", "weight": "step * y_true.w", "loss": REDUCED},
            "labels": {"loss": "sparse_softmax_cross_entropy"},
        },
        regularization={"weight": 1},
    )
    y_true = {
        "t": tf.constant([0, 0, 0, 9.0]),
        "w": tf.constant([2, 3, 0, np.nan]),
        "labels": tf.constant([[1, 2], [0, 0]]),
    }
    found = in_mode(lambda y_true: total_loss.denominators(y_true, step=7), mode)(y_true)
    assert {name: float(each) for name, each in found.items()} == {
        "t/sum_by_nonzero_weights": 2,
        "t/weighted_mean": 5,  # without the scalar 7
        "t/sum_over_batch_size": 3,
        "labels/sparse_softmax_cross_entropy": 4,
        "regularization": 1,
    }
    y_pred = {"t": tf.constant([1.0, 2, 3, 4]), "labels": tf.zeros([2, 2, 3])}
    with_y_pred = total_loss.denominators(y_true, y_pred, step=7)
    _, rows = total_loss(y_true, y_pred, step=7, regularization=[])
    for name, each in found.items():
        assert float(each) == with_y_pred[name] == rows[name].denominator


def test_denominators_that_need_y_pred_name_their_terms():
    total_loss = build(
        tasks={
            "a": {"mask": "y_pred.a > 1", "loss": "mean_squared_error"},
            "b": {"loss": ["l2", {"type": "l2", "name": "added", "reduction": "sum"}]},
            "c": {"mask": "y_pred.c > 1", "loss": {"type": "huber", "reduction": "sum"}},
            "d": {"loss": "huber"},
            "e": {"loss": "dice"},
        }
    )
    y_true = dict.fromkeys("acd", X) | {"e": np.zeros([1, 2, 3], "float32")}
    assert refused(lambda: total_loss.denominators(y_true)) == (
        "the denominators of `a/mean_squared_error`, `b/l2` need y_pred; give it to `denominators`"
    )
    y_pred = dict.fromkeys("abcd", X) | {"e": np.zeros([1, 2, 3], "float32")}
    found = total_loss.denominators(y_true, y_pred)
    assert {name: float(each) for name, each in found.items()} == {
        "a/mean_squared_error": 3,
        "b/l2": 4,
        "d/huber": 4,
        "e/dice": 3,
    }


def test_given_denominators_divide_and_are_shown():
    total_loss = build(tasks={"t": {"loss": REDUCED[:1]}}, regularization={"weight": 1})
    given = {"t/sum_by_nonzero_weights": 10, "regularization": np.float64(2)}
    total, rows = total_loss({"t": ZEROS}, {"t": X}, regularization=[6.0], denominators=given)
    assert rows["t/sum_by_nonzero_weights"] == (1.5, 1, 1.5, 10)
    assert rows["regularization"] == (3, 1, 3, 2)
    assert total == 4.5


def test_given_denominators_are_all_of_them_and_no_others():
    total_loss = build(
        tasks={"t": {"loss": [REDUCED[0], REDUCED[3]]}}, regularization={"weight": 1}
    )
    right = {"t/sum_by_nonzero_weights": 1, "regularization": 1}
    holds = "denominators should hold `t/sum_by_nonzero_weights`, `regularization`"
    for given, wrong in [
        ({}, "it lacks `t/sum_by_nonzero_weights`, `regularization`"),
        ({"t/sum_by_nonzero_weights": 1}, "it lacks `regularization`"),
        ({**right, "t/sum": 1}, "it has `t/sum` besides"),
    ]:
        call = lambda given=given: total_loss(  # noqa: E731
            {"t": ZEROS}, {"t": X}, regularization=[], denominators=given
        )
        assert refused(call) == f"{holds}; {wrong}"


# Precision


@every_mode
def test_a_loss_computes_in_the_widest_float_of_its_predictions_and_the_total_in_the_widest(mode):
    import tensorflow as tf

    tasks = {name: {"loss": "mean_squared_error"} for name in ("half", "bf", "single", "double")}
    total_loss = build(tasks=tasks, regularization={"weight": 1})
    dtypes = ("float16", "bfloat16", "float32", "float64")
    y_pred = {name: tf.constant([3.0, 1], dtype) for name, dtype in zip(tasks, dtypes, strict=True)}
    # targets of other dtypes are cast to that of the loss
    y_true = {
        "half": tf.constant([1, 1], tf.float64),
        "bf": tf.constant([1, 1], tf.int8),
        "single": tf.constant([True, True]),
        "double": tf.constant([1, 1], tf.float16),
    }
    total, rows = in_mode(lambda *batch: total_loss(*batch, regularization=[1.0]), mode)(
        y_true, y_pred
    )
    found = {name: {part.dtype.name for part in row} for name, row in rows.items()}
    assert found == {
        "half/mean_squared_error": {"float32"},
        "bf/mean_squared_error": {"float32"},
        "single/mean_squared_error": {"float32"},
        "double/mean_squared_error": {"float64"},
        "regularization": {"float64"},
    }
    assert total.dtype == "float64"
    assert total == 9
    del tasks["double"], y_true["double"], y_pred["double"]
    assert build(tasks=tasks)(y_true, y_pred)[0].dtype == "float32"


def test_masks_and_labels_are_evaluated_in_their_own_dtype_first():
    big = 2**24 + 1  # float32 has no such number
    total_loss = build(tasks={"t": {"mask": f"y_true.id == {big}", "loss": "l2"}})
    ids = np.array([2**24, big, 2**24 + 2, 0])
    _, rows = total_loss({"id": ids}, {"t": X})
    assert (rows["t/l2"].denominator, rows["t/l2"].loss) == (1, 2)


def test_nothing_is_cast_back_down():
    half = np.array([300, 300], "float16")  # 300² is inf in float16
    total, _ = build(tasks={"t": {"loss": "mean_squared_error"}})({"t": 0 * half}, {"t": half})
    assert total == 90_000


def test_a_float64_weight_does_not_widen_a_float32_loss():
    total, _ = one_task(weight="y_true.w")({"t": ZEROS, "w": np.ones(4)}, {"t": X})
    assert total.dtype == "float32"


def test_the_same_total_loss_takes_batches_of_other_dtypes_and_shapes():
    total_loss = one_task()
    for dtype in ("float32", "float64", "float16"):
        for shape in ((4,), (2, 2), (1, 2, 2)):
            x = X.astype(dtype).reshape(shape)
            total, _ = total_loss({"t": 0 * x}, {"t": x})
            assert total == 3.75
            assert total.dtype == ("float64" if dtype == "float64" else "float32")


# Building


def test_building_raises_every_problem_that_check_shows():
    from composer import SpecError

    with pytest.raises(SpecError) as caught:
        build(tasks={"t": {"loss": "hubr"}, "u": {"loss": "l2", "weight": "rmap(step, 0, 1)"}})
    assert [problem.code for problem in caught.value.problems] == [
        "unknown-loss",
        "unknown-function",
    ]


def test_a_spec_a_path_and_a_mapping_build_the_same(tmp_path):
    from composer import load_spec

    path = tmp_path / "loss.yaml"
    path.write_text("tasks: {t: {loss: absolute_difference}}", encoding="utf-8")
    for cfg in (
        path,
        str(path),
        load_spec(path),
        {"tasks": {"t": {"loss": "absolute_difference"}}},
    ):
        assert build(cfg)({"t": ZEROS}, {"t": X})[0] == 3.75


def test_a_loss_of_ones_own_gets_masks_weights_and_reductions_like_any_other():
    from typing import ClassVar

    import tensorflow as tf

    from composer import Loss, Signature

    class LogCosh(Loss):
        """log cosh(y_pred − y_true)"""

        type: str = "log_cosh"
        scale: float = 1.0
        signature: ClassVar[Signature] = Signature(
            "y_true=float[...], y_pred=float[...] -> float[...]"
        )

        def values(self, y_true, y_pred):
            return tf.math.log(tf.math.cosh(self.scale * (y_pred - y_true)))

    tasks = {"t": {"mask": "isfinite(y_true)", "loss": {"type": "log_cosh", "scale": 2.0}}}
    total_loss = build(tasks=tasks, losses=[LogCosh])
    total, rows = total_loss({"t": [0.0, np.nan]}, {"t": [1.0, np.inf]})
    np.testing.assert_allclose(total, np.log(np.cosh(2)), rtol=1e-6)
    assert rows["t/log_cosh"].denominator == 1


@every_mode
def test_a_loss_whose_values_do_not_have_the_shape_of_its_signature_is_refused(mode):
    from typing import ClassVar

    import tensorflow as tf

    from composer import Loss, Signature

    class Wrong(Loss):
        type: str = "wrong"
        signature: ClassVar[Signature] = Signature("y_pred=float[batch, ...] -> float[batch]")

        def values(self, y_pred):
            return y_pred

    total_loss = build(tasks={"t": {"loss": "wrong"}}, losses=[Wrong])
    run = in_mode(lambda x: total_loss({}, {"t": x})[0], mode)
    message = "the values of `wrong` should have the shape [2] by its signature, found (2, 3)"
    assert message in refused(lambda: run(tf.ones([2, 3])))


REGULARIZED = {"tasks": {"a": {"loss": "huber"}}, "regularization": {"weight": 1}}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (0.0, "a list of scalars, as `keras_model.losses` gives them, found float"),
        ("l2", "a list of scalars, as `keras_model.losses` gives them, found str"),
        ({"a": 1.0}, "a list of scalars, as `keras_model.losses` gives them, found dict"),
        ([[1.0, 2.0]], "scalars, reduced over the batch, found float32(2,)"),
        ([1], "scalars, reduced over the batch, found int32()"),
    ],
)
def test_regularization_is_a_list_of_scalars(given, message):
    from composer import build_total_loss

    with pytest.raises(ValueError, match="regularization should") as caught:
        build_total_loss(REGULARIZED)({"a": [1.0]}, {"a": [1.0]}, regularization=given)
    assert str(caught.value).endswith(message)


def test_regularization_is_never_cast_down():
    from composer import build_total_loss

    total, rows = build_total_loss(REGULARIZED)(
        {"a": [1.0]}, {"a": [1.0]}, regularization=[np.float64(1e300)]
    )
    assert float(total) == float(rows["regularization"].loss) == 1e300


def test_denominators_are_scalars():
    from composer import build_total_loss

    with pytest.raises(ValueError, match="denominators should be scalars; `a/huber` are not"):
        build_total_loss({"tasks": {"a": {"loss": "huber"}}})(
            {"a": [1.0]}, {"a": [1.0]}, denominators={"a/huber": [1.0, 2.0]}
        )


@pytest.mark.parametrize("step", [float("nan"), float("inf"), 2**64])
def test_a_step_is_a_number_of_steps(step):
    from composer import build_total_loss

    spec = {"tasks": {"a": {"loss": "huber", "weight": "ramp(step, 0, 10)"}}}
    with pytest.raises(ValueError, match=f"step should be a number of steps, found {step}"):
        build_total_loss(spec)({"a": [1.0]}, {"a": [1.0]}, step=step)
