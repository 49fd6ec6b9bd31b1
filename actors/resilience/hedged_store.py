"""A feature store that is asked a second time when it has not answered soon."""

import asyncio
import contextlib
from collections.abc import Sequence

from actors.arrays import I64
from actors.clock import NS_PER_S
from actors.features.store import FeatureStore, StoreRows
from actors.resilience.retrying_store import RetryBudget
from actors.telemetry.telemetry import Telemetry

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
        self._telemetry = telemetry

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        """Return the batch features of each transaction; see `FeatureStore`.

        Raises:
            FeatureStoreError: every call that was made failed.
        """
        calls = [asyncio.create_task(self._store.lookup(cards, merchants, event_us))]
        try:
            if await self._is_late(calls[0]) and self._budget.spend():
                self._telemetry.store_calls += 1
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
        if call.exception() is None:
            return call.result()
    return calls[0].result()
