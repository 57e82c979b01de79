"""What the training scripts share: data and models, the run, plain Keras beside it, and reports."""

from composer.command.building import native_log_hidden

with native_log_hidden():
    import tensorflow  # noqa: F401  # before others load it, and print
