"""Schedules that stand still, or run from later to earlier."""

from __future__ import annotations

from composer.codes.base import Code


class IdleSchedule(Code):
    """A schedule that has the same value at every step.

    The warm-up or decay that was meant never comes: the values are all alike, all that differ lie
    before the first step, or the first argument does not read `step`.

    In TensorFlow a schedule also stands still where its values are right: a Python number that a
    `tf.function` reads is a constant of the first trace, and 1.0 stays 1.0 when it is set to 1000
    afterwards. losscomp computes every weight from `step` in each call.

    Wrong:

        tasks:
          pose:
            weight: ramp(step, 0, 1000, 1, 1)
            loss: absolute_difference

    Right:

        tasks:
          pose:
            weight: ramp(step, 0, 1000, 0.1, 1)
            loss: absolute_difference
    """

    code = "idle-schedule"
    severity = "warning"


class BackwardSchedule(Code):
    """A `ramp` or `cosine` whose end lies before its start.

    It is computed as it is written. `ramp(step, 1000, 0)` is 1 at step 0, 0.5 at step 500 and 0
    from step 1000 on: a task that was to join slowly fades out. To let one fade out, swap the two
    values and not the two steps.

    `np.interp` wants rising steps and does not look: `np.interp(step, [1000, 0], [0, 1])` is 0 at
    step 0 and 1 at the steps 250, 500 and 1000.

    Wrong:

        tasks:
          pose:
            weight: ramp(step, 1000, 0)
            loss: absolute_difference

    Right:

        tasks:
          pose:
            weight: ramp(step, 0, 1000, 1, 0)
            loss: absolute_difference
    """

    code = "backward-schedule"
    severity = "warning"
