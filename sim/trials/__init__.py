"""Runs on the virtual clock that no one watches: what twins, explorations or determinism checks consist of."""
