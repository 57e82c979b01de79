"""What the commands do, apart from their arguments: checking, building, batches, printing."""
