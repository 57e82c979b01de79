"""What `check` says of random specs, and what comes of building and calling them.

Where it is silent, nothing raises, nothing broadcasts, and shapes and dtypes are those predicted;
where the call raises, it had a problem; and told less, it is never louder.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from composer import build_total_loss
from composer.command.drawing import draw_batch
from composer.engine.batch_tensors import collect
from composer.language.diagnostics import SpecError
from composer.language.static.infer import Type
from tests.alignment_rules import Sizes, computes_in, fits_at_left, is_type_of
from tests.predictions import Predicted, cuts_a_name, errors, is_decided, parsed
from tests.random_losses import Own
from tests.random_specs import cases, few_axes

STEP = 1
MODES = ("eager",) * 11 + ("batch unknown", "sizes unknown", "batch unknown, xla")
CASES = cases().filter(few_axes)
SLOW = list(HealthCheck)


def drawn(case, is_sound):
    """Tensors of the case's shapes, in the domains of the roles where the spec is sound."""
    import tensorflow as tf

    has_empty_axis = any(0 in case.shape(place)[1:] for place in case.tensors)
    if is_sound and not has_empty_axis:
        y_true, y_pred = draw_batch(parsed(case.sized()))
        arrays = {"y_true": y_true, "y_pred": y_pred}
    else:
        arrays = {"y_true": {}, "y_pred": {}}
        for side, name in case.tensors:
            arrays[side][name] = np.resize([0, 1, 1], case.shape((side, name)))
    batch = {"y_true": {}, "y_pred": {}}
    for (side, name), (dtype, _) in case.tensors.items():
        batch[side][name] = tf.cast(tf.constant(arrays[side][name]), dtype)
    return batch["y_true"], batch["y_pred"], tf.constant(STEP, tf.int64)


def in_mode(total_loss, batch, mode):
    """The total and the breakdown of a batch as a mode computes them."""
    import tensorflow as tf

    def run(y_true, y_pred, step):
        return total_loss(y_true, y_pred, step=step)

    def told(x):
        known = [None if "sizes" in mode or not axis else size for axis, size in enumerate(x.shape)]
        return tf.TensorSpec(known, x.dtype)

    if mode != "eager":
        signature = tf.nest.map_structure(told, batch)
        jit = "xla" in mode
        run = tf.function(run, input_signature=signature, jit_compile=jit, autograph=False)
    return run(*batch)


def outcome(spec, batch, mode):
    """The total loss of a spec with the total of a batch, or what is raised on the way."""
    import tensorflow as tf

    try:
        total_loss = build_total_loss(spec, losses=[Own])
        return total_loss, in_mode(total_loss, batch, mode)[0]
    except (SpecError, ValueError) as error:
        return None, error
    except tf.errors.InvalidArgumentError as error:
        assert mode != "eager", "where every size is known, the words are ours"
        return None, error


def check_agreement(case, mode):
    named, sized = errors(case.named()), errors(case.sized())
    vague = errors(case.sized(hidden=True))
    event(f"{'problems' if sized else 'silent'}, {mode}")
    assert named or not sized or cuts_a_name(case.named()), f"not of all sizes: {sized}"
    assert named or not errors(case.named(hidden=True)), "told less, it is louder"
    assert sized or not vague, f"told less, it is louder: {vague}"
    told, batch = case.rest if vague else case.sized(hidden=True), drawn(case, not sized)
    total_loss, found = outcome(told, batch, mode)
    if sized:
        is_left_out = mode != "eager" and is_decided(case.rest)
        assert total_loss is None or is_left_out, f"computed in spite of {sized}"
    else:
        assert total_loss is not None, f"refused: {found}"
        dtypes = [check_term(*each) for each in terms(told, total_loss, batch)]
        assert (found.dtype.name, tuple(found.shape)) == (max(dtypes), ())


def terms(spec, total_loss, batch):
    """What is known of each term, and the term on a batch, with the shape of its values."""
    told, (y_true, y_pred, step) = Predicted(spec), batch
    found = total_loss.terms_on_batch(collect(total_loss.paths, y_true, y_pred), step)
    values = total_loss.values(y_true, y_pred, step=step)
    total_loss.denominators(y_true, y_pred, step=step)
    for types, term in zip(told.terms, found, strict=True):
        yield told, types, term, values[term.name]


def check_term(told, types, term, values):
    """Its tensors are those predicted, and stand where the signature says; gives its dtype."""
    loss, signature = types.term.loss, types.term.loss.bound_signature()
    roles = {name: term.evaluator(part.tree).tensor for name, part in types.term.roles.items()}
    wide = computes_in(loss, {name: tensor.dtype.name for name, tensor in roles.items()})
    for name, part in types.term.roles.items():
        assert is_type_of(told(part), roles[name], wide), part
    sizes = Sizes(loss, {name: tuple(tensor.shape) for name, tensor in roles.items()})
    shape = sizes(signature.values)
    inputs = sizes(signature.roles["keep"].axes) if signature.is_region else shape
    for parts, whole in ((types.term.masks, inputs), (types.term.weights, shape)):
        for part in parts:
            check_selecting(told(part), term.evaluator(part.tree).tensor, whole, wide)
    assert is_type_of(Type(wide, types.values), values, wide)
    assert tuple(values.shape) == shape
    check_selection(term.selection, shape, inputs)
    return wide


def check_selecting(told, tensor, whole, wide):
    """A mask or weight is what was predicted, and spreads over axes that it lacks alone."""
    assert is_type_of(told, tensor, wide)
    if told.place == "last":
        assert tuple(tensor.shape) == whole[-1:]
    else:
        assert fits_at_left(tuple(tensor.shape), whole)


def check_selection(selection, shape, inputs):
    for each in (selection.mask, selection.weight):
        assert each is None or tuple(each.shape) == shape
    assert selection.keep is None or tuple(selection.keep.shape) == inputs


@given(CASES, st.sampled_from(MODES))
@settings(max_examples=200, deadline=None, suppress_health_check=SLOW)
def test_check_and_call_agree(case, mode):
    check_agreement(case, mode)


@pytest.mark.full
@given(CASES, st.sampled_from(MODES))
@settings(max_examples=3_000, deadline=None, suppress_health_check=SLOW)
def test_check_and_call_agree_many(case, mode):
    check_agreement(case, mode)


def test_silence_and_problems_are_both_common():
    counts = Counter()

    @given(CASES)
    @settings(
        max_examples=200, deadline=None, derandomize=True, database=None,
        phases=[Phase.generate], suppress_health_check=SLOW,
    )  # fmt: skip
    def count(case):
        counts[bool(errors(case.sized()))] += 1

    count()
    assert min(counts.values()) > 0.25 * counts.total()
