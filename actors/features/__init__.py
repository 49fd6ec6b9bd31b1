"""What the model sees: one catalogue of features in three tiers, and the state they are computed from.

Real-time features come from the transaction itself, streaming features from windows that it updates, batch features
from a feature store that is refreshed every few hours. Training and serving run the same code.
"""
