"""What types cannot say about a scenario, by what is checked.

They are `names`, `times`, `workload`, `limits`, `faults`, `models`, `training`, `metrics`, `columns` and `files`. Each
has ``check(view)``, which yields a problem for each broken rule; `view` is what they look at.
"""
