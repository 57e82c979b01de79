"""Windows of micro-batches with their denominators give what one batch of them all gives."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.linear import (
    MODES,
    batches_of,
    column,
    compiled,
    known_batches_of,
    linear_model,
    weights_of,
)

REDUCTIONS = ("sum_by_nonzero_weights", "weighted_mean", "sum_over_batch_size", "sum")
SIZE = 8


def spec(regularization=True):
    """A task for every reduction, with masks, weights of samples and one that moves."""
    tasks = {
        reduction: {
            "mask": f"isfinite(y_true) and y_true.valid[:, {place}]",
            "weight": "(1 + ramp(step, 0, 4)) * y_true.weight",
            "loss": {"type": "huber", "delta": 0.5, "reduction": reduction},
        }
        for place, reduction in enumerate(REDUCTIONS)
    }
    return {"tasks": tasks} | ({"regularization": {"weight": 0.5}} if regularization else {})


@functools.cache
def samples(dtype="float32"):
    """Two windows of eight samples; of some nothing counts, and of some rows nothing in a window."""
    random = np.random.default_rng(3)
    x = random.normal(size=(2 * SIZE, 3)).astype(dtype)
    y = {name: random.normal(size=(2 * SIZE, 2)).astype(dtype) for name in REDUCTIONS}
    for target in y.values():
        target[random.random(target.shape) < 0.3] = np.nan
    y["sum_by_nonzero_weights"][:6] = np.nan
    y["valid"] = random.random((2 * SIZE, 4)) < 0.7
    y["weight"] = random.integers(0, 4, 2 * SIZE).astype(dtype)
    return x, y


def model_of(k, mode="eager", dtype="float32", rate=0.05):
    """Four heads on a hidden layer with a penalty, the same at every call."""
    import keras

    from composer import training

    keras.utils.set_random_seed(1)
    inputs = keras.Input([3], dtype=dtype)
    penalty = keras.regularizers.L2(0.1)
    hidden = keras.layers.Dense(3, "tanh", kernel_regularizer=penalty, dtype=dtype)(inputs)
    outputs = {name: keras.layers.Dense(2, dtype=dtype)(hidden) for name in REDUCTIONS}
    model = training.MultiTaskModel(inputs, outputs, total_loss=spec())
    optimizer = keras.optimizers.SGD(rate, momentum=0.5, gradient_accumulation_steps=k)
    return compiled(model, optimizer, mode)


def whole_batches(dtype="float32"):
    """A dataset, since Keras makes float32 of arrays."""
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices(samples(dtype)).batch(SIZE)


@functools.cache
def of_whole_batches(dtype="float32"):
    """The weights and the history of two epochs with whole batches."""
    model = model_of(None, "graph", dtype)
    history = model.fit(whole_batches(dtype), epochs=2, shuffle=False, verbose=0).history
    return weights_of(model), history


def assert_as_whole(model, history, dtype="float32"):
    tolerance = {"float32": 1e-6, "float64": 1e-12}[dtype]
    weights, wanted = of_whole_batches(dtype)
    np.testing.assert_allclose(weights_of(model), weights, 0, tolerance * np.abs(weights).max())
    assert set(history) == set(wanted)
    for name, numbers in wanted.items():
        scale = np.abs(numbers).max()
        np.testing.assert_allclose(history[name], numbers, 0, tolerance * scale, err_msg=name)


def windows(total_loss, k, dataset=None, **options):
    import tensorflow as tf

    from composer import training

    if dataset is None:
        dataset = tf.data.Dataset.from_tensor_slices(samples()).batch(SIZE // k)
    return training.with_denominators(dataset, total_loss, k, **options)


@pytest.mark.full
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("k", [2, 4, 8])
def test_windows_give_what_whole_batches_give(k, dtype, mode):
    import tensorflow as tf

    model = model_of(k, mode, dtype)
    dataset = tf.data.Dataset.from_tensor_slices(samples(dtype)).batch(SIZE // k)
    data = windows(model.total_loss, k, dataset)
    assert int(data.cardinality()) == 2 * k
    history = model.fit(data, epochs=2, shuffle=False, verbose=0).history
    assert_as_whole(model, history, dtype)
    assert int(model.optimizer.iterations) == 4


def gradient_of(k, dtype, dataset=None):
    """Of one window: what a step of 1 leaves of the weights, from which it came."""
    import keras
    import tensorflow as tf

    model = model_of(k if k > 1 else None, dtype=dtype)
    model.compile(
        keras.optimizers.SGD(1.0, gradient_accumulation_steps=k if k > 1 else None),
        run_eagerly=True,
    )
    before = weights_of(model)
    dataset = dataset or tf.data.Dataset.from_tensor_slices(samples(dtype)).batch(SIZE // k)
    data = windows(model.total_loss, k, dataset) if k > 1 else dataset
    for batch in data.take(k):
        model.train_on_batch(*batch)
    return before - weights_of(model)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-6), ("float64", 1e-12)])
@pytest.mark.parametrize("k", [2, pytest.param(4, marks=pytest.mark.full), 8])
def test_the_gradient_of_a_window_is_that_of_one_batch(k, dtype, tolerance):
    whole = gradient_of(1, dtype)
    np.testing.assert_allclose(gradient_of(k, dtype), whole, 0, tolerance * np.abs(whole).max())


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
@pytest.mark.parametrize(
    ("sizes", "mode"),
    [
        ([5, 0, 2, 1], "graph"),
        *(
            pytest.param(sizes, mode, marks=pytest.mark.full)
            for sizes in ([5, 0, 2, 1], [1, 3, 2, 2], [0, 8], [7, 1])
            for mode in MODES
            if (sizes, mode) != ([5, 0, 2, 1], "graph")
        ),
    ],
    ids=str,
)
def test_micro_batches_may_be_uneven_empty_and_of_unknown_number(sizes, mode):
    """Keras alone counts a batch more an epoch of unknown length, and the windows would shift."""
    k = len(sizes)
    model = model_of(k, mode)
    data = windows(model.total_loss, k, batches_of(*samples(), sizes * 2))
    history = model.fit(data, epochs=2, shuffle=False, verbose=0).history
    assert_as_whole(model, history)


@pytest.mark.full
@given(st.lists(st.integers(0, SIZE), min_size=1, max_size=4))
@settings(max_examples=15, deadline=None)
def test_however_a_batch_is_split_its_gradient_is_the_same(cuts):
    ends = [0, *sorted(cuts), SIZE]
    sizes = [int(size) for size in np.diff(ends)]
    whole = gradient_of(1, "float64")
    split = gradient_of(len(sizes), "float64", batches_of(*samples("float64"), sizes))
    np.testing.assert_allclose(split, whole, 0, 1e-12 * np.abs(whole).max())


def test_keras_alone_gives_another_number():
    """One of three samples counts, then two of three: 1/3 of (6 + 0 + 3), and (6/1 + 3/2) / 2."""
    import keras

    from composer import training

    x, y = column(1, 1, 1, 1, 1, 1), column(6, 0, 0, 3, 0, 0)
    valid = np.array([1, 0, 0, 1, 1, 0], bool)
    task = {"mask": "y_true.valid", "loss": "absolute_difference"}

    def weight_after(k, data):
        model = compiled(
            linear_model({"tasks": {"depth": task}}, start="zeros"),
            keras.optimizers.SGD(1.0, gradient_accumulation_steps=k),
            mode="eager",
        )
        model.fit(data(model.total_loss), shuffle=False, verbose=0)
        return model.get_weights()[0].item()

    targets = {"depth": y, "valid": valid}
    # Of three that count, at 0: the slopes −1, −1 and 0 of |0 − y|.
    whole = weight_after(None, lambda _: known_batches_of(x, targets, [6]))
    split = weight_after(
        2, lambda total: training.with_denominators(known_batches_of(x, targets, [3, 3]), total, 2)
    )
    assert whole == pytest.approx(2 / 3)
    assert split == pytest.approx(2 / 3)
    plain = keras.Sequential([keras.Input([1]), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])  # fmt: skip
    masked = keras.losses.MeanAbsoluteError(reduction="mean_with_sample_weight")
    plain.compile(keras.optimizers.SGD(1.0, gradient_accumulation_steps=2), masked)
    plain.fit(x, y, sample_weight=valid.astype("float32"), batch_size=3, shuffle=False, verbose=0)
    assert plain.get_weights()[0].item() == pytest.approx((1 / 1 + 1 / 2) / 2)


def test_every_element_of_the_source_is_drawn_once():
    import tensorflow as tf

    drawn = []

    def draw(place):
        drawn.append(int(place))
        return np.float32(place)

    def sample(place):
        number = tf.reshape(tf.numpy_function(draw, [place], tf.float32), [1])
        return number, {"depth": number}

    total_loss = linear_model({"tasks": {"depth": {"loss": "huber"}}}).total_loss
    source = tf.data.Dataset.range(12).map(sample).shuffle(12, seed=1).batch(2)
    data = windows(total_loss, 3, source)
    seen = [number.item() for x, _ in data for number in x.numpy()]
    assert sorted(drawn) == list(range(12))
    assert sorted(seen) == sorted(drawn)
    assert seen != sorted(seen)


def test_targets_and_denominators_of_a_shuffled_dataset_belong_together():
    import tensorflow as tf

    y = {"depth": column(*range(12)), "valid": np.arange(12) % 3 == 0}
    total_loss = linear_model(
        {"tasks": {"depth": {"mask": "y_true.valid", "loss": "huber"}}}
    ).total_loss
    source = tf.data.Dataset.from_tensor_slices((column(*range(12)), y)).shuffle(12).batch(2)
    batches = list(windows(total_loss, 3, source))
    for start in (0, 3):
        window = [y_true for _, y_true in batches[start : start + 3]]
        count = sum(int(tf.reduce_sum(tf.cast(each["y_true"]["valid"], tf.int32))) for each in window)  # fmt: skip
        for each in window:
            held = each["losscomp.window_of_3"]["denominators"]["depth/huber"]
            np.testing.assert_array_equal(held, [count, count])


@pytest.mark.full
def test_a_dataset_that_repeats_goes_on_within_an_epoch():
    import tensorflow as tf

    model = model_of(4, "graph")
    repeated = tf.data.Dataset.from_tensor_slices(samples()).batch(2).repeat()
    data = windows(model.total_loss, 4, repeated)
    history = model.fit(data, epochs=2, steps_per_epoch=8, shuffle=False, verbose=0).history
    assert_as_whole(model, history)


@pytest.mark.full
def test_several_batches_of_windows_may_be_executed_at_once():
    model = model_of(4, "graph")
    model.compile(model.optimizer, steps_per_execution=3)
    data = windows(model.total_loss, 4)
    history = model.fit(data, epochs=2, shuffle=False, verbose=0).history
    assert_as_whole(model, history)


@pytest.mark.full
def test_an_epoch_may_end_within_a_window_and_the_next_goes_on():
    import tensorflow as tf

    model = model_of(4, "graph")
    repeated = tf.data.Dataset.from_tensor_slices(samples()).batch(2).repeat()
    data = windows(model.total_loss, 4, repeated)
    model.fit(data, epochs=2, steps_per_epoch=6, shuffle=False, verbose=0)
    weights = weights_of(model)
    again = model_of(4, "graph")
    again.fit(windows(again.total_loss, 4, repeated), epochs=1, steps_per_epoch=12, verbose=0, shuffle=False)  # fmt: skip
    np.testing.assert_array_equal(weights, weights_of(again))


BEHIND = (
    "a dataset begins with a whole window, and the optimizer has {} of 4 batches behind it: "
    "a training before ended, or a checkpoint was written, within a window; "
    "compile with a new optimizer"
)


def accumulating(k=4, task="huber", **options):
    """A model of one weight that learns."""
    import keras

    optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=k)
    return compiled(
        linear_model({"tasks": {"depth": {"loss": task}}}, **options), optimizer, "eager"
    )


def eight_batches(bad=None):
    """Of one sample each; one of them may be infinite."""
    y = np.zeros(8, "float32")
    if bad is not None:
        y[bad] = np.inf
    return known_batches_of(column(*range(8)), {"depth": y[:, None]}, [1] * 8)


@pytest.mark.parametrize("behind", [1, 2, 3])
def test_a_fit_that_begins_within_a_window_is_refused(behind):
    model = accumulating()
    data = windows(model.total_loss, 4, eight_batches())
    model.fit(data, steps_per_epoch=4 + behind, shuffle=False, verbose=0)
    before = weights_of(model)
    with pytest.raises(ValueError, match=r".") as error:
        model.fit(data, shuffle=False, verbose=0)
    assert str(error.value) == BEHIND.format(behind)
    assert weights_of(model) == before


def test_a_fit_after_an_error_within_a_window_is_refused():
    from composer import training

    model = accumulating(on_nonfinite="raise")
    data = windows(model.total_loss, 4, eight_batches(bad=5))
    with pytest.raises(training.NonFiniteError):
        model.fit(data, shuffle=False, verbose=0)
    with pytest.raises(ValueError, match=r".") as error:
        model.fit(data, shuffle=False, verbose=0)
    assert str(error.value) == BEHIND.format(2)


def test_batches_may_be_given_one_by_one():
    """Where a loop brings the batches, the middle of a window is where it left off."""
    fitted, looped = accumulating(), accumulating()
    data = windows(fitted.total_loss, 4, eight_batches())
    fitted.fit(data, shuffle=False, verbose=0)
    for batch in data:
        looped.train_on_batch(*batch)
    assert weights_of(looped) == weights_of(fitted)
    assert weights_of(fitted) != 1


def test_a_model_that_accumulates_is_evaluated_on_plain_batches():
    model = accumulating(2, {"type": "absolute_difference"})
    x, y = column(1, 2, 3, 4), {"depth": column(0, 0, 0, 0)}
    windowed = windows(model.total_loss, 2, known_batches_of(x, y, [3, 1]))
    for data in (windowed, known_batches_of(x, y, [3, 1])):
        assert model.evaluate(data, verbose=0)[0] == (1 + 2 + 3 + 4) / 4


def test_metrics_of_compile_see_the_targets_and_not_the_window():
    import keras

    model = compiled(
        linear_model({"tasks": {"depth": {"loss": "huber"}}}),
        keras.optimizers.SGD(0.0, gradient_accumulation_steps=2),
        mode="eager",
        metrics={"depth": ["mae"]},
    )
    data = known_batches_of(column(1, 2, 3), {"depth": column(0, 0, 0)}, [2, 1])
    history = model.fit(windows(model.total_loss, 2, data), shuffle=False, verbose=0).history
    assert history["mae"] == [2]
    assert set(history) == {"loss", "mae", "depth/huber", "depth/huber/weighted"}


def test_sample_weights_go_into_the_denominators():
    import keras
    import tensorflow as tf

    task = {"weight": "y_true.sample_weight", "loss": {"type": "absolute_difference", "reduction": "weighted_mean"}}  # fmt: skip
    model = compiled(
        linear_model({"tasks": {"depth": task}}),
        keras.optimizers.SGD(0.0, gradient_accumulation_steps=2),
        mode="eager",
    )
    parts = (column(1, 2, 3), {"depth": column(0, 0, 0)}, np.array([1, 0, 4], "float32"))
    data = tf.data.Dataset.from_tensor_slices(parts).batch(2)
    history = model.fit(windows(model.total_loss, 2, data), shuffle=False, verbose=0).history
    assert history["loss"] == [pytest.approx((1 + 12) / 5)]


def test_inputs_may_be_a_mapping():
    import tensorflow as tf

    total_loss = linear_model({"tasks": {"depth": {"loss": "huber"}}}).total_loss
    x = {"image": column(1, 2, 3), "number": np.arange(3)}
    data = tf.data.Dataset.from_tensor_slices((x, {"depth": column(0, 0, 0)})).batch(2)
    (first, y_true), _ = windows(total_loss, 2, data)
    assert set(first) == {"image", "number"}
    held = y_true["losscomp.window_of_2"]["denominators"]["depth/huber"]
    np.testing.assert_array_equal(held, [3, 3])


def refusal(tasks, k=2, dataset=None, **options):
    from composer import build_total_loss

    dataset = dataset or known_batches_of(column(1, 2), {"depth": column(0, 0)}, [1, 1])
    with pytest.raises(ValueError, match=r".") as error:
        windows(build_total_loss({"tasks": tasks, **options}), k, dataset)
    return str(error.value)


HUBER = {"depth": {"loss": "huber"}}


@pytest.mark.parametrize("k", [0, 1, -2, 2.0, "2"])
def test_a_window_has_at_least_two_batches(k):
    assert refusal(HUBER, k) == f"k should be an integer of at least 2, found {k!r}"


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        (
            {"depth": {"mask": "y_pred > 0", "loss": "huber"}},
            "no sum over micro-batches is what one batch gives: the denominators of `depth/huber` read y_pred",
        ),
        (
            {"depth": {"weight": "stop_gradient(y_pred)", "loss": "huber"}},
            "no sum over micro-batches is what one batch gives: the denominators of `depth/huber` read y_pred",
        ),
        (
            {"depth": {"loss": ["l2", "huber"]}},
            "no sum over micro-batches is what one batch gives: the denominators of `depth/l2` read y_pred",
        ),
        (
            {
                "depth": {"loss": "huber"},
                "a": {"loss": {"type": "dice", "per": "batch", "y_pred": "softmax(y_pred)"}},
                "b": {"loss": {"type": "dice", "per": "batch", "y_pred": "softmax(y_pred)"}},
            },
            "no sum over micro-batches is what one batch gives: `a/dice`, `b/dice` couple the samples of a batch",
        ),
        (
            {"depth": {"loss": {"type": "center", "num_classes": 3, "embedding_size": 2}}},
            "no sum over micro-batches is what one batch gives: the variables of `depth/center` move with every micro-batch, and the next one finds them elsewhere; `alpha: 0` holds centers",
        ),
        (
            {"depth": {"mask": "y_true > 0 and step > 3", "loss": "huber"}},
            "the dataset does not know the step, which the denominators of `depth/huber` read; add them up in a loop of your own",
        ),
        (
            {"depth": {"mask": "y_true.keras_mask.depth", "loss": "huber"}},
            "the dataset does not know the Keras masks of the model, which `depth/huber` read; put the masks into the targets, or accumulate in a loop of your own",
        ),
        (
            {"depth": {"mask": "y_true.keras_mask.depth", "loss": {"type": "huber", "reduction": "sum"}}},
            "the dataset does not know the Keras masks of the model, which `depth/huber` read; put the masks into the targets, or accumulate in a loop of your own",
        ),
    ],
    ids=["mask", "weight", "values", "coupled", "centers", "step", "keras mask", "keras mask of a sum"],
)  # fmt: skip
def test_a_term_that_is_no_sum_over_micro_batches_is_refused_by_name(tasks, message):
    assert refusal(tasks) == message


def test_a_scalar_weight_that_moves_is_no_part_of_a_denominator():
    from composer import build_total_loss

    tasks = {"depth": {"weight": "ramp(step, 0, 5) * y_true", "loss": "huber"}}
    data = known_batches_of(column(1, 2), {"depth": column(0, 3)}, [1, 1])
    (_, y_true), _ = windows(build_total_loss({"tasks": tasks}), 2, data)
    held = y_true["losscomp.window_of_2"]["denominators"]["depth/huber"]
    np.testing.assert_array_equal(held, [1])  # of two weights one is 0


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            (column(1, 2),),
            "the dataset should give (x, y_true) or (x, y_true, sample_weight), found a tuple of 1",
        ),
        ((column(1, 2), column(1, 2)), "y_true should be a mapping by name, found SymbolicTensor"),
        (
            (column(1, 2), {"dept": column(1, 2)}),
            "y_true should have `depth`; it has `dept`; did you mean `dept`?",
        ),
        (
            (column(1, 2), {"depth": column(1, 2)}, column(1, 2)),
            "the spec should read the `sample_weight` that Keras gets; write `weight: y_true.sample_weight` where it applies",
        ),
    ],
    ids=["no targets", "no mapping", "another name", "unread weight"],
)
def test_a_dataset_of_another_form_is_refused(parts, message):
    import tensorflow as tf

    assert refusal(HUBER, 2, tf.data.Dataset.from_tensor_slices(parts).batch(1)) == message


def test_the_last_window_should_be_whole():
    data = known_batches_of(column(1, 2, 3), {"depth": column(0, 0, 0)}, [1, 1, 1])
    assert refusal(HUBER, 2, data) == (
        "the dataset should be whole windows of 2 batches, found 3 batches; "
        "`drop_remainder=True` leaves the last out, `dataset.repeat()` goes on with the first"
    )


def test_a_last_window_of_unknown_length_should_be_whole_too():
    import tensorflow as tf

    from composer import build_total_loss

    data = batches_of(column(1, 2, 3), {"depth": column(0, 0, 0)}, [1, 1, 1])
    found = iter(windows(build_total_loss({"tasks": HUBER}), 2, data))
    next(found), next(found)
    with pytest.raises(
        tf.errors.InvalidArgumentError,
        match="the dataset should be whole windows of 2 batches; `drop_remainder=True` leaves",
    ):
        next(found)


@pytest.mark.parametrize("form", [batches_of, known_batches_of])
def test_batches_that_make_no_whole_window_may_be_left_out(form):
    from composer import build_total_loss

    total_loss = build_total_loss({"tasks": HUBER})
    data = form(column(1, 2, 3), {"depth": column(0, 0, 0)}, [1, 1, 1])
    found = windows(total_loss, 2, data, drop_remainder=True)
    assert [float(x[0, 0]) for x, _ in found] == [1, 2]
    assert int(found.cardinality()) == (2 if form is known_batches_of else -2)


NOT_THE_SAME = "the dataset has windows of {} batches and the optimizer `gradient_accumulation_steps={}`; they should be the same"  # fmt: skip


@pytest.mark.parametrize(
    ("k", "of_optimizer", "message"),
    [
        (4, 2, NOT_THE_SAME.format(4, 2)),
        (4, None, NOT_THE_SAME.format(4, None)),
        (
            None,
            2,
            "the optimizer accumulates over 2 batches, so each should bring the denominators of its window; write `training.with_denominators(dataset, total_loss, 2)`",
        ),
    ],
    ids=["another k", "no accumulation", "no windows"],
)
@pytest.mark.parametrize("mode", ["eager", "graph"])
def test_an_optimizer_and_its_dataset_should_go_together(mode, k, of_optimizer, message):
    import keras

    optimizer = keras.optimizers.SGD(gradient_accumulation_steps=of_optimizer)
    model = compiled(linear_model({"tasks": HUBER}), optimizer, mode)
    data = eight_batches()
    with pytest.raises(ValueError, match=r".") as error:
        model.fit(windows(model.total_loss, k, data) if k else data, shuffle=False, verbose=0)
    assert str(error.value) == message


def test_a_loss_scale_optimizer_does_not_accumulate():
    import keras

    inner = keras.optimizers.SGD(gradient_accumulation_steps=2)
    model = linear_model({"tasks": HUBER})
    model.compile(keras.optimizers.LossScaleOptimizer(inner), run_eagerly=True)
    data = known_batches_of(column(1, 2), {"depth": column(0, 0)}, [1, 1])
    with pytest.raises(ValueError, match=r".") as error:
        model.fit(windows(model.total_loss, 2, data), shuffle=False, verbose=0)
    assert str(error.value) == (
        "a LossScaleOptimizer leaves out micro-batches whose gradients overflow, and windows "
        "would shift; accumulate in mixed_bfloat16 or float32, or in a loop of your own"
    )


def test_one_of_several_optimizers_cannot_accumulate_by_itself():
    import keras

    inner = keras.optimizers.SGD(0.1, gradient_accumulation_steps=3)
    several = keras.optimizers.MultiOptimizer(keras.optimizers.OptimizerMap(inner))
    model = compiled(linear_model({"tasks": HUBER}), several)
    with pytest.raises(ValueError, match="accumulate with a single optimizer"):
        model.fit(column(1, 2), {"depth": column(0, 0)}, verbose=0)


def test_replicas_do_not_accumulate_even_if_there_is_one():
    import keras
    import tensorflow as tf

    one = tf.distribute.MirroredStrategy(["CPU:0"])
    with one.scope():
        model = linear_model({"tasks": HUBER})
        model.compile(keras.optimizers.SGD(0.1, gradient_accumulation_steps=2))
    data = known_batches_of(column(1, 2), {"depth": column(0, 0)}, [1, 1])
    with pytest.raises(ValueError, match="without replicas alone, found MirroredStrategy"):
        model.fit(windows(model.total_loss, 2, data), shuffle=False, verbose=0)


def test_a_micro_batch_that_is_left_out_is_counted():
    model = accumulating(on_nonfinite="skip_term")
    data = windows(model.total_loss, 4, eight_batches(bad=5))
    model.fit(data, shuffle=False, verbose=0)
    (row,) = model.rows.table().values()
    assert row.skipped == 1


def test_what_is_no_total_loss_is_refused():
    from composer import training

    data = known_batches_of(column(1, 2), {"depth": column(0, 0)}, [1, 1])
    with pytest.raises(ValueError, match=r"such as `model.total_loss`, found dict$"):
        training.with_denominators(data, {"tasks": HUBER}, 2)
