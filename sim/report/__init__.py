"""What a run leaves behind: one folder, every file of it.

- `folder`: the folder: its name, and what is never overwritten; `lock`: one writer at a time; `earlier`: who was there.
- `lines`: files of one JSON document a line, written as things happen: the journal, the alerts.
- `labels`: the labels joined to the decision log after the run.
- `summary`: the figures of a run, as types; their JSON Schema is `docs/summary.schema.json`.
- `schema`: the JSON Schema of a file of figures.
- `figures`: those figures from snapshots, outcomes and verdict.
- `times`: those of one latency histogram.
- `spans`: the same for each phase and fault, and what each fault cost.
- `trace`: one hash over everything that a run decided and everything that happened.
- `picture`: the last picture of the screen as a file.
- `provenance`: which code and which libraries made it.
"""
