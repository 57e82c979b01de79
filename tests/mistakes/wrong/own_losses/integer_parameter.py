"""A power of the error."""

from typing import ClassVar, Literal

from composer import Loss, Signature


class Power(Loss):
    """The error to a power."""

    type: Literal["power"] = "power"
    order: int = 2
    signature: ClassVar[Signature] = Signature(
        "y_true=number[...], y_pred=float[...] -> float[...]"
    )

    def values(self, y_true, y_pred):
        """One number for each element."""
        raise NotImplementedError
