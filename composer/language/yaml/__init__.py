"""YAML text to nodes that know their line and column; PyYAML only splits it into events."""
