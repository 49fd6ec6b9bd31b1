"""The counterfactual twin: one scenario with and without its faults, same seed, compared transaction by transaction.

- `compare`: from a settled scenario to its twin: which runs are made, and what is compared with what.
- `pairs`: two runs, joined by transaction id.
- `window`: from when to when a fault is felt.
- `harm`: what a fault changed in its window: flips, fraud let through, good customers blocked, dollars.
- `result`: all of it as ``twin.json``; `table`: the same for people.
"""
