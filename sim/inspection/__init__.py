"""A file of transactions looked at, and a section proposed that replays it; nothing here decides anything in a run.

- `inspection`: all of it in order: survey, proposal, and the proposal tried as a replay would.
- `survey`: the file read once, to its end, with everything looked at that a column map depends on.
- `columns`: what its columns look like; `roles`: what their names say.
- `moments`, `money`, `labels`, `keys`: how times, amounts, labels and keys are written, by all rows.
- `proposal`: the column map, and what is not sure about it; `spans`: which days to train and to judge on.
- `objections`: what speaks against training on it.
- `section`: the same as YAML, with comments.
- `masking`: values as they may be shown.
- `table`: all of it as a person reads it.
"""
