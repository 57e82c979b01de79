"""What compiles the function that is being traced."""

from __future__ import annotations


def in_xla() -> bool:
    """Whether XLA does; False in eager mode, and where TensorFlow does not tell."""
    import tensorflow as tf

    if tf.executing_eagerly():
        return False
    try:
        from tensorflow.python.framework import ops
        from tensorflow.python.ops import control_flow_util

        return bool(control_flow_util.GraphOrParentsInXlaContext(ops.get_default_graph()))
    except (ImportError, AttributeError):  # not part of TensorFlow's public interface
        return False


def on_processors_alone() -> bool:
    """Whether there is no GPU, TPU or other device that it might be compiled for."""
    import tensorflow as tf

    return all(device.device_type == "CPU" for device in tf.config.list_logical_devices())
