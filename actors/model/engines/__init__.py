"""Engines: what turns rows of features into scores, and how one is chosen.

- `engine`: the port.
- `lightgbm_engine`: LightGBM's C calls.
- `trees`: the trees of a booster, read from its text and checked.
- `ensemble`: the same trees as flat arrays, which decide without a branch.
- `compiled_engine`: machine code over those arrays.
- `agreement`: the compiled engine of a booster, taken only if it scores as LightGBM does, to the last bit.
"""
