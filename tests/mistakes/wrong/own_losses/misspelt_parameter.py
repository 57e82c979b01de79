"""The reversed Huber loss."""

from typing import ClassVar, Literal

from composer import Loss, Signature


class BerHu(Loss):
    """Linear within the threshold, quadratic beyond."""

    type: Literal["berhu"] = "berhu"
    threshold: float = 0.2
    signature: ClassVar[Signature] = Signature(
        "y_true=number[...], y_pred=float[...] -> float[...]"
    )

    def values(self, y_true, y_pred):
        """One number for each element."""
        raise NotImplementedError
