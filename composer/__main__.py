"""`python -m composer` is `losscomp`."""

from composer.entry import run

if __name__ == "__main__":
    run()
