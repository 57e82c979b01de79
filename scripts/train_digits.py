"""Trains three tasks on turned digits with configs/digits.yaml, and plain Keras beside it.

    scripts/train_digits.py [--epochs N] [--output DIR] [--quick]

What is written, how far every pixel is, and how far the digit is turned: 32 % of the depths are
missing (0 or NaN), 10 % of the samples have none, and 30 % have no pose. It prints what every row
of the loss came to in every epoch, and draws curves and pictures.
"""

from __future__ import annotations

from runs import digits, digits_report
from runs.command import finish, read_options, run


def main() -> None:
    """Trains, and reports on digits that were not trained with."""
    options = read_options(__doc__, "digits", epochs=8, quick_epochs=3)
    parts = digits.parts(turns=1 if options.quick else 8)
    trained = run(
        digits.job(parts, options.epochs), options, "Turned digits: class, depth and pose"
    )
    answers, spoilt = (
        model.predict(dict(parts["test"].x), verbose=0) for model in (trained.model, trained.spoilt)
    )
    digits_report.draw(options.output / "answers.png", parts["test"], answers)
    finish(options, trained.results, digits_report.metrics(parts, answers, spoilt))


if __name__ == "__main__":
    main()
