"""The published protocol's known-card filter."""

import dataclasses
from pathlib import Path

import numpy as np

from actors.core.clock import US_PER_DAY
from sim.replay.event_file import EventFile
from sim.replay.known_cards import judged_rows, known_cards_filter
from sim.replay.spec import EventsSpec, Period
from tests.support.sim.event_files import HANDBOOK_MAP, column_map


def test_a_card_leaves_once_its_fraud_is_known() -> None:
    """A fraud takes its card out from the first test day that begins after the label delay, and not before."""
    train, test = Period(0, 2 * US_PER_DAY), Period(4 * US_PER_DAY, 7 * US_PER_DAY)
    days = [("a", 1.5, 1), ("a", 4.5, 0), ("b", 2.5, 1), ("b", 4.5, 0), ("b", 5.5, 0), ("c", 4.5, 1), ("c", 6.9, 1)]
    keep = known_cards_filter(
        [card for card, _, _ in days],
        np.array([int(day * US_PER_DAY) for _, day, _ in days]),
        np.array([fraud for _, _, fraud in days], dtype=np.uint8),
        train=train,
        test=test,
        label_delay_us=2 * US_PER_DAY,
    )
    assert keep.tolist() == [False, False, False, True, False, True, True]


def test_frauds_before_the_training_period_are_not_looked_at() -> None:
    """The protocol knows only of frauds since training began."""
    keep = known_cards_filter(
        ["a", "a"],
        np.array([0, 5 * US_PER_DAY]),
        np.array([1, 0], dtype=np.uint8),
        train=Period(US_PER_DAY, 2 * US_PER_DAY),
        test=Period(4 * US_PER_DAY, 7 * US_PER_DAY),
        label_delay_us=2 * US_PER_DAY,
    )
    assert keep.tolist() == [False, True]


def test_no_rows_give_no_mask() -> None:
    """An empty period has an empty mask."""
    none = np.zeros(0, dtype=np.int64)
    span = Period(0, 1)
    assert len(known_cards_filter([], none, none.astype(np.uint8), train=span, test=span, label_delay_us=0)) == 0


def test_the_published_counts_are_reproduced(handbook: Path) -> None:
    """On the Handbook's file the protocol gives the published rows and frauds, in training and after the filter."""
    file = EventFile.open(EventsSpec(handbook, column_map(HANDBOOK_MAP)))
    train, test = Period.of("2018-07-25", "2018-07-31"), Period.of("2018-08-08", "2018-08-14")
    fitted = file.contents(train)
    assert (fitted.rows, fitted.frauds) == (67_240, 598)
    frames = list(file.columns(Period(train.from_us, test.to_us)))
    fraud = np.concatenate([labels for _, labels in frames])
    keep = known_cards_filter(
        [card for columns, _ in frames for card in columns.cards],
        np.concatenate([columns.event_us for columns, _ in frames]),
        fraud,
        train=train,
        test=test,
        label_delay_us=7 * US_PER_DAY,
    )
    assert (int(keep.sum()), int(fraud[keep].sum())) == (58_264, 385)


def test_replayed_transactions_are_judged_by_their_number(handbook: Path) -> None:
    """In a replay of the test week the mask has a row for each transaction, and keeps those that the protocol keeps."""
    train, test = Period.of("2018-07-25", "2018-07-31"), Period.of("2018-08-08", "2018-08-14")
    events = EventsSpec(handbook, column_map(HANDBOOK_MAP), replay=test, train=train, test=test)
    assert judged_rows(events).tolist() == [True] * 67_080
    judged = judged_rows(dataclasses.replace(events, known_card_filter=True))
    assert len(judged) == 67_080
    assert judged.sum() == 58_264
