"""The static meaning of expressions: dtypes and shapes, without a tensor."""
