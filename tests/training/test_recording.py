"""Recording keeps the rows of the periods and the state of the instant a run starts from."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from actors.core.arrays import U8
from actors.core.clock import US_PER_DAY
from actors.core.transaction import Columns
from actors.features.history import History
from actors.model.warm_state import HISTORY_FILE
from sim.replay.spec import Period
from sim.training.backfill import record
from sim.training.dataset import Split
from sim.training.progress import silent
from sim.training.source import WorldSource
from tests.support.sim.small_training import SOURCE, TOWN, Recorded

NOON_US = TOWN.start_us + 6 * US_PER_DAY + US_PER_DAY // 2


@dataclass(frozen=True, slots=True)
class EndsAtNoon(WorldSource):
    """A source whose test period begins in the middle of a day, where a run would start."""

    @property
    def split(self) -> Split:
        """Two days before noon train, two after it test."""
        train = Period(NOON_US - 2 * US_PER_DAY, NOON_US)
        return Split(train, train, Period(NOON_US, NOON_US + 2 * US_PER_DAY), train)

    @property
    def state_end_us(self) -> int:
        """Where the test begins."""
        return NOON_US

    def chunks(self) -> Iterator[tuple[Columns, U8]]:
        """The first nine days."""
        for _, chunk in zip(range(9), SOURCE.chunks(), strict=False):
            yield chunk


def test_the_rows_are_those_of_the_periods_in_order(recorded: Recorded) -> None:
    """From the start of training to the end of the test, without a gap."""
    table, split = recorded.table, SOURCE.split
    assert table.names == SOURCE.features
    assert split.train.from_us <= table.event_us[0]
    assert table.event_us[-1] < split.test.to_us
    assert (np.diff(table.event_us) >= 0).all()
    parts = (table.between(each.from_us, each.to_us) for each in (split.train, split.validation, split.test))
    assert all(len(part) > 500 and part.fraud.sum() > 10 for part in parts)


def test_the_test_lies_later_than_all_that_was_learnt_from() -> None:
    """And labels of the training rows are known when it begins."""
    split, delay_us = SOURCE.split, SOURCE.label_delay_us
    assert split.train.to_us + delay_us <= split.validation.from_us
    assert split.validation.to_us + delay_us <= split.test.from_us


def test_the_state_has_not_seen_what_a_run_will_replay(tmp_path: Path) -> None:
    """It ends at the first transaction of the test period, even in the middle of a day."""
    table = record(EndsAtNoon(TOWN, SOURCE.label_delay_us), tmp_path, silent)
    seen = History.load(tmp_path / HISTORY_FILE).view().transactions["event_us"]
    assert seen[-1] < NOON_US
    assert seen[-1] > NOON_US - US_PER_DAY // 24
    assert table.event_us[-1] > NOON_US + US_PER_DAY


def test_progress_ends_at_the_whole(tmp_path: Path) -> None:
    """The bar is full when the work is done, however many transactions were expected."""
    told: list[tuple[str, int, int]] = []
    record(EndsAtNoon(TOWN, SOURCE.label_delay_us), tmp_path, lambda *each: told.append(each))
    done = [each[1] for each in told]
    assert done == sorted(done)
    assert told[-1][1] == told[-1][2]
