"""What the pipeline tells about itself: recorded cheaply, read as frozen snapshots, judged by alert rules.

The actors write into one `Telemetry`: latency per stage, the ledger, counters, scores and sampled features. A monitor
reads it a few times a second as a frozen `Snapshot`. Everything else is a function of two snapshots: a `Window` has the
rates, ratios and percentiles between them, the catalogue gives each figure a name, expressions compare named figures,
and alerts and expectations are expressions that hold for a while.
"""
