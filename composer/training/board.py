"""The rows of a model as TensorBoard's curves, and a layout in which its terms share charts."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import Any

import tensorflow as tf

from composer.training.records import Every, Record, RowsLogger

CHARTS = ("loss", "weighted", "weight", "kept")


class TensorBoardRows(RowsLogger):
    """Writes every term's `loss`, `weight`, `weighted` and `kept`, and the total, for TensorBoard.

    The tags are `loss/<task>/<loss>/weighted` and so on, and `loss/total`; they go into `train` and
    `validation` below `log_dir`, where Keras's own callback writes. The step is the optimizer's, so
    that curves of different batch sizes compare. Custom Scalars shows four charts, one for each
    number, with all the terms. Needs TensorBoard: pip install 'losscomp[tensorboard]'.

    Args:
        log_dir: the directory of the logs.
        update_freq: `epoch` writes the rows of each epoch, a number n those of every n-th step;
            evaluations are written whole.

    Raises:
        ImportError: TensorBoard is missing.
        ValueError: `update_freq` is something else; on use, the model has no total loss.
    """

    def __init__(self, log_dir: str | os.PathLike[str], *, update_freq: Every = "epoch") -> None:
        super().__init__("update_freq", update_freq)
        _require_tensorboard()
        self.log_dir = os.fspath(log_dir)
        self._laid_out: tuple[str, ...] = ()

    def set_model(self, model: Any) -> None:
        """Raises ValueError for a model without rows."""
        super().set_model(model)
        self._writers: dict[str, tf.summary.SummaryWriter] = {}

    def write(self, record: Record) -> None:
        """Writes all numbers of a record as one event."""
        names = tuple(record.rows)
        writer = self._writer(record.split)
        # Keras's TensorBoard has nothing recorded between the steps of its own `update_freq`.
        with writer.as_default(), tf.summary.record_if(True):
            if names != self._laid_out:
                tf.summary.experimental.write_raw_pb(_layout_event(names), step=0)
                self._laid_out = names
            tf.summary.experimental.write_raw_pb(_scalars(record), step=record.step)
        if self.every == "epoch" or record.split == "validation":
            writer.flush()

    def finish(self) -> None:
        """Closes the files."""
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def _writer(self, split: str) -> tf.summary.SummaryWriter:
        if split not in self._writers:
            directory = os.path.join(self.log_dir, split)  # pathlib knows no gs://
            self._writers[split] = tf.summary.create_file_writer(directory)
        return self._writers[split]


def tag(name: str, number: str) -> str:
    """What TensorBoard calls a number of a row."""
    return f"loss/{name}/{number}"


def layout(names: Iterable[str]) -> Any:
    """A `tensorboard.plugins.custom_scalar.layout_pb2.Layout` with a chart for each number."""
    from tensorboard.plugins.custom_scalar import layout_pb2

    names = list(names)
    charts = [
        layout_pb2.Chart(
            title=number,
            # TensorBoard searches for an expression from the beginning of a tag, not to its end.
            multiline={"tag": [f"^{re.escape(tag(name, number))}$" for name in names]},
        )
        for number in CHARTS
    ]
    return layout_pb2.Layout(category=[layout_pb2.Category(title="loss", chart=charts)])


def _layout_event(names: Iterable[str]) -> bytes:
    from tensorboard.plugins.custom_scalar import summary

    event: bytes = summary.pb(layout(names)).SerializeToString()
    return event


def _scalars(record: Record) -> bytes:
    """One event with all numbers: an operation for each would take longer than a small step."""
    from tensorboard.plugins.scalar.summary_v2 import scalar_pb

    total, *others = [scalar_pb(name, number) for name, number in _numbers(record)]
    for other in others:
        total.MergeFrom(other)
    event: bytes = total.SerializeToString()
    return event


def _numbers(record: Record) -> Iterator[tuple[str, float]]:
    yield "loss/total", record.total
    for name, row in record.rows.items():
        for number in CHARTS:
            yield tag(name, number), getattr(row, number)


def _require_tensorboard() -> None:
    try:
        import tensorboard.plugins.custom_scalar.layout_pb2  # noqa: F401  # whether it is there
    except ImportError as error:
        raise ImportError(
            "TensorBoardRows needs TensorBoard, which is missing: "
            "pip install 'losscomp[tensorboard]'"
        ) from error
