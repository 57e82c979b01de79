"""Times the total loss beside the same loss by hand, in Keras, `tf.losses` and TF-Slim.

    scripts/bench.py [CASE…] [--modes MODE…] [--rivals RIVAL…] [--rounds N] [--min-time S] [--quick]
    scripts/bench.py --scaling             # cost against the number of tasks
    scripts/bench.py --write docs/         # everything, into the page, its picture and its data

Value, gradient and breakdown of every case, in turn within one process, eagerly, in a graph and
under XLA; peak memory in a process for each; a copy of the memory beside it; ratios with quartiles.
"""

from __future__ import annotations

import sys

from bench.command import main

if __name__ == "__main__":
    sys.exit(main(__doc__))
