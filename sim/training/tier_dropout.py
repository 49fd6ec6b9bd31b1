"""Rows that lose their batch tier, so that a model that loses it while serving has seen such rows."""

from dataclasses import replace

import numpy as np

from sim.training.table import Table, batch_columns
from sim.world.streams import Streams


def with_tier_dropout(table: Table, share: float, streams: Streams) -> Table:
    """Return the rows followed by a share of them again, the batch tier of those missing.

    The share is taken of fraud and of the rest alike, so that both kinds of rows have the same base rate and scores
    stay calibrated in both modes.

    Args:
        table: rows to learn from.
        share: 0 to 1.
        streams: the draw is from its stream ``tier_dropout``.
    """
    order = streams["tier_dropout"].permutation(len(table))
    labels = table.fraud[order]
    kinds = (order[labels == 1], order[labels == 0])
    chosen = np.sort(np.concatenate([kind[: round(len(kind) * share)] for kind in kinds]))
    at = np.concatenate([np.arange(len(table)), chosen])
    features = table.features[at]
    features[len(table) :, batch_columns(table.names)] = np.nan
    return replace(table.at(at), features=features)
