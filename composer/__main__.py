"""`python -m composer` is `losscomp`."""

from composer.entry import main

if __name__ == "__main__":
    main()
