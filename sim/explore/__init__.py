"""Looking for what breaks: one scenario many times, with other seeds and its faults at other times.

- `variation`: another seed, and faults moved, stretched and turned up or down within the run.
- `invariants`: what must hold in every run, whatever fails.
- `attempt`: one variation run and checked.
- `search`: many of them, until all are done or someone presses Ctrl-C.
- `exploring`: one exploration, from its first run to its files.
- `shrink`: a failure reduced to the fewest faults and the shortest times that still fail.
- `result`: what was found, as ``explore.json``; `reproduction`: the one line that repeats a failure.
"""
