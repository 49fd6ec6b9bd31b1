"""What a scenario's ``events:`` section says, as plain values. Importing it loads no file library."""

from dataclasses import dataclass, field
from pathlib import Path

from actors.core.clock import US_PER_DAY
from sim.scenario.events import EventColumns
from sim.tables.files import Found
from sim.units import end_us, moment_us, parse_moment

DEFAULT_LABEL_DELAY_US = 7 * US_PER_DAY  # a week until a customer's complaint is settled, as in the published protocol


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of event time, half open: ``from_us <= t < to_us``, microseconds since the Unix epoch."""

    from_us: int
    to_us: int

    @staticmethod
    def of(start: str, end: str, timezone: str = "UTC") -> "Period":
        """Return the period from ``start`` to ``end``; a bare day as ``end`` is included whole.

        Example:
            >>> Period.of("2018-07-25", "2018-07-31").days
            7.0
        """
        return Period(moment_us(parse_moment(start), timezone), end_us(parse_moment(end), timezone))

    @property
    def days(self) -> float:
        """Its length."""
        return (self.to_us - self.from_us) / US_PER_DAY


ALL_TIME = Period(0, 2**63 - 1)


@dataclass(frozen=True, slots=True)
class EventsSpec:
    """A file of transactions and how to use it.

    Attributes:
        file: CSV, JSON lines or Parquet; or a folder of such files, or a pattern that they fit.
        columns: where each field is, and how it is written.
        sort: its rows are to be sorted by event time.
        separator: between the columns of CSV; None is the comma, or what the name of the file says.
        multiline: a field of CSV may have several lines even where they look like rows.
        timezone: of times without an offset.
        speed: event seconds for each second of the run; None is ``max``: as fast as the pipeline takes them.
        replay: what a run replays.
        train: what a model is fitted on.
        test: what it is judged on, later than ``train`` by at least the label delay.
        label_delay_us: event time from a transaction until its label is known.
        warm_from_us: where the history begins that fills windows and batch features; 0: with the file.
        sorted_in: folder of its sorted rows; None: they are still to be sorted.
        found: what tells that its files are no longer what they were when it was first opened; None: it never was.
        known_card_filter: judge only cards not yet known to be compromised, as in the published protocol.
    """

    file: Path
    columns: EventColumns
    sort: bool = False
    separator: str | None = None
    multiline: bool = False
    timezone: str = "UTC"
    speed: float | None = None
    replay: Period = ALL_TIME
    train: Period | None = None
    test: Period | None = None
    label_delay_us: int = DEFAULT_LABEL_DELAY_US
    warm_from_us: int = 0
    known_card_filter: bool = False
    sorted_in: Path | None = None
    found: Found | None = field(default=None, compare=False)

    @property
    def labelled(self) -> bool:
        """Whether the file says which transactions were fraud."""
        return self.columns.fraud is not None
