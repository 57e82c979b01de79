"""How the time of a check grows with the number of tasks: the exponent of the power that fits.

    scripts/bench_scaling.py [--rounds N]

Specs with `tensors:`, masks, schedules and tensor weights of 250 to 2,000 tasks are read and
checked in one process, the sizes in turn, so that a slow moment hits all alike. An exponent of 1
is linear.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time

from composer.reading import examine_text

SIZES = (250, 500, 1000, 2000)


def main() -> None:
    """Prints the median time of every size and the exponent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    texts = {size: spec_of(size) for size in SIZES}
    times = measure(texts, parser.parse_args().rounds)
    medians = {size: statistics.median(seconds) for size, seconds in times.items()}
    for size, median in medians.items():
        print(f"{size:5} tasks {median:7.3f} s {1e3 * median / size:6.2f} ms a task")
    print(f"exponent {exponent(medians):.2f}")


def spec_of(tasks: int) -> str:
    """A sound spec of so many tasks."""
    names = [f"t{number}" for number in range(tasks)]
    tensors = "".join(f"    {name}: float32[batch, h, w]\n" for name in names)
    return f"tensors:\n  y_true:\n{tensors}  y_pred:\n{tensors}tasks:\n" + "".join(
        f"  {name}:\n"
        "    weight: ramp(step, 0, 1000)\n"
        "    mask: 0 < y_true < 80 and isfinite(y_true)\n"
        "    loss: {type: huber, delta: 0.5, weight: 1 + 4 * (y_true > 3)}\n"
        for name in names
    )


def measure(texts: dict[int, str], rounds: int) -> dict[int, list[float]]:
    """Seconds of processor time; the first round warms up and is left out."""
    times: dict[int, list[float]] = {size: [] for size in texts}
    for round_ in range(rounds + 1):
        for size, text in texts.items():
            start = time.process_time()
            spec, problems, _ = examine_text(text, "spec.yaml")
            seconds = time.process_time() - start
            assert spec is not None, problems
            assert not problems
            if round_:
                times[size].append(seconds)
    return times


def exponent(medians: dict[int, float]) -> float:
    """The slope of the line through the logarithms, by least squares."""
    points = [(math.log(size), math.log(seconds)) for size, seconds in medians.items()]
    x0, y0 = (statistics.mean(each) for each in zip(*points, strict=True))
    above = sum((x - x0) * (y - y0) for x, y in points)
    return above / sum((x - x0) ** 2 for x, _ in points)


if __name__ == "__main__":
    main()
