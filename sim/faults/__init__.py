"""What fails, on purpose: a fault kind a file, each wrapping a port, each always undone.

- `fault`: what a scenario says about a fault, as a frozen value with ``build(target, switch)``.
- `switch`: one fault in a run: waiting, injected, lifted, and what it touched.
- `schedule`: injects and lifts all faults of a run at their instants, and lifts them whatever happens.
- `feature_store`: what faults of the feature store have in common; each of them is a file beside it.
- `registry`: kind to type. Kinds are named ``<target>_<effect>``.
- `feature_store`: wrapping the store; `feature_store_outage`: it refuses every connection.
- `refresh_failure`: wrapping what refreshes of the batch features are published to: it takes none.
"""
