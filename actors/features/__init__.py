"""What the model sees: one catalogue of features in three tiers, and the state they are computed from.

Real-time features come from the transaction (`realtime`), streaming features from windows that the transaction itself
updates (`windows`), batch features from a feature store that is refreshed every few hours (`store`). Training and
serving run the same code: `assembly` makes the rows of both.

Modules, in the order of the story:

- `catalogue`: every feature once, with tier, unit, what missing means and how old it may get.
- `categories`, `geo`, `columns`: codes of merchant categories; distances on the earth; cutting columns.
- `realtime`: what the payload says in words, as numbers.
- `ring`, `rings`: the last transactions of every card, merchant and device, a fixed record each.
- `kernels`: what a feature is: compiled functions that look at the windows, write a row and update the windows.
- `windows`: the port to streaming features and its in-memory adapter.
- `log`, `interner`, `history`, `labels`: what the batch tier is computed from.
- `tally`: sums over windows of history.
- `batch`, `table_rows`: the builder of the table of batch features, with the port to what was before; its rows.
- `store`, `refresh`: the port to the table and its in-memory adapter; who renews it.
- `assembly`: all tiers in one matrix.
"""
