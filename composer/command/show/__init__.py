"""`losscomp show`: a spec with every default, where each value comes from, and its formula."""
