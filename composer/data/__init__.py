"""NumPy: a real batch, looked at without TensorFlow."""
