"""What expressions come to in TensorFlow, against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings

from composer.engine.evaluate import Evaluator, Value
from composer.language.errors import ExpressionError
from composer.language.expression import parse
from composer.language.static.infer import infer
from tests.language.strategies import HELD, Names, batches, flags, values, written
from tests.language.worked import (
    CLASSES,
    OPERATIONS,
    SCHEDULES,
    SHAPES,
    STEPS,
    held,
    narrowed,
)

MODES = ("eager", "graph", "xla")
TOO_SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


def compiled(text, mode="eager", constants=None, width="float32", unknown=False, **tensors):
    """An expression as a function of the step; the keywords are y_true's tensors, `y_true` too."""
    import tensorflow as tf

    tree = parse(text).tree
    named = {name: Value(*held(value)) for name, value in (constants or {}).items()}

    def run(tensors, step):
        found = Evaluator(lambda _, path: tensors["".join(path)], named, step, width)(tree)
        return tf.convert_to_tensor(found.tensor)

    tensors = {name.replace("y_true", ""): tf.convert_to_tensor(x) for name, x in tensors.items()}
    run = in_mode(run, mode, tensors, unknown)
    return lambda step: run(tensors, tf.constant(step, tf.int64))


def in_mode(run, mode, tensors, unknown=False):
    """A function of named tensors and the step as the mode runs it."""
    import tensorflow as tf

    if mode == "eager":
        return run
    signature = {
        name: tf.TensorSpec([None] * x.shape.rank if unknown else x.shape, x.dtype)
        for name, x in tensors.items()
    }
    return tf.function(
        run,
        input_signature=[signature, tf.TensorSpec([], tf.int64)],
        autograph=False,
        jit_compile=mode == "xla",
    )


def evaluate(text, mode="eager", step=0, **rest):
    """The value of an expression at a step."""
    return compiled(text, mode, **rest)(step)


def tensor(values, dtype):
    import tensorflow as tf

    return tf.constant(values, dtype)


def expect(found, values, dtype):
    assert found.dtype.name == dtype
    found = np.asarray(found.numpy(), "float64" if found.dtype.is_floating else None)
    np.testing.assert_array_equal(found, np.asarray(values))
    assert found.shape == np.asarray(values).shape


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("text", "given", "wanted", "dtype"), OPERATIONS)
def test_operations(text, given, wanted, dtype, mode):
    expect(evaluate(text, mode, y_true=tensor(*given)), wanted, dtype)


@pytest.mark.parametrize("mode", [*MODES, "graph of unknown sizes", "xla of unknown sizes"])
@pytest.mark.parametrize(("text", "given", "wanted"), SHAPES)
def test_shapes(text, given, wanted, mode):
    given = {name: narrowed(value) for name, value in given.items()}
    mode, unknown = mode.split()[0], "unknown" in mode
    found = evaluate(text, mode, constants=CLASSES, unknown=unknown, **given).numpy()
    np.testing.assert_array_equal(found, wanted)
    assert found.shape == np.shape(wanted)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("text", "wanted"), SCHEDULES)
def test_functions_of_the_step(text, wanted, mode):
    """Among themselves, scalars are exact."""
    run = compiled(text, mode, STEPS)
    for step, value in wanted.items():
        found = run(step)
        assert found.dtype.name in ("float64", "int64", "bool")
        np.testing.assert_allclose(found.numpy(), value, rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("period", [49, 30])
def test_a_cycle_has_equal_parts(period, mode):
    values = ", ".join(map(str, range(period)))
    run = compiled(f"cycle(step, {period}, [{values}])", mode)
    for step in (*range(period), 10**9 * period + period - 1):
        assert run(step).numpy() == step % period


@pytest.mark.parametrize("mode", ["graph", "xla"])
def test_a_vector_never_widens_an_axis_that_was_unknown(mode):
    import tensorflow as tf

    with pytest.raises((tf.errors.InvalidArgumentError, ValueError)):
        evaluate("y_true * last_axis(c)", mode, constants={"c": [1.0, 2.0]}, unknown=True,
                 y_true=np.ones((3, 1), np.float32))  # fmt: skip


def test_scalars_take_the_width_that_is_asked_for():
    found = evaluate("softmax(y_true) + one_hot(argmax(y_true), 2)", width="float64",
                     y_true=np.float32([[0, 0]]))  # fmt: skip
    expect(found, [[1.5, 0.5]], "float64")
    expect(
        evaluate("take(c, y_true)", width="float64", constants={"c": [0.1]}, y_true=[0]),
        [0.1],
        "float64",
    )
    expect(evaluate("exp(0) + 0.1"), 1.1, "float64")
    expect(evaluate("take(c, 0)", constants={"c": [0.1]}), 0.1, "float64")
    expect(evaluate("c[0] / 2", constants={"c": [0.1]}), 0.05, "float64")


def test_a_gate_stands_before_what_is_computed_and_only_once():
    import tensorflow as tf

    passed = []

    def gate(tensor):
        passed.append(tensor)
        return tensor

    x = tf.constant([1.0, 4.0])
    evaluator = Evaluator(lambda _, path: x, {}, None, gate=gate)
    found = evaluator(parse("sqrt(y_true.a) + 1 + y_true.a[..., None]").tree)
    assert found.tensor.shape == (2, 1)
    assert len(passed) == 2
    assert evaluator(parse("y_true.a[...]").tree).is_read
    assert evaluator(parse("y_true.a > 0 and y_true.a in [1]").tree).dtype == "bool"
    assert len(passed) == 2


def test_what_stands_at_several_places_is_computed_once():
    import tensorflow as tf

    from composer.language import tree as t

    reads = []
    part = parse("y_true.a").tree
    for _ in range(40):
        part = t.Binary(0, 0, "+", part, part)
    evaluator = Evaluator(lambda *path: reads.append(path) or tf.constant([1]), {}, None)
    assert evaluator(part).tensor.numpy() == [2**40]
    assert len(reads) == 1


# Against the static types


def _drawn(batch):
    """Tensors of a batch: small numbers, zeros among them."""
    import tensorflow as tf

    generator = np.random.default_rng(0)
    return {
        place: tf.cast(generator.integers(-2, 5, shape), dtype)
        if dtype != "bool" else tf.constant(generator.integers(0, 2, shape) > 0)
        for place, (dtype, shape) in batch.types.items()
    }  # fmt: skip


CONSTANTS = {name: Value(*each) for name, each in HELD.items()}


def _run(tree, tensors, mode):
    """The Value, and its tensor as the mode gives it."""
    import tensorflow as tf

    held = []

    def run(named, step):
        held.append(
            Evaluator(lambda *path: named["/".join([path[0], *path[1]])], CONSTANTS, step)(tree)
        )
        return tf.convert_to_tensor(held[-1].tensor)

    named = {"/".join(place): tensor for place, tensor in tensors.items()}
    run = in_mode(run, mode.split()[0], named, unknown="unknown" in mode)
    return run(named, tf.constant(3, tf.int64)), held[-1]


def check_types(tree, batch, modes=("eager",)):
    """Whatever `infer` accepts is computed, and is what it said."""
    names = Names(batch)
    try:
        told = infer(tree, names)
    except ExpressionError:
        assume(False)
    tensors = _drawn(batch)
    for mode in modes:
        found, value = _run(tree, tensors, mode)
        assert value.place == told.place, written(tree)
        assert tuple(found.shape) == told.shape.head, written(tree)
        if told.place == "batch":
            assert found.dtype.name == value.dtype == told.dtype, written(tree)
    return told


TREES = values() | flags()


@given(TREES, batches())
@settings(max_examples=150, deadline=None, suppress_health_check=TOO_SLOW)
def test_what_the_static_types_accept_is_computed_as_they_say(tree, batch):
    check_types(tree, batch)


@given(TREES, batches())
@settings(max_examples=12, deadline=None, suppress_health_check=TOO_SLOW)
def test_so_it_is_in_graphs_and_under_xla(tree, batch):
    check_types(tree, batch, ("graph", "xla", "graph of unknown sizes"))


@pytest.mark.full
@given(values(4) | flags(4), batches())
@settings(max_examples=5_000, deadline=None, suppress_health_check=TOO_SLOW)
def test_what_the_static_types_accept_is_computed_as_they_say_many(tree, batch):
    check_types(tree, batch)


@pytest.mark.full
@given(TREES, batches())
@settings(max_examples=300, deadline=None, suppress_health_check=TOO_SLOW)
def test_so_it_is_in_graphs_and_under_xla_many(tree, batch):
    check_types(tree, batch, ("graph", "xla", "graph of unknown sizes"))


@pytest.mark.parametrize("unknown", [False, True])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [1, 0])
def test_softmax_takes_tensors_of_any_rank(mode, unknown, size):
    # oneDNN's kernel stops at five axes
    logits = np.full([size, 1, 1, 2, 1, 2], np.log([1, 3]), "float32")
    found = compiled("softmax(y_true)", mode, unknown=unknown, y_true=logits)(0)
    np.testing.assert_allclose(found, np.full(logits.shape, [0.25, 0.75]), rtol=1e-6)
