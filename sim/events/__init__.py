"""Files of real transactions, to replay through the pipeline and to train on.

A file comes in as `sim.tables` reads it and leaves as the same columns and blocks as the synthetic world's:

- `spec`: a file and how to use it: column map, speed, periods.
- `section`: the same from the scenario's ``events:`` section.
- `fields`: what each field accepts, and how a column of a file becomes one.
- `rows`: the rules that rows must keep among themselves.
- `sorting`: the rows of a file in order of time, outside memory.
- `event_file`: an opened file: its columns for training, its contents after every check.
- `contents`: what a stretch of it holds; `spans`: the stretches that are replayed, trained on and judged by.
- `traffic`: the file as blocks of JSON transactions with their due times, as a feed sends them.
- `point_in_time`: a feed that waits for the batch tier at each refresh, for replays at full speed.
- `generator`: the process that makes a file's traffic ahead of time.
- `known_cards`: the published protocol's filter: cards known to be compromised leave the test week.
"""
