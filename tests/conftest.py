"""What all tests share: two processors for those that ask for replicas."""

from __future__ import annotations

import pytest


def pytest_addoption(parser):
    parser.addoption(
        "--compiled",
        action="store_true",
        help="have XLA compile every total loss by itself, eager ones too",
    )


@pytest.fixture(autouse=True)
def _compiled(request, monkeypatch):
    if request.config.getoption("--compiled"):
        from composer.compose import TotalLoss
        from composer.losses.compiler import in_xla

        monkeypatch.setattr(TotalLoss, "_is_compiled", lambda *_: not in_xla())


def pytest_collection_finish(session):
    """Splits the processor in two, which has to be done before TensorFlow computes anything.

    Only where a test asks for `strategy`: the tests of the language never load TensorFlow. All others
    run on the first of the two, as on the only one.
    """
    if any("strategy" in getattr(item, "fixturenames", ()) for item in session.items):
        import tensorflow as tf

        (processor,) = tf.config.list_physical_devices("CPU")
        halves = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(processor, halves)


@pytest.fixture(scope="session")
def strategy():
    """A MirroredStrategy over two logical processors."""
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
