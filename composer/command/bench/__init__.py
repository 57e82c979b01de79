"""`losscomp bench`: how long each loss takes and how much memory, and where the time goes."""
