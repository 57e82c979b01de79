"""Figures of a spec: its weights, its losses, and what they do on a batch."""
