"""A forecast of quantiles, weighed by what is in stock."""

from typing import ClassVar, Literal

from composer import Loss, Signature
from composer.fields import Read


class Newsvendor(Loss):
    """What a forecast of quantiles costs."""

    type: Literal["newsvendor"] = "newsvendor"
    quantiles: int
    stock: Read
    signature: ClassVar[Signature] = Signature(
        "y_true=number[batch, n], y_pred=float[batch, n, quantiles], stock=number[batch]"
        " -> float[batch, n]"
    )

    def values(self, y_true, y_pred, stock):
        """One number for each time."""
        raise NotImplementedError
