"""One panel a file: each turns a part of the frame into rows of an exact size, and none knows where it will stand.

- `panel`: what a panel is.
- `header`, `footer`: the lines at the edges.
- `timed`: the columns that throughput, latency and timeline share, so that their time axes line up.
- `throughput`, `latency`, `timeline`: figures on the time axis.
- `stages`, `errors`, `scores`, `store`, `memory`, `drift`, `quality`, `money`: one subject each.
- `flow`: the pipeline left to right; `shares`: decisions and modes.
- `manual`, `small`: the help page, and what a screen says that has no room for panels.
- `alerts`, `expectations`, `books`: what fires, what holds, whether the ledger balances.
"""
