"""Trains disparity from patches of a stereo pair with configs/stereo_patches.yaml, and plain Keras
beside it.

    scripts/train_stereo.py [--epochs N] [--output DIR] [--quick]

The ground truth of every fourth tile is withheld. It prints what every row of the loss came to in
every epoch, and draws curves and the disparities of the whole picture.
"""

from __future__ import annotations

from runs import stereo, stereo_report
from runs.command import finish, read_options, run


def main() -> None:
    """Trains, and reports on the ground truth that was withheld."""
    options = read_options(__doc__, "stereo", epochs=12, quick_epochs=4)
    scene = stereo.scene()
    job = stereo.job(scene, count=48 if options.quick else 512, epochs=options.epochs)
    trained = run(job, options, "Disparity from patches of the aloe pair")
    answer = stereo.disparity_of(trained.model, scene)
    stereo_report.draw(options.output / "disparity.png", scene, answer)
    finish(options, trained.results, stereo_report.metrics(scene, answer))


if __name__ == "__main__":
    main()
