"""Tests of `sim.trials.determinism`."""
