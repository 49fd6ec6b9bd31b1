"""Faults are in between their instants, and nowhere else."""
