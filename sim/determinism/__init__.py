"""Whether a scenario is deterministic: it runs twice on the virtual clock, and every file must be the same.

- `twice`: two runs in fresh processes, which hash texts differently.
- `difference`: the first place where two folders of runs differ.
"""
