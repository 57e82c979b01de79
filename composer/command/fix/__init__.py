"""`losscomp check --fix` and `--diff`: the edits of problems made in files, or shown."""
