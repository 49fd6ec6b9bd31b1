"""What the pipeline tells about itself: recorded cheaply, read as frozen snapshots, judged by alert rules.

The actors write into one `Telemetry`: latency per stage, the ledger, counters, scores and sampled features. A monitor
reads it a few times a second as a frozen `Snapshot`. Everything else is a function of two snapshots: a `Window` has the
rates, ratios and percentiles between them, the catalogue gives each figure a name, expressions compare named figures,
and alerts and expectations are expressions that hold for a while.

Recording (the hot path):

- `stages`      the places where time passes, and the latency budget of each
- `buckets`     the layout of a latency histogram, the same as HdrHistogram's
- `histogram`   a live latency histogram, recorded a batch at a time
- `ledger`      the books: where every transaction went
- `score_histogram`  the model's scores, in bins
- `sampler`     features, sampled for drift
- `telemetry`   the live object that the actors write into
- `gc_pauses`   how long garbage collection stopped the world
- `memory`      resident memory, sampled

Reading:

- `counts`      a latency histogram as a frozen, sparse value
- `snapshot`    everything at one instant, frozen and encodable
- `window`      everything between two snapshots
- `reference`   the distributions a model was trained on
- `drift`       how far today's distributions are from those
- `hlog`        the latency log file, an interval histogram a second

Judging:

- `bounds`      between which two numbers a figure lies
- `units`       units and how a reader wants them
- `metrics`     what can be read from a window, a file a subject
- `catalogue`   all metrics by name
- `nodes`       the parts of an expression
- `grammar`     the language of expressions
- `slips`       what is wrong with a text that is none
- `suggestion`  what someone meant by a name that no metric has
- `ranges`      conditions that are settled before anything is measured
- `expression`  a parsed, checked expression, evaluated in three values
- `severity`    who is told, and who next
- `alert_state` the life of an alert
- `alerts`      alert rules and the engine that evaluates them
- `builtin`     the alert rules every run has
- `ring`        the snapshots of the last minute
- `monitor`     the task that takes snapshots, checks the ledger and evaluates the alerts
"""
