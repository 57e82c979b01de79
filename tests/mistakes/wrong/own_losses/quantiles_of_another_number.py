"""The pinball loss of evenly spaced quantiles."""

from typing import ClassVar, Literal

from composer import Loss, Signature


class Pinball(Loss):
    """What a forecast of quantiles costs."""

    type: Literal["pinball"] = "pinball"
    quantiles: int = 3
    signature: ClassVar[Signature] = Signature(
        "y_true=number[batch, ...], y_pred=float[batch, ..., quantiles] -> float[batch, ...]"
    )

    def values(self, y_true, y_pred):
        """One number for each time."""
        raise NotImplementedError
