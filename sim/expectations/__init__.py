"""Judges what must hold in a run, from snapshots taken at the marks of its scenario.

- `result`: how one expectation stands.
- `windows`: the snapshots at the marks, as windows over spans.
- `proof`: what few or many samples prove of a condition; `binomial`: how likely so many of so many are by chance.
- `condition`: a condition on metrics over a span.
- `alarm`: an alert that must fire and resolve in time, from the log of what the alerts did.
- `judge`: all expectations of a scenario.
"""
