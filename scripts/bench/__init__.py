"""What losscomp costs beside other ways to the same loss."""

from composer.command.building import native_log_hidden

with native_log_hidden():
    import tensorflow  # noqa: F401  # before others load it, and print
