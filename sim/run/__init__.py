"""One run, from a scenario to a verdict.

- `config`: the scenario's pipeline section as the pipeline's frozen config.
- `outcomes`: every decision of the run with its truth, by transaction number: the sink that decisions are delivered to.
- `labels`: the truth, let out after its delay.
- `source`: the feed's blocks as the producer's source, numbered and booked.
- `schedule`: how many transactions are due by an instant, whatever the pipeline does.
- `warm`: the state that a run starts with.
- `frames`: snapshots as frames for the screen.
- `session`: the composition root.
"""
