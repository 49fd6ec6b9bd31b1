"""What a period of a file holds, counted as its rows are read."""

import datetime as dt
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from sim.replay.spec import Period
from sim.tables.files import Found


@dataclass(frozen=True, slots=True)
class Contents:
    """What a period of a file holds: counts, and its first and last event time in microseconds since the Unix epoch.

    Attributes:
        rows: transactions.
        frauds: that are labelled so.
        skipped_rows: rows that are left out because the column map says so, such as refunds.
        found: what tells that the files are no longer those that were counted.
    """

    rows: int
    frauds: int
    first_us: int
    last_us: int
    skipped_rows: int = 0
    found: Found | None = field(default=None, compare=False)

    def __str__(self) -> str:
        """Return all of it in a line."""
        frauds = f"{self.frauds:,} of them fraud" if self.frauds else "none of them known to be fraud"
        skipped = f", and {self.skipped_rows:,} rows skipped" if self.skipped_rows else ""
        return f"{self.rows:,} transactions, {frauds}, {minute(self.first_us)} to {minute(self.last_us)} UTC{skipped}"


class PeriodCounts:
    """Counts what lies in a period, of rows that come in order of time.

    Attributes:
        period: what is counted.
    """

    def __init__(self, period: Period) -> None:
        self.period = period
        self._rows, self._frauds, self._skipped = 0, 0, 0
        self._edges: list[int] = []

    def take(self, skipped_us: pl.Series, frame: pl.DataFrame) -> None:
        """Count the next rows.

        Args:
            skipped_us: event times of the rows that are left out.
            frame: the others.
        """
        self._skipped += int(skipped_us.is_between(self.period.from_us, self.period.to_us, closed="left").sum())
        bounds = [self.period.from_us, self.period.to_us]
        start, stop = map(int, np.searchsorted(frame["event_time"].to_numpy(), bounds))
        if start == stop:
            return
        mine = frame.slice(start, stop - start)
        self._rows += len(mine)
        self._frauds += int(mine["fraud"].sum()) if "fraud" in mine.columns else 0
        self._edges += mine["event_time"].item(0), mine["event_time"].item(-1)

    def contents(self) -> Contents | None:
        """Return what was counted; None if no row lay in the period."""
        if not self._rows:
            return None
        return Contents(self._rows, self._frauds, self._edges[0], self._edges[-1], self._skipped)


def minute(event_us: int) -> str:
    """Return an event time to the minute, in UTC."""
    return dt.datetime.fromtimestamp(event_us / 1e6, dt.UTC).strftime("%Y-%m-%d %H:%M")
