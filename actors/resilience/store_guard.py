"""What stands before a feature store that fails: timeout, circuit breaker, rows seen last."""

from collections.abc import Sequence

import numpy as np

from actors.core.arrays import F32, I64
from actors.core.cancellation import CalledOffError
from actors.core.clock import NS_PER_MS, Clock
from actors.core.errors import FeatureStoreError
from actors.features.store import CARD_COLUMNS, MERCHANT_COLUMNS, MISSING_AT, FeatureStore, StoreRows
from actors.resilience.breaker import CircuitBreaker
from actors.resilience.timeout import ReusableTimeout
from actors.telemetry.telemetry import Telemetry


class GuardedFeatureStore:
    """Never waits longer than the timeout, and stops asking a store that keeps failing. Asked one look-up at a time.

    Args:
        store: what is guarded.
        timeout_ns: longest wait for a look-up; the budget at p50 is 2 ms.
        breaker: decides whether to ask at all; None always asks.
        clock: the run's clock.
        telemetry: counts look-ups, calls and failures.
    """

    def __init__(
        self, store: FeatureStore, timeout_ns: int, breaker: CircuitBreaker | None, clock: Clock, telemetry: Telemetry
    ) -> None:
        self._store = store
        self._timeout_ns = timeout_ns
        self._timeout = ReusableTimeout(timeout_ns, clock)
        self._breaker = breaker
        self._clock = clock
        self._counters = telemetry.counters

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        """Return the batch features of each transaction; see `FeatureStore`.

        Raises:
            FeatureStoreError: the store failed, was too slow, or is not asked while the breaker is open.
        """
        self._counters.store_lookups += 1
        if self._breaker is not None and not self._breaker.allows():
            self._counters.store_errors += 1
            raise FeatureStoreError("the circuit breaker is open")
        self._counters.store_calls += 1
        started_ns = self._clock.now_ns()
        failed = True
        try:
            rows = await self._timeout.guard(self._store.lookup(cards, merchants, event_us))
            if not rows.fits(len(cards)):
                raise FeatureStoreError(f"the answer has not the {len(cards)} rows that were asked for")
            failed = False
        except TimeoutError as error:
            raise FeatureStoreError(f"no answer within {self._timeout_ns / NS_PER_MS:g} ms") from error
        except CalledOffError as error:
            raise FeatureStoreError(str(error)) from error
        finally:
            if failed:
                self._counters.store_errors += 1
            if self._breaker is not None:
                self._record(self._breaker, failed=failed, took_ns=self._clock.now_ns() - started_ns)
        return rows

    def _record(self, breaker: CircuitBreaker, *, failed: bool, took_ns: int) -> None:
        trips = breaker.trip_count
        breaker.record(failed=failed, took_ns=took_ns)
        self._counters.breaker_trips += breaker.trip_count - trips


class CachedFeatureStore:
    """Remembers the last row of each card and merchant, and uses it, with its true age, while look-ups fail.

    A row that is too old is found out by its age, as if the store had answered it: stale is never passed off as fresh.
    A card or merchant that was not seen lately is missing. If none of a batch is known, the caller gets the failure.

    Args:
        store: what is asked first.
        capacity: cards remembered, and as many merchants; the first one in is the first one out.
        telemetry: counts the transactions that are answered from here.
    """

    def __init__(self, store: FeatureStore, capacity: int, telemetry: Telemetry) -> None:
        self._store = store
        self._counters = telemetry.counters
        self._cards = RowCache(capacity, len(CARD_COLUMNS))
        self._merchants = RowCache(capacity, len(MERCHANT_COLUMNS))

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        """Return the batch features of each transaction; see `FeatureStore`.

        Raises:
            FeatureStoreError: the store failed, and nothing is remembered of the batch.
        """
        try:
            rows = await self._store.lookup(cards, merchants, event_us)
        except FeatureStoreError:
            rows = StoreRows(*self._cards.take(cards), *self._merchants.take(merchants))
            cards_known, merchants_known = rows.card_computed_us != MISSING_AT, rows.merchant_computed_us != MISSING_AT
            if not (cards_known.any() or merchants_known.any()):
                raise
            self._counters.store_cached_rows += int(np.count_nonzero(cards_known & merchants_known))
            return rows
        self._cards.remember(cards, rows.card, rows.card_computed_us)
        self._merchants.remember(merchants, rows.merchant, rows.merchant_computed_us)
        return rows


class RowCache:
    """Rows of the entities seen last.

    Args:
        capacity: entities at most.
        columns: of a row.
    """

    def __init__(self, capacity: int, columns: int) -> None:
        self._capacity = capacity
        self._places: dict[str, int] = {}
        self._names: list[str | None] = [None] * capacity
        self._next = 0
        self._rows = np.full((capacity + 1, columns), np.nan, dtype=np.float32)
        self._computed_us: I64 = np.full(capacity + 1, MISSING_AT, dtype=np.int64)

    def remember(self, names: Sequence[str], rows: F32, computed_us: I64) -> None:
        """Keep the rows of those that have one; of a repeated name the last."""
        for row, name in enumerate(names):
            if computed_us[row] == MISSING_AT:
                continue
            place = self._places.get(name)
            if place is None:
                place = self._enter(name)
            self._rows[place] = rows[row]
            self._computed_us[place] = computed_us[row]

    def take(self, names: Sequence[str]) -> tuple[F32, I64]:
        """Return rows and what event time they were computed for; NaN and MISSING_AT for those not known."""
        get = self._places.get
        found = np.array([get(name, self._capacity) for name in names], dtype=np.int64)
        return self._rows[found], self._computed_us[found]

    def _enter(self, name: str) -> int:
        place = self._next
        self._next = (place + 1) % self._capacity
        old = self._names[place]
        if old is not None:
            del self._places[old]
        self._names[place] = name
        self._places[name] = place
        return place
