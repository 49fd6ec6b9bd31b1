"""The refresh of the batch tier: at every sixth hour of event time a new table replaces the old one."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from actors.core.cancellation import CalledOffError, answer_of
from actors.core.clock import NS_PER_MS, US_PER_S, Clock
from actors.core.errors import DependencyError, FeatureStoreError, LabelError
from actors.features.batch_table import BatchTableBuilder
from actors.features.catalogue import BATCH_REFRESH_S
from actors.features.history import LONGEST_WINDOW_US, History, LabelSource
from actors.features.store import BatchTable

REFRESH_US = BATCH_REFRESH_S * US_PER_S
PAUSE_NS = 2 * NS_PER_MS  # between two steps on the event loop, which take about as long: transactions get half of it


class PacedEventTime(Protocol):
    """Event time that passes with the run's clock."""

    def now_us(self) -> int:
        """Return the event time now."""
        ...

    def run_ns(self, event_us: int) -> int:
        """Return the instant on the run's clock at which it will be ``event_us``."""
        ...


class TableStore(Protocol):
    """A feature store that takes whole tables."""

    async def publish(self, table: BatchTable) -> None:
        """Serve ``table`` from the next look-up on; called one call at a time, it may take as long as it needs.

        Raises:
            FeatureStoreError: it does not, and goes on serving the table before.
        """
        ...

    def newest_computed_us(self) -> int:
        """Return the event time the table served was computed for, negative before the first.

        It answers from memory and does not fail: whoever shows the age of the features asks it too.
        """
        ...


@dataclass(frozen=True, slots=True)
class Refreshed:
    """One refresh that was published.

    Attributes:
        at_us: event time the table was computed for.
        label_count: labels that came in with it.
        transaction_count: transactions that history held.
    """

    at_us: int
    label_count: int
    transaction_count: int


@dataclass(frozen=True, slots=True)
class RefreshFailed:
    """One refresh that was not published; features age until the next.

    Attributes:
        at_us: event time the table was computed for.
        error: why not.
    """

    at_us: int
    error: str


class Refresher:
    """Keeps a feature store's table at the latest boundary: a multiple of six hours since the epoch.

    A run on a clock awaits `run`; a replay at full speed calls `refresh_to` as its transactions pass boundaries. A
    refresh that fails is not tried again before the next boundary: its labels wait in history, and nothing is lost but
    freshness.

    Args:
        builder: computes the tables.
        store: where they are published.
        history: what ``builder`` reads; gets the labels, and is pruned of what no window can reach any more.
        label_source: asked for labels at each boundary.
        event_time: when boundaries come; None where only `refresh_to` is called.
        clock: the run's.
        on_refreshed: called after each publication, on the event loop; must not block. What it raises ends `run`.
        on_failed: called after each publication that failed; the same rules.
        on_step: called after each step of a refresh, of a few milliseconds; the same rules.
    """

    def __init__(
        self,
        builder: BatchTableBuilder,
        store: TableStore,
        history: History,
        label_source: LabelSource,
        event_time: PacedEventTime | None,
        clock: Clock,
        on_refreshed: Callable[[Refreshed], None] | None = None,
        on_failed: Callable[[RefreshFailed], None] | None = None,
        on_step: Callable[[], None] | None = None,
    ) -> None:
        self._builder = builder
        self._store = store
        self._history = history
        self._label_source = label_source
        self._event_time = event_time
        self._clock = clock
        self._on_refreshed = on_refreshed
        self._on_failed = on_failed
        self._on_step = on_step
        self._tried_us = -1

    async def run(self) -> None:
        """Refresh at every boundary, for ever; at once if the table is behind the last one.

        The table is built in the executor in short steps. A build that lasts past the next boundary skips it.

        Raises:
            ValueError: there is no event time to wait for.
        """
        if self._event_time is None:
            raise ValueError("a refresher without event time cannot run; call refresh_to")
        boundary_us = boundary(self._event_time.now_us())
        while True:
            if self._store.newest_computed_us() < boundary_us:
                await self._refresh(boundary_us)
            boundary_us = max(boundary_us, boundary(self._event_time.now_us())) + REFRESH_US
            await self._clock.sleep_until_ns(self._event_time.run_ns(boundary_us))

    async def refresh_to(self, at_us: int) -> bool:
        """Build and publish the table of the last boundary up to ``at_us`` now, without leaving the loop to others.

        Returns:
            Whether it was published now; False if it was there already, or its turn has failed.
        """
        boundary_us = boundary(at_us)
        if boundary_us <= max(self._store.newest_computed_us(), self._tried_us):
            return False
        self._tried_us = boundary_us
        try:
            label_count = await self._take_labels(boundary_us, pause_ns=0)
            pieces, table = self._builder.pieces(boundary_us), None
            while table is None:
                table = next(pieces)
                self._step()
            await self._publish(table, label_count)
        except (FeatureStoreError, LabelError, CalledOffError) as error:
            self._fail(boundary_us, error)
            return False
        return True

    async def _refresh(self, boundary_us: int) -> None:
        self._tried_us = boundary_us
        try:
            label_count = await self._take_labels(boundary_us, PAUSE_NS)
            pieces, table = self._builder.pieces(boundary_us), None
            loop = asyncio.get_running_loop()
            while table is None:
                table = await loop.run_in_executor(None, next, pieces)
                self._step()
            await self._publish(table, label_count)
        except (FeatureStoreError, LabelError, CalledOffError) as error:
            self._fail(boundary_us, error)

    async def _take_labels(self, boundary_us: int, pause_ns: int) -> int:
        """Take in the labels that are due, with a pause after each step of 2 ms but the first; return how many."""
        count = 0
        while (labels := await answer_of(self._label_source.take_due(boundary_us))) is not None:
            self._history.append_labels(labels, boundary_us)
            self._step()
            if count and pause_ns:
                await self._clock.sleep_ns(pause_ns)
            count += len(labels)
        return count

    def _step(self) -> None:
        if self._on_step is not None:
            self._on_step()

    async def _publish(self, table: BatchTable, label_count: int) -> None:
        refreshed = Refreshed(table.computed_us, label_count, len(self._history))
        self._prune(table.computed_us)
        await answer_of(self._store.publish(table))
        if self._on_refreshed is not None:
            self._on_refreshed(refreshed)

    def _fail(self, boundary_us: int, error: DependencyError | CalledOffError) -> None:
        self._prune(boundary_us)
        if self._on_failed is not None:
            self._on_failed(RefreshFailed(boundary_us, str(error)))

    def _prune(self, at_us: int) -> None:
        """Forget what no later table reaches back to, whether the one for ``at_us`` is published or not."""
        self._history.prune(at_us - LONGEST_WINDOW_US - self._builder.label_delay_us)


def boundary(at_us: int) -> int:
    """Return the last boundary up to ``at_us``.

    Example:
        >>> boundary(REFRESH_US + 1) == boundary(REFRESH_US) == REFRESH_US
        True
    """
    return at_us - at_us % REFRESH_US
