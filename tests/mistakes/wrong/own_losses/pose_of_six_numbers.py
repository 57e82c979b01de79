"""A loss of translations and quaternions."""

from typing import ClassVar, Literal

from composer import Loss, Signature


class Pose(Loss):
    """Distance of translations, and of unit quaternions whatever their sign."""

    type: Literal["my_pose"] = "my_pose"
    beta: float = 1.0
    signature: ClassVar[Signature] = Signature(
        "y_true=number[batch, 7], y_pred=float[batch, 7] -> float[batch]"
    )

    def values(self, y_true, y_pred):
        """One number for each sample."""
        raise NotImplementedError
