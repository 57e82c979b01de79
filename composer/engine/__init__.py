"""TensorFlow: expressions, masks, weights and losses on the tensors of a batch."""
