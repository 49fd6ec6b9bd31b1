"""What types cannot say about a scenario, one concern a module: `names`, `times`, `workload`, `metrics`, `files`.

Each module has ``check(view)``, which yields a problem for each broken rule; `view` is what they look at.
"""
