"""The total as the formula that it computes: as text, as LaTeX, and compared with another."""
