"""The JSON Schema of a spec, for editors: what a schema can say, in the words of the docstrings."""
