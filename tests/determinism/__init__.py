"""Tests of `sim.determinism`."""
