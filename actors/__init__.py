"""The pipeline: what would run in production, without scenario, fault or terminal.

A transaction enters through the producer, gets its features in the assembler, its score and decision in the scorer, and
is delivered and logged by the logger. Between them stand bounded mailboxes; above them stands a supervisor. Whatever
fails, what was accepted is decided, on the best rung of the ladder that is left.

- `pipeline`: four actors and three mailboxes, wired from one frozen config; `ending`: how one ends that cannot drain.
- `producer`, `assembler`, `scorer`, `logger`: the four actors, in the order of the flow.
- `actor`, `mailbox`, `supervisor`: the actor loop and its hooks; what stands between and above actors.
- `transaction`, `messages`, `stamps`, `arrays`: what flows, as JSON and in batches, its instants, and as columns.
- `time_sheet`, `pile`: when an actor worked on its batches, and what that took; small batches, counted together.
- `sink`, `delivery`: who waits for decisions; deliveries that failed, tried again and then kept.
- `deduplicator`, `dead_letters`: what is seen twice, what no one could handle.
- `decision_log`, `decision_lines`, `line_sink`: what is kept of decisions: how, as what, and where to.
- `clock`, `timer`, `work`, `home_loop`: the only source of time; waking at an instant; what computing costs in time;
  the loop that an actor lives on.
- `errors`, `first_failure`: the error tree, sorted by whose fault it is; one that is told of and lived with.
- `kernels`, `fingerprint`, `code_shelf`: functions compiled to machine code; what that depends on; where it is kept.
- `bounded_files`: files that someone else may have written, read within bounds and without running anything in them.
- `child`, `lacking`: how a child process ended, in words; what the machine lacks, in a line instead of a trace.
- `answer`: what a port returns whose answer is there at once.
- `features`: what the model sees. `model`: from features to a decision. `resilience`: what keeps one failure from
  becoming many. `telemetry`: what the pipeline tells about itself. `adapters`: the ports' real counterparts.
"""
