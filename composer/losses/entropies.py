"""Cross entropies of classes that exclude each other, and how focal losses scale them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from composer.losses.analytic import Formula, Gradient, analytic
from composer.losses.arithmetic import Arithmetic
from composer.losses.numerics import FLOOR, focus, power, softmax
from composer.losses.residuals import remembered

if TYPE_CHECKING:
    import tensorflow as tf


@dataclass(frozen=True)
class Rows:
    """Logits x with what their softmax is made of: the greatest of a row, and Σ e^(x − greatest).

    Both are kept, not their log-sum-exp: where the logits are large, it has no digits left of what
    is computed from differences. Probabilities are computed anew in every pass, and none are kept.
    """

    logits: tf.Tensor
    greatest: tf.Tensor
    sums: tf.Tensor
    how: Arithmetic

    @classmethod
    def of(cls, logits: tf.Tensor, how: Arithmetic) -> Rows:
        import tensorflow as tf

        greatest = remembered(lambda: tf.reduce_max(logits, -1, keepdims=True))
        sums = remembered(lambda: how.row_sum(tf.exp(logits - greatest), wide=True))
        return cls(logits, greatest, sums, how)

    @property
    def below(self) -> tf.Tensor:
        """How far each logit is below the greatest; at most 0."""
        return self.logits - self.greatest

    @property
    def log_sums(self) -> tf.Tensor:
        import tensorflow as tf

        return tf.math.log(self.sums)

    @property
    def log_shares(self) -> tf.Tensor:
        """log softmax."""
        return self.below - self.log_sums

    def shares(self, of: tf.Tensor | float) -> tf.Tensor:
        """The softmax times a number for each row."""
        return self.how.decay(self.below) * (of / self.sums)


def _fused(plain: Formula, formula: Formula, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """A formula of labels and `Rows` where XLA fuses it; elsewhere, the plain one."""
    how = Arithmetic.here()
    if not how.compiled:
        return plain(labels, logits)
    return analytic(plain, lambda z, x: formula(z, Rows.of(x, how)), labels, logits)


def sparse_softmax_entropy(
    labels: tf.Tensor, logits: tf.Tensor, smoothing: float = 0.0
) -> tf.Tensor:
    """−(1 − smoothing)·log p_label − smoothing·mean_c log p_c,   p = softmax(logits)."""
    plain, formula = (partial(each, smoothing=smoothing) for each in (_plain_sparse, _sparse))
    return _fused(plain, formula, labels, logits)


def _plain_sparse(labels: tf.Tensor, logits: tf.Tensor, smoothing: float) -> tf.Tensor:
    import tensorflow as tf

    if not smoothing:
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    # One pass of the dense op, whose gradient is right for labels that sum to 1.
    classes = tf.shape(logits)[-1]
    smoothed = tf.one_hot(labels, classes, *_smoothed(smoothing, classes, logits.dtype))
    return tf.nn.softmax_cross_entropy_with_logits(smoothed, logits)


def _sparse(labels: tf.Tensor, rows: Rows, smoothing: float) -> tuple[tf.Tensor, Gradient]:
    import tensorflow as tf

    x, log_sums = rows.logits, rows.log_sums
    label = tf.gather(x, labels, batch_dims=labels.shape.rank)[..., None]
    values = log_sums - (label - rows.greatest)
    target, others = _smoothed(smoothing, tf.shape(x)[-1], x.dtype)
    if smoothing:
        soft = smoothing * log_sums - others * rows.how.row_sum(rows.below)
        values = tf.math.multiply_no_nan(values, 1 - smoothing) + soft

    def gradient(upstream: tf.Tensor) -> list[tf.Tensor | None]:
        upstream = upstream[..., None]
        is_label = tf.equal(tf.range(tf.shape(x)[-1]), labels[..., None])
        hard = tf.where(is_label, target * upstream, others * upstream)
        return [None, rows.shares(upstream) - hard]

    return values[..., 0], gradient


def _smoothed(smoothing: float, classes: tf.Tensor, dtype: tf.DType) -> tuple[tf.Tensor, tf.Tensor]:
    """What a label comes to at its own class, and at every other."""
    import tensorflow as tf

    others = smoothing / tf.cast(classes, dtype)
    return 1 - (smoothing - others), others


def softmax_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """−Σ_c labels_c·log softmax(logits)_c."""
    return _fused(_plain, _dense, labels, logits)


def _plain(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    import tensorflow as tf

    # Not TensorFlow's dense op: its gradient is that of the value only where labels sums to 1.
    # Not a plain product: a class that a logit of -inf rules out costs 0·∞ = 0 where labels is 0.
    return -tf.reduce_sum(tf.math.multiply_no_nan(tf.nn.log_softmax(logits), labels), -1)


def _dense(labels: tf.Tensor, rows: Rows) -> tuple[tf.Tensor, Gradient]:
    import tensorflow as tf

    product = tf.math.multiply_no_nan
    counts = remembered(lambda: rows.how.row_sum(labels))
    values = -rows.how.row_sum(product(rows.log_shares, labels))[..., 0]

    def gradient(upstream: tf.Tensor) -> list[tf.Tensor]:
        upstream = upstream[..., None]
        return [
            -product(rows.log_shares, upstream),
            rows.shares(upstream * counts) - labels * upstream,
        ]

    return values, gradient


def softmax_focal(labels: tf.Tensor, logits: tf.Tensor, gamma: float) -> tf.Tensor:
    """−Σ_c labels_c·(1 − p_c)^gamma·log p_c,   p = softmax(logits)."""
    if gamma == 0:
        return softmax_entropy(labels, logits)
    plain, formula = (partial(each, gamma=gamma) for each in (_plain_focal, _focal))
    return _fused(plain, formula, labels, logits)


def _plain_focal(labels: tf.Tensor, logits: tf.Tensor, gamma: float) -> tf.Tensor:
    import tensorflow as tf

    terms = tf.math.multiply_no_nan(tf.nn.log_softmax(logits), labels)
    return -tf.reduce_sum(terms * focus(1 - softmax(logits), gamma), -1)


def _focal(labels: tf.Tensor, rows: Rows, gamma: float) -> tuple[tf.Tensor, Gradient]:
    import tensorflow as tf

    product, row_sum = tf.math.multiply_no_nan, rows.how.row_sum

    def gradient(upstream: tf.Tensor) -> list[tf.Tensor]:
        upstream = upstream[..., None]
        shares, log_shares = rows.shares(1.0), rows.log_shares
        miss = 1 - shares
        held = tf.maximum(miss, FLOOR)
        lower = power(held, gamma - 1)
        of_power = tf.where(miss >= FLOOR, gamma * product(log_shares, shares), 0)
        slopes = labels * lower * (of_power - held)  # of each log p
        return [
            -product(log_shares * lower * held, upstream),
            upstream * (slopes - shares * row_sum(slopes, dear=True)),
        ]

    terms = product(rows.log_shares, labels) * focus(1 - rows.shares(1.0), gamma)
    return -row_sum(terms, dear=True)[..., 0], gradient
