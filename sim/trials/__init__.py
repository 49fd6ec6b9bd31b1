"""Runs on the virtual clock that no one watches, made by the dozen: what twins and explorations consist of.

- `settled`: a scenario made ready for trials: on the virtual clock, with its model found and its rates in figures.
- `trial`: one such run, with its summary and every decision.
- `crew`: worker processes that are replaced when they are killed.
- `side_by_side`: several at a time, each in a process of its own.
"""
