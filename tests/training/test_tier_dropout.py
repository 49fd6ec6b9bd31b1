"""A share of the rows is learnt from a second time, without the batch tier."""

import numpy as np

from sim.chance import Streams
from sim.training.dataset import batch_columns, with_tier_dropout
from tests.support.sim.small_training import table_of

ROWS = table_of(
    [1] * 40 + [0] * 960,
    amount=[float(number) for number in range(1_000)],
    card_tx_1h=[1.0] * 1_000,
    card_tx_30d=[5.0] * 1_000,
    merchant_risk_7d=[0.1] * 1_000,
)


def test_the_rows_come_first_and_unchanged() -> None:
    """Nothing is lost by it."""
    table = with_tier_dropout(ROWS, 0.25, Streams(1))
    assert np.array_equal(table.features[:1_000], ROWS.features)
    assert len(table) == 1_250


def test_the_repeated_rows_miss_their_batch_tier_and_nothing_else() -> None:
    """What the feature store's failure leaves is what the model learns from."""
    bare = with_tier_dropout(ROWS, 0.25, Streams(1)).features[1_000:]
    assert batch_columns(ROWS.names).tolist() == [2, 3]
    assert np.isnan(bare[:, 2:]).all()
    assert np.array_equal(bare[:, :2], ROWS.features[bare[:, 0].astype(np.int64), :2])


def test_both_kinds_of_rows_have_the_same_share_of_fraud() -> None:
    """Otherwise a missing tier itself would speak for or against fraud."""
    assert with_tier_dropout(ROWS, 0.25, Streams(1)).fraud[1_000:].mean() == ROWS.fraud.mean()


def test_the_choice_follows_the_seed() -> None:
    """The same seed repeats the same rows, another one others."""
    first, again, other = (with_tier_dropout(ROWS, 0.25, Streams(seed)).features[:, 0].tolist() for seed in (1, 1, 2))
    assert first == again
    assert first != other
