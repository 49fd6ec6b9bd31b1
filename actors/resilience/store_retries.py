"""Feature stores that are asked again, within a budget: after a failure, or when slow."""

import asyncio
import contextlib
from collections.abc import Sequence

from actors.config import RetryConfig
from actors.core.arrays import I64
from actors.core.cancellation import called_off
from actors.core.clock import NS_PER_S, Clock
from actors.core.errors import FeatureStoreError
from actors.features.store import FeatureStore, StoreRows
from actors.telemetry.telemetry import Telemetry

RESERVE = 10.0  # retries that may be saved up while look-ups succeed; there are none at the start


class RetryBudget:
    """Lets retries be a share of the calls, so that a store in trouble is not called more often because it is.

    A retry must have been earned before: since the start there are never more than ``ratio`` for each first call, and
    in any span at most ``reserve`` more than that, however long look-ups have succeeded before it.

    Source: Google, Site Reliability Engineering, O'Reilly 2016, chapter 21; Finagle's RetryBudget.
    """

    def __init__(self, ratio: float | None, reserve: float = RESERVE) -> None:
        self._ratio = ratio
        self._reserve = reserve
        self.left = 0.0

    def earn(self) -> None:
        """Count a first call."""
        if self._ratio is not None:
            self.left = min(self._reserve, self.left + self._ratio)

    def spend(self) -> bool:
        """Return whether one more retry may be made, and count it."""
        if self._ratio is None:
            return True
        if self.left < 1:
            return False
        self.left -= 1
        return True


class RetryingFeatureStore:
    """Tries a failed look-up again. Whoever is around it bounds the time of all attempts together.

    A look-up that hangs is not tried again: it is the caller's time that runs out.

    Args:
        store: what is called.
        config: how often.
        clock: the run's clock.
        telemetry: counts each retry as one more call.
        budget: what retries are paid from; it may be shared.
    """

    def __init__(
        self,
        store: FeatureStore,
        config: RetryConfig,
        clock: Clock,
        telemetry: Telemetry,
        budget: RetryBudget,
    ) -> None:
        self._store = store
        self._config = config
        self._clock = clock
        self._counters = telemetry.counters
        self._budget = budget

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        """Return the batch features of each transaction; see `FeatureStore`.

        Raises:
            FeatureStoreError: the last attempt that the budget allowed failed.
        """
        self._budget.earn()
        for attempt in range(1, self._config.attempts):
            try:
                return await self._store.lookup(cards, merchants, event_us)
            except asyncio.CancelledError:
                if not called_off() or not self._budget.spend():
                    raise
            except FeatureStoreError:
                if not self._budget.spend():
                    raise
            await self._clock.sleep_ns(self._config.backoff_ns << (attempt - 1))
            self._counters.store_calls += 1
        return await self._store.lookup(cards, merchants, event_us)


Call = asyncio.Task[StoreRows]


class HedgedFeatureStore:
    """Asks again when the first call has not answered in time, and takes the answer that comes first.

    This is for the few calls that hang while most are quick, as when one replica of many pauses. A second call spends
    from the budget of the retries, so that a store which is slow as a whole gets no more than that. Whichever call is
    not needed any more is cancelled. Each look-up costs a task and a timer, quick ones too.

    Args:
        store: what is called.
        after_ns: how long the first call may take before the second is made; p95 of a look-up is a good choice. The
            event loop of the real clock rounds it to a millisecond.
        budget: shared with the retries, and earned by whoever counts the look-ups.
        telemetry: counts each second call as one more.

    Source: J. Dean, L. A. Barroso, The Tail at Scale, CACM 56 (2), 2013: hedged requests.
    """

    def __init__(self, store: FeatureStore, after_ns: int, budget: RetryBudget, telemetry: Telemetry) -> None:
        self._store = store
        self._after_ns = after_ns
        self._budget = budget
        self._counters = telemetry.counters

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        """Return the batch features of each transaction; see `FeatureStore`.

        Raises:
            FeatureStoreError: every call that was made failed.
        """
        calls = [asyncio.create_task(self._store.lookup(cards, merchants, event_us))]
        try:
            if await self._is_late(calls[0]) and self._budget.spend():
                self._counters.store_calls += 1
                calls.append(asyncio.create_task(self._store.lookup(cards, merchants, event_us)))
            return await _first_answer(calls)
        finally:
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)

    async def _is_late(self, call: Call) -> bool:
        """Return whether ``call`` is still out when its time is over. Raises its error if it failed before."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._after_ns / NS_PER_S):
                await asyncio.shield(call)
        return not call.done()


async def _first_answer(calls: Sequence[Call]) -> StoreRows:
    """Return the first answer; of two at once that of the earlier call. Raises the first call's error if all fail."""
    ended: asyncio.Queue[Call] = asyncio.Queue()  # in the order in which they end, which a set would not keep
    for call in calls:
        call.add_done_callback(ended.put_nowait)
    for _ in calls:
        call = await ended.get()
        if not call.cancelled() and call.exception() is None:
            return call.result()
    return calls[0].result()
