"""What the model sees: one catalogue of features in three tiers, and the state they are computed from.

Real-time features come from the transaction (`realtime`), streaming features from windows that the transaction itself
updates (`windows`), batch features from a feature store that is refreshed every few hours (`store`). Training and
serving run the same code: `assembly` makes the rows of both.
"""
