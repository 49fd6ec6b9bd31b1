"""One run, from a scenario to a verdict.

- `command`: from a request on the command line to an exit code; `plan`: everything that is settled before.
- `preflight`: what is known before a run begins, for it and for ``validate``.
- `prepare`: a plan from a scenario and a model.
- `model_choice`, `probe`: which model serves; how many transactions a second this machine can do.
- `fewer_trees`: another model to release, without training one.
- `execute`: a plan carried out: event loop, feed, signals, session, folder; `parts`: what one run is put together from.
- `output`: the run's files at its end: what is not whole, and what is written only then.
- `load`: the scenario's phases and world as the world's own values.
- `config`: the scenario's pipeline section as the pipeline's frozen config.
- `outcomes`: every decision of the run with its truth, by transaction number: the sink that decisions are delivered to.
- `shelf`: arrays in files instead of memory, for what a long run keeps until its end.
- `attic`: the same on the real clock: written in memory, and moved to files once they are settled.
- `instruments`, `record`: what may be attached to a run; every decision of it in full.
- `labels`: the truth, let out after its delay.
- `source`: the feed's blocks as the producer's source, numbered and booked.
- `schedule`: how many transactions are due by an instant, whatever the pipeline does.
- `warm`: the state that a run starts with.
- `watch`: every tick to the screen, the logs, the journal and the judge; `courses`: what the screen draws of them.
- `no_screen`: for runs that no one watches.
- `live_quality`: how good the decisions are while the run goes on.
- `frames`, `frame_parts`, `moment`: snapshots as frames for the screen.
- `modelled`: what takes time on the virtual clock: what the scenario says, what was measured, or a guess.
- `machine`: real time and this machine, or virtual time and a model of one; `allocator`: its memory, given back.
- `gathered_log`: how decisions are written down on virtual time.
- `session`: the composition root.
- `model_watch`: the folder of the serving model, watched on the real clock.
"""
