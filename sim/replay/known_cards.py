"""The published protocol's filter: cards known to be compromised leave the test week.

A bank blocks a card once a fraud on it is known, so judging a model on that card's later transactions would count
frauds that no longer happen.
"""

from collections.abc import Sequence

import numpy as np

from actors.core.arrays import I64, U8, Bool
from actors.core.clock import US_PER_DAY
from sim.replay.spec import EventsSpec, Period

NEVER = 2**63 - 1


def known_cards_filter(
    cards: Sequence[str] | I64, event_us: I64, fraud: U8, *, train: Period, test: Period, label_delay_us: int
) -> Bool:
    """Return which rows the protocol judges: those of the test period on cards not yet known to be compromised.

    On each test day a card is known when it had a fraud since ``train`` began that happened before that day less the
    label delay. Days count from the start of ``test``. Frauds before ``train`` are not looked at, as published.

    Args:
        cards: card tokens or numbers of cards, length n, of at least all transactions from the start of
            ``train`` to the end of ``test``.
        event_us: int64 (n,).
        fraud: uint8 (n,), 1 for fraud.

    Returns:
        Bool (n,); false for every row outside ``test``.

    Source: ``get_train_test_set`` in Le Borgne, Siblini, Lebichot, Bontempi, Reproducible Machine Learning for Credit
        Card Fraud Detection, Université Libre de Bruxelles 2022, chapter 5.
    """
    _, card = np.unique(np.asarray(cards), return_inverse=True)
    first_fraud_us = np.full(len(cards) and int(card.max()) + 1, NEVER, dtype=np.int64)
    counted = (fraud == 1) & (event_us >= train.from_us)
    np.minimum.at(first_fraud_us, card[counted], event_us[counted])
    day_us = test.from_us + (event_us - test.from_us) // US_PER_DAY * US_PER_DAY
    known = first_fraud_us[card] < day_us - label_delay_us
    in_test = (event_us >= test.from_us) & (event_us < test.to_us)
    return in_test & ~known


def judged_rows(spec: EventsSpec) -> Bool:
    """Return which transactions of the replayed period the protocol judges, by their number in it.

    Without labels, periods or the filter that is every transaction of the period. Reads the file.

    Raises:
        TransactionFileError: a row breaks a rule.
    """
    from sim.replay.event_file import EventFile

    file = EventFile.open(spec)
    if not (spec.known_card_filter and spec.labelled and spec.train and spec.test):
        return np.ones(file.contents(spec.replay).rows, dtype=np.bool_)
    span = Period(min(spec.train.from_us, spec.replay.from_us), spec.replay.to_us)
    frames = list(file.columns(span))
    event_us = np.concatenate([columns.event_us for columns, _ in frames])
    keep = known_cards_filter(
        [card for columns, _ in frames for card in columns.cards],
        event_us,
        np.concatenate([fraud for _, fraud in frames]),
        train=spec.train,
        test=spec.test,
        label_delay_us=spec.label_delay_us,
    )
    return keep[np.searchsorted(event_us, spec.replay.from_us) :]
