"""What a scenario's ``events:`` section says, as plain values. Importing it loads no file library."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from actors.clock import US_PER_DAY

REQUIRED_FIELDS = ("id", "event_time", "card", "merchant", "amount")
OPTIONAL_FIELDS = ("fraud", "currency", "category", "channel", "device", "ip_country", "card_country", "lat", "lon")
DEFAULT_LABEL_DELAY_US = 7 * US_PER_DAY  # a week until a customer's complaint is settled, as in the published protocol

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_US = dt.timedelta(microseconds=1)
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of event time, half open: ``from_us <= t < to_us``, microseconds since the Unix epoch."""

    from_us: int
    to_us: int

    @staticmethod
    def of(start: dt.date, end: dt.date) -> "Period":
        """Return the period from ``start`` to ``end``.

        A bare day as ``end`` is included whole, as people mean it ("25 to 31 July"); an instant is not. An instant
        without an offset is UTC.

        Example:
            >>> day = dt.date(2018, 7, 25)
            >>> Period.of(day, day).days
            1.0
        """
        after = end if isinstance(end, dt.datetime) else end + _DAY
        return Period(_microseconds(start), _microseconds(after))

    def __contains__(self, event_us: int) -> bool:
        """Tell whether ``event_us`` lies in it."""
        return self.from_us <= event_us < self.to_us

    @property
    def days(self) -> float:
        """Its length."""
        return (self.to_us - self.from_us) / US_PER_DAY


ALL_TIME = Period(0, 2**63 - 1)


@dataclass(frozen=True, slots=True)
class EventsSpec:
    """A file of transactions and how to use it.

    Attributes:
        file: CSV (``.csv``), JSON lines (``.jsonl``, ``.ndjson``) or Parquet (``.parquet``), sorted by event time.
        columns: the file's column for each field; keys from `REQUIRED_FIELDS` and `OPTIONAL_FIELDS`.
        speed: event seconds for each second of the run; None is ``max``: as fast as the pipeline takes them.
        replay: what a run replays; None: the test period, or everything when there is none.
        train: what a model is fitted on.
        test: what it is judged on, later than ``train`` by at least ``label_delay_us``.
        label_delay_us: event time from a transaction until its label is known.
        warm_from_us: where the history before ``train`` begins, which fills windows and batch features; None: at the
            first transaction of the file.
    """

    file: Path
    columns: Mapping[str, str] = field(default_factory=dict)
    speed: float | None = None
    replay: Period | None = None
    train: Period | None = None
    test: Period | None = None
    label_delay_us: int = DEFAULT_LABEL_DELAY_US
    warm_from_us: int | None = None

    @property
    def replayed(self) -> Period:
        """The period that a run replays."""
        return self.replay or self.test or ALL_TIME

    @property
    def labelled(self) -> bool:
        """Whether the file says which transactions were fraud."""
        return "fraud" in self.columns


def _microseconds(instant: dt.date) -> int:
    if not isinstance(instant, dt.datetime):
        instant = dt.datetime.combine(instant, dt.time(), dt.UTC)
    elif instant.tzinfo is None:
        instant = instant.replace(tzinfo=dt.UTC)
    return (instant - _EPOCH) // _US
