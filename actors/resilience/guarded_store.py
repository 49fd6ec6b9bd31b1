"""A feature store behind a timeout and a circuit breaker."""

from collections.abc import Sequence

from actors.arrays import I64
from actors.clock import NS_PER_MS, Clock
from actors.errors import FeatureStoreError
from actors.features.store import FeatureStore, StoreRows
from actors.resilience.breaker import CircuitBreaker
from actors.resilience.watchdog import Watchdog
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
        self._watchdog = Watchdog(timeout_ns, clock)
        self._breaker = breaker
        self._clock = clock
        self._telemetry = telemetry

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        """Return the batch features of each transaction; see `FeatureStore`.

        Raises:
            FeatureStoreError: the store failed, was too slow, or is not asked while the breaker is open.
        """
        self._telemetry.store_lookups += 1
        if self._breaker is not None and not self._breaker.allows():
            self._telemetry.store_errors += 1
            raise FeatureStoreError("the circuit breaker is open")
        self._telemetry.store_calls += 1
        started_ns = self._clock.now_ns()
        failed = True
        try:
            rows = await self._watchdog.guard(self._store.lookup(cards, merchants, event_us))
            if not rows.fits(len(cards)):
                raise FeatureStoreError(f"the answer has not the {len(cards)} rows that were asked for")
            failed = False
        except TimeoutError as error:
            raise FeatureStoreError(f"no answer within {self._timeout_ns / NS_PER_MS:g} ms") from error
        finally:
            if failed:
                self._telemetry.store_errors += 1
            if self._breaker is not None:
                self._record(self._breaker, failed=failed, took_ns=self._clock.now_ns() - started_ns)
        return rows

    def _record(self, breaker: CircuitBreaker, *, failed: bool, took_ns: int) -> None:
        trips = breaker.trip_count
        breaker.record(failed=failed, took_ns=took_ns)
        self._telemetry.breaker_trips += breaker.trip_count - trips
