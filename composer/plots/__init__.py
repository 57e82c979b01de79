"""Figures of a spec: its weights, its losses, and what they do on a batch."""

HUGE = 1e300
"""The largest number that an axis is drawn for; it goes a little further than that."""
