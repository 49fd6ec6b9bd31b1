"""Judges a run: what had to hold, from snapshots at the marks of its scenario, and the verdict."""
