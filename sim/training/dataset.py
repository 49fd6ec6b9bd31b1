"""The training table: rows of features with labels and times, cut by period."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from actors.core.arrays import F32, F64, I64, U8, Bool
from actors.features.catalogue import Tier, feature
from sim.chance import Streams
from sim.replay.spec import Period


@dataclass(frozen=True, slots=True)
class Table:
    """What a model is fitted or judged on, in time order.

    Attributes:
        names: features, in column order.
        features: float32 (n, len(names)), C order; NaN is missing.
        fraud: uint8 (n,).
        event_us: int64 (n,).
        cards: int64 (n,), a number for each card.
        amount: float64 (n,).
    """

    names: tuple[str, ...]
    features: F32
    fraud: U8
    event_us: I64
    cards: I64
    amount: F64

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.fraud)

    def between(self, from_us: int, to_us: int) -> "Table":
        """Return the rows with ``from_us <= event time < to_us``, sharing memory."""
        start, stop = np.searchsorted(self.event_us, [from_us, to_us])
        return self.at(slice(start, stop))

    def at(self, rows: "slice | Bool | I64") -> "Table":
        """Return the chosen rows."""
        return Table(
            self.names,
            self.features[rows],
            self.fraud[rows],
            self.event_us[rows],
            self.cards[rows],
            self.amount[rows],
        )

    def without_batch_tier(self) -> "Table":
        """Return a copy that misses its batch tier, as when the feature store is down."""
        features = self.features.copy()
        features[:, batch_columns(self.names)] = np.nan
        return replace(self, features=features)


def batch_columns(names: Sequence[str]) -> I64:
    """Return the columns of the batch tier."""
    return np.flatnonzero([feature(name).tier is Tier.BATCH for name in names])


@dataclass(frozen=True, slots=True)
class Split:
    """The periods that training uses; all lie after the history that only fills windows.

    Attributes:
        train: what trees are fitted on.
        validation: what rules are tuned on, later than ``train`` or the same where there is nothing between.
        test: what gates look at, later than both.
        reference: what drift is measured against: the newest rows with full windows.
    """

    train: Period
    validation: Period
    test: Period
    reference: Period


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
