"""`losscomp diff`: what changed in the formula from one spec to another."""
