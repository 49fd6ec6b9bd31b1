"""Foresight: on virtual time, what actors will ask for one by one is computed in blocks, ahead of being asked.

Computing takes no virtual time, so when it is done makes no difference to a run; but a block of transactions costs a
tenth of what its transactions cost alone. The actors are the same: what they read, look up, assemble and score through
their ports has been prepared, if things go as foreseen, and is computed then and there if they do not. The outcome is
the same to the last bit.

- `pages`: what the source has handed out, read a page at a time.
- `undo`: the windows as they were, to go back to.
- `part_rows`: what the feature store has on part of a page.
- `speculation`: the features of a page, computed as if all of it came next.
- `foresight`: the ports that answer from a speculation while it holds.
- `scored`: the scores of a page.
- `scores`: scores of rows that were foreseen.
- `sight`: all of that together, and what stands in its place on the real clock.
"""
