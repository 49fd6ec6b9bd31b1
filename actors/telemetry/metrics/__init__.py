"""The metrics, a file for each subject. `actors.telemetry.metrics.catalogue` gathers them under their names."""
