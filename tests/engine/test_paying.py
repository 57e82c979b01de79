"""Where a loss is compiled by itself, unless somebody says."""

from __future__ import annotations

import pytest

LARGE = [4, 256, 256]


def decided(*shapes, mode="graph"):
    """What is decided about tensors of these shapes."""
    import tensorflow as tf

    from composer.engine.paying import pays

    found = []

    @tf.function(
        input_signature=[tf.TensorSpec(shape) for shape in shapes],
        jit_compile=mode == "xla",
        autograph=False,
    )
    def look(*tensors):
        found.append(pays(tensors))
        return tensors[0]

    look.get_concrete_function()
    return found[0]


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        pytest.param([LARGE], True, id="large"),
        pytest.param([[8], LARGE], True, id="one of them large"),
        pytest.param([[None, 256, 256]], True, id="of a batch of any size"),
        pytest.param([[None, 64]], False, id="small samples, of a batch of any size"),
        pytest.param([[4, 256], [4]], False, id="small"),
        pytest.param([LARGE, [4, None]], False, id="another size unknown: compiled for each"),
        pytest.param([None], False, id="rank unknown"),
        pytest.param([[]], False, id="a number"),
    ],
)
def test_large_tensors_of_known_sizes_are_compiled(shapes, expected):
    assert decided(*shapes) is expected


def test_nothing_is_compiled_twice():
    assert decided(LARGE, mode="xla") is False


def test_nothing_is_compiled_op_by_op():
    import tensorflow as tf

    from composer.engine.paying import pays

    assert pays([tf.zeros(LARGE)]) is False


def test_other_devices_were_not_measured(monkeypatch):
    from types import SimpleNamespace

    import tensorflow as tf

    devices = [SimpleNamespace(device_type=kind) for kind in ("CPU", "GPU")]
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda *_: devices)
    assert decided(LARGE) is False


@pytest.mark.parametrize("value", [1, "always", None])
def test_what_is_no_answer_is_refused(value):
    from composer import build_total_loss

    with pytest.raises(ValueError) as info:  # noqa: PT011  # the whole text follows
        build_total_loss({"tasks": {"t": {"loss": "l2"}}}, jit_compile=value)
    assert str(info.value) == f'jit_compile should be True, False or "auto", found {value!r}'
