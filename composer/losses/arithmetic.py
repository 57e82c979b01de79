"""Exponentials and sums of rows, as the compiler of the moment makes them fast and exact."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from composer.losses.compiler import in_xla, on_processors_alone

if TYPE_CHECKING:
    import tensorflow as tf

_SHORT, _LONG = 32, 2048
"""Rows up to the one are added up fastest in float64; float32 adds up to the other in few ulp."""


@dataclass(frozen=True)
class Arithmetic:
    """How a formula computes; decided by its forward pass, and kept by its gradient.

    Attributes:
        compiled: whether XLA compiles what is traced: it fuses, and nothing between is stored.
        on_cpu: whether it compiles for the CPU alone.
    """

    compiled: bool
    on_cpu: bool

    @classmethod
    def here(cls) -> Arithmetic:
        """Of the function that is being traced."""
        compiled = in_xla()
        return cls(compiled, compiled and on_processors_alone())

    def decay(self, x: tf.Tensor) -> tf.Tensor:
        """e^x for x ≤ 0: exactly 0 at −inf, NaN at NaN."""
        import tensorflow as tf

        # XLA's own is vectorized at few sizes only, and where two passes ask for it, stored.
        return exp_of_negative(x) if self._is_by_hand(x) else tf.exp(x)

    def log1p(self, x: tf.Tensor) -> tf.Tensor:
        """log(1 + x) for x from 0 to 1."""
        import tensorflow as tf

        return log1p_of_fraction(x) if self._is_by_hand(x) else tf.math.log1p(x)

    def row_sum(self, x: tf.Tensor, *, wide: bool = False, dear: bool = False) -> tf.Tensor:
        """Σ over the last axis, which is kept with size 1.

        Args:
            wide: keep the digits of long rows.
            dear: the terms take long to compute, and had better be stored.
        """
        import tensorflow as tf

        classes = x.shape[-1] or 0
        if not self._is_by_hand(x):
            return tf.reduce_sum(x, -1, keepdims=True)
        parts = _parts(classes)
        if parts and (dear or classes > _SHORT):
            return _sum_by_product(x, parts, classes // parts)
        terms = tf.cast(x, tf.float64) if wide or classes <= _SHORT or classes > _LONG else x
        return tf.cast(tf.reduce_sum(terms, -1, keepdims=True), x.dtype)

    def _is_by_hand(self, x: tf.Tensor) -> bool:
        """Whether XLA's own functions would not be vectorized at every size."""
        return self.on_cpu and x.dtype.name == "float32"


def exp_of_negative(x: tf.Tensor) -> tf.Tensor:
    """e^x of float32 for x ≤ 0, within 1.02 ulp; what would be subnormal is 0.

    Cody and Waite's reduction and the polynomial of Cephes (`expf`, Moshier, 1992), in ops that XLA
    vectorizes at every size.
    """
    import tensorflow as tf

    x = tf.maximum(x, -88.0)  # below, the power of 2 is that of a zero
    power = tf.floor(x * 1.44269504 + 0.5)
    # log 2 in two parts, of which the first times `power` is exact.
    rest = x - power * 0.693359375 + power * 2.12194440e-4
    series = 1.9875691500e-4 * rest + 1.3981999507e-3
    for coefficient in (8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1):
        series = series * rest + coefficient
    series = series * rest * rest + rest + 1.0
    exponent = tf.bitwise.left_shift(tf.cast(power, tf.int32) + 127, 23)
    return series * tf.bitcast(exponent, tf.float32)


def log1p_of_fraction(x: tf.Tensor) -> tf.Tensor:
    """log(1 + x) of float32 for x from 0 to 1, within 2 ulp, as 2·artanh(x / (2 + x))."""
    half = x / (2.0 + x)
    square = half * half
    # Fitted to (artanh(h)/h − 1)/h² at Chebyshev's points of h² from 0 to 1/9; wrong by 1.5e-8.
    series = 1.3433776651e-1 * square + 1.4116977575e-1
    for coefficient in (2.0003835452e-1, 3.3333319833e-1):
        series = series * square + coefficient
    twice = half + half
    return twice + twice * square * series


def _parts(classes: int) -> int:
    """The fewest parts of one size in which float32 adds up a row in few ulp; 0 if there are none.

    More than two, if the row is long enough to be worth it.
    """
    fewest = max(3, math.ceil(classes / _LONG))
    fitting = (n for n in range(fewest, min(classes // _SHORT, _LONG) + 1) if classes % n == 0)
    return next(fitting, 1 if 0 < classes <= _LONG else 0)


def _sum_by_product(x: tf.Tensor, parts: int, size: int) -> tf.Tensor:
    """Σ over the last axis: XLA vectorizes sums over other axes, and products with ones."""
    import tensorflow as tf

    # First over the parts of a row, of which nothing but their sum is then stored.
    sums = tf.reduce_sum(tf.reshape(x, [-1, parts, size]), 1)
    sums = tf.matmul(sums, tf.ones([size, 1], x.dtype))
    return tf.reshape(sums, tf.concat([tf.shape(x)[:-1], [1]], 0))
