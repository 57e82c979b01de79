"""The angle between normals."""

from typing import ClassVar, Literal

from composer import Loss, Signature


class Angle(Loss):
    """The angle between two vectors, in radians."""

    type: Literal["angle"] = "angle"
    signature: ClassVar[Signature] = Signature(
        "y_true=number[batch, ..., n] in unit, y_pred=float[batch, ..., n] -> float[batch, ...]"
    )

    def values(self, y_true, y_pred):
        """One number for each vector."""
        raise NotImplementedError
