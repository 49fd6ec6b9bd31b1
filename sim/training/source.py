"""The history that a model is trained on: of the synthetic world, or a file of transactions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec
import numpy as np

from actors.core.arrays import U8, Bool
from actors.core.clock import US_PER_DAY
from actors.core.errors import InputError
from actors.core.transaction import Columns
from actors.features.catalogue import SYNTHETIC_FEATURES, features_for
from sim.replay.spec import EventsSpec, Period
from sim.tables.files import digest
from sim.training.dataset import Split, Table
from sim.world.spec import TownSpec

WARM_DAYS: Final = 14  # before that, windows of 30 days are too empty to learn from
VALIDATION_DAYS: Final = 5
TEST_DAYS: Final = 7


class TrainingSource(Protocol):
    """History to train on, and what to make of it."""

    @property
    def title(self) -> str:
        """What it is, for a reader."""
        ...

    @property
    def features(self) -> tuple[str, ...]:
        """The features that its transactions can have, in catalogue order."""
        ...

    @property
    def split(self) -> Split:
        """The periods to fit and to judge on."""
        ...

    @property
    def label_delay_us(self) -> int:
        """Event time from a transaction until its label is known."""
        ...

    @property
    def state_end_us(self) -> int:
        """Event time at which a run starts, and the warm state ends."""
        ...

    def facts(self) -> dict[str, object]:
        """Return all that a model trained on it depends on."""
        ...

    def chunks(self) -> Iterator[tuple[Columns, U8]]:
        """Yield transactions in time order with their labels, the history before the first period included."""
        ...

    def judged(self, table: Table) -> Bool:
        """Return which rows of ``table``, all from the start of training on, the gates look at."""
        ...


@dataclass(frozen=True, slots=True)
class WorldSource:
    """The synthetic world's history.

    Attributes:
        town: the training world.
        label_delay_us: event time from a transaction until its label is known.
    """

    town: TownSpec
    label_delay_us: int

    @property
    def title(self) -> str:
        """What it is, for a reader."""
        return f"synthetic world of {self.town.cards:,} cards, {self.town.history_days} days"

    @property
    def features(self) -> tuple[str, ...]:
        """All that a drill of a few hours can use."""
        return SYNTHETIC_FEATURES

    @property
    def split(self) -> Split:
        """Most of it trains, the last week tests; labels of the training rows are known when the test begins."""
        end_us = self.town.end_us
        test_us, validation_us = end_us - TEST_DAYS * US_PER_DAY, end_us - (TEST_DAYS + VALIDATION_DAYS) * US_PER_DAY
        warm_us = min(WARM_DAYS, self.town.history_days // 4) * US_PER_DAY
        return Split(
            train=Period(self.town.start_us + warm_us, validation_us - self.label_delay_us),
            validation=Period(validation_us, test_us - self.label_delay_us),
            test=Period(test_us, end_us),
            reference=Period(validation_us, end_us),
        )

    @property
    def state_end_us(self) -> int:
        """A run starts where history ends."""
        return self.town.end_us

    def facts(self) -> dict[str, object]:
        """Return the town's facts and the label delay."""
        return {"world": msgspec.to_builtins(self.town), "label_delay_us": self.label_delay_us}

    def chunks(self) -> Iterator[tuple[Columns, U8]]:
        """Yield the history a day at a time."""
        from sim.world.history import generate_history

        for chunk in generate_history(self.town):
            yield chunk.columns, chunk.fraud

    def judged(self, table: Table) -> Bool:
        """Return the test period."""
        test = self.split.test
        return (table.event_us >= test.from_us) & (table.event_us < test.to_us)


@dataclass(frozen=True, slots=True)
class EventsSource:
    """A file of transactions.

    Raises:
        InputError: `check` when the file has no labels or no periods to train and test on.
    """

    events: EventsSpec
    train: Period
    test: Period

    @staticmethod
    def of(events: EventsSpec) -> "EventsSource":
        """Return the source for ``events``.

        Raises:
            InputError: there are no labels, or no periods in order.
        """
        place = f"{events.file}: to train on it"
        if not events.labelled:
            raise InputError(f"{place}, events.columns must map fraud to a column; add it")
        if events.train is None or events.test is None:
            raise InputError(f"{place}, events.train and events.test must be given as [from, to]; add them")
        if events.test.from_us < events.train.to_us:
            raise InputError(f"{place}, events.test must begin after events.train ends; move it")
        return EventsSource(events, events.train, events.test)

    @property
    def title(self) -> str:
        """What it is, for a reader."""
        return f"{self.events.file.name}, {self.train.days:g} days, tested on {self.test.days:g} days"

    @property
    def features(self) -> tuple[str, ...]:
        """Those whose fields the file has."""
        return features_for(self.events.columns.mapped())

    @property
    def split(self) -> Split:
        """As the scenario says; files are short of fraud, so rules are tuned on the training rows."""
        return Split(self.train, self.train, self.test, self.train)

    @property
    def label_delay_us(self) -> int:
        """As the scenario says."""
        return self.events.label_delay_us

    @property
    def state_end_us(self) -> int:
        """A run starts with the test period, and must not have seen it."""
        return self.test.from_us

    def facts(self) -> dict[str, object]:
        """Return the file's digest and all that is said about it."""
        events = self.events
        said = (
            *(events.separator, events.multiline, events.timezone, events.warm_from_us, events.known_card_filter),
            *(events.sort, self.train, self.test),
        )
        return {
            "file": digest(events.file),
            "columns": msgspec.to_builtins(events.columns),
            "said": [str(each) for each in said],
            "label_delay_us": self.label_delay_us,
        }

    def chunks(self) -> Iterator[tuple[Columns, U8]]:
        """Yield the file from its warm-up to the end of the test period."""
        from sim.replay.event_file import EventFile

        yield from EventFile.open(self.events).columns(Period(self.events.warm_from_us, self.test.to_us))

    def judged(self, table: Table) -> Bool:
        """Return the test period, without cards known to be compromised if the scenario asks for that."""
        if not self.events.known_card_filter:
            return (table.event_us >= self.test.from_us) & (table.event_us < self.test.to_us)
        from sim.replay.known_cards import known_cards_filter

        cards = table.cards.astype(np.str_).tolist()
        delay_us = self.label_delay_us
        return known_cards_filter(
            cards, table.event_us, table.fraud, train=self.train, test=self.test, label_delay_us=delay_us
        )
