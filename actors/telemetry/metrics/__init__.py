"""The metrics, a file for each subject. `actors.telemetry.catalogue` gathers them under their names.

- `metric`         what a metric is
- `latency`        each stage's percentiles, mean and maximum
- `flow`           offered, sent, decided, wrong: from the ledger
- `decisions`      modes, kinds of decision, load shedding
- `feature_store`  look-ups, missing and stale features
- `actors`         mailboxes and how busy the actors are
- `model`          scores, their shift, feature drift
- `process`        memory, garbage collection, alerts
- `quality`        recall, precision and money, from labels
"""
