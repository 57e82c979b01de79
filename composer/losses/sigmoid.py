"""Cross entropies of yes-or-no classes, and how focal losses scale them; gradients are stated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from composer.losses.analytic import Formula, Gradient, analytic
from composer.losses.arithmetic import Arithmetic
from composer.losses.numerics import FLOOR, focus, power

if TYPE_CHECKING:
    import tensorflow as tf


Numbers = float | tuple[float, ...]
"""One for all classes, or one for each, on the last axis."""


def sigmoid_entropy(
    labels: tf.Tensor, logits: tf.Tensor, pos_weight: Numbers | None = None
) -> tf.Tensor:
    """−pos_weight·labels·log σ(logits) − (1 − labels)·log(1 − σ(logits))."""
    plain, stated = (partial(each, pos_weight=pos_weight) for each in (_plain, _stated))
    return _analytic(plain, stated, labels, logits, by_class=isinstance(pos_weight, tuple))


def sigmoid_focal(labels: tf.Tensor, logits: tf.Tensor, gamma: float) -> tf.Tensor:
    """The sigmoid cross entropy times (1 − p)^gamma, p the probability of what the label says."""
    if gamma == 0:
        return sigmoid_entropy(labels, logits)
    plain, stated = (partial(each, gamma=gamma) for each in (_plain_focal, _stated_focal))
    return _analytic(plain, stated, labels, logits)


def _analytic(
    plain: Formula, stated: Formula, labels: tf.Tensor, logits: tf.Tensor, by_class: bool = False
) -> tf.Tensor:
    how = Arithmetic.here()
    stated = partial(stated, how=how)
    # XLA vectorizes what has one axis at every size.
    on_one_axis = how.on_cpu and not by_class and logits.shape.rank > 1
    return analytic(plain, _flat(stated) if on_one_axis else stated, labels, logits)


def _flat(stated: Formula) -> Formula:
    """The same formula, computed on one axis."""
    import tensorflow as tf

    def on_one_axis(z: tf.Tensor, x: tf.Tensor) -> tuple[tf.Tensor, Gradient]:
        shape = tf.shape(x)
        values, gradient = stated(tf.reshape(z, [-1]), tf.reshape(x, [-1]))

        def reshaped(upstream: tf.Tensor) -> list[tf.Tensor | None]:
            return [tf.reshape(each, shape) for each in gradient(tf.reshape(upstream, [-1]))]

        return tf.reshape(values, shape), reshaped

    return on_one_axis


def _plain(labels: tf.Tensor, logits: tf.Tensor, pos_weight: Numbers | None = None) -> tf.Tensor:
    import tensorflow as tf

    weight = None if pos_weight is None else tf.constant(pos_weight, logits.dtype)
    positive = labels if weight is None else weight * labels
    # −log σ(∓x) is max(±x, 0) + log(1 + e^−|x|). Written with `where`, because the gradients of abs
    # and relu at 0 are 0, and multiplied so that a certainty that is right costs 0·∞ = 0.
    above = logits >= 0
    linear = tf.math.multiply_no_nan(logits, tf.where(above, 1 - labels, -positive))
    decay = tf.math.log1p(tf.exp(tf.where(above, -logits, logits)))
    return linear + (decay if weight is None else (positive + 1 - labels) * decay)


def _plain_focal(labels: tf.Tensor, logits: tf.Tensor, gamma: float) -> tf.Tensor:
    import tensorflow as tf

    # 1 − p as a sum of what is at least 0: no digits cancel near 1.
    miss = labels * tf.sigmoid(-logits) + (1 - labels) * tf.sigmoid(logits)
    return _plain(labels, logits) * focus(miss, gamma)


@dataclass(frozen=True)
class Binary:
    """Labels z and logits x, with what one pass over them computes."""

    z: tf.Tensor
    x: tf.Tensor
    how: Arithmetic

    @cached_property
    def tail(self) -> tf.Tensor:
        """e^−|x|."""
        import tensorflow as tf

        return self.how.decay(-tf.abs(self.x))

    @cached_property
    def decay(self) -> tf.Tensor:
        """log(1 + e^−|x|)."""
        import tensorflow as tf

        return self.how.log1p(self.tail) if self.how.compiled else tf.math.softplus(-tf.abs(self.x))

    @cached_property
    def shares(self) -> tuple[tf.Tensor, tf.Tensor]:
        """σ(x) and σ(−x), each with all its digits."""
        import tensorflow as tf

        if not self.how.compiled:
            return tf.sigmoid(self.x), tf.sigmoid(-self.x)
        above = self.x >= 0
        large = 1 / (1 + self.tail)
        small = self.tail * large
        return tf.where(above, large, small), tf.where(above, small, large)

    @cached_property
    def entropy(self) -> tf.Tensor:
        import tensorflow as tf

        # A certainty that is right costs 0·∞ = 0.
        sign = tf.cast(self.x >= 0, self.x.dtype) - self.z
        return tf.math.multiply_no_nan(self.x, sign) + self.decay

    @cached_property
    def miss(self) -> tf.Tensor:
        """1 − p of what the label says."""
        share, other = self.shares
        return self.z * other + (1 - self.z) * share

    @cached_property
    def slope(self) -> tf.Tensor:
        """Of the cross entropy: not σ(x) − z, which has no digits left of a small probability."""
        share, other = self.shares
        return (1 - self.z) * share - self.z * other


def _stated(
    z: tf.Tensor, x: tf.Tensor, pos_weight: Numbers | None, how: Arithmetic
) -> tuple[tf.Tensor, Gradient]:
    import tensorflow as tf

    product, forward = tf.math.multiply_no_nan, Binary(z, x, how)
    if pos_weight is None:
        return forward.entropy, lambda upstream: [
            -product(x, upstream),
            upstream * Binary(z, x, how).slope,
        ]
    weight = tf.constant(pos_weight, x.dtype)
    linear = product(x, tf.where(x >= 0, 1 - z, -weight * z))

    def gradient(upstream: tf.Tensor) -> list[tf.Tensor]:
        backward = Binary(z, x, how)
        share, other = backward.shares
        right, wrong = tf.nn.relu(-x) + backward.decay, tf.nn.relu(x) + backward.decay
        return [
            product(right, weight * upstream) - product(wrong, upstream),
            upstream * ((1 - z) * share - weight * z * other),
        ]

    return linear + (weight * z + 1 - z) * forward.decay, gradient


def _stated_focal(
    z: tf.Tensor, x: tf.Tensor, gamma: float, how: Arithmetic
) -> tuple[tf.Tensor, Gradient]:
    import tensorflow as tf

    forward = Binary(z, x, how)

    def gradient(upstream: tf.Tensor) -> list[tf.Tensor]:
        backward = Binary(z, x, how)
        share, other = backward.shares
        held = tf.maximum(backward.miss, FLOOR)
        lower = power(held, gamma - 1)
        of_entropy = upstream * lower * held
        lower = tf.where(backward.miss >= FLOOR, upstream * gamma * lower, tf.zeros([], x.dtype))
        product, entropy = tf.math.multiply_no_nan, backward.entropy
        return [
            product(entropy, lower * (other - share)) - product(x, of_entropy),
            product(entropy, lower * (1 - 2 * z) * share * other) + of_entropy * backward.slope,
        ]

    return forward.entropy * focus(forward.miss, gamma), gradient
