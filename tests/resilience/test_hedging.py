"""A second call for a look-up that is late, on virtual time."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import pytest

from actors.config import RetryConfig
from actors.contracts.feature_store import FeatureStoreContract
from actors.core.arrays import I64
from actors.core.clock import NS_PER_MS
from actors.core.errors import FeatureStoreError
from actors.features.store import BatchTable, FeatureStore, InMemoryFeatureStore, StoreRows, missing_rows
from actors.resilience.store_retries import HedgedFeatureStore, RetryBudget, RetryingFeatureStore
from actors.telemetry.telemetry import Telemetry
from tests.support.sim.faults import virtual_clock
from tests.support.virtual import run_virtual

T = TypeVar("T")

AFTER_NS = 3 * NS_PER_MS
TIMES = np.zeros(1, dtype=np.int64)


@dataclass
class Slow:
    """Takes the milliseconds that ``takes_ms`` says for each call, the last of them ever after; below 0 it then fails.

    Attributes:
        answered: by which calls, from 0.
        cancelled: which calls were.
    """

    takes_ms: Sequence[int]
    calls: int = 0
    answered: list[int] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        number, self.calls = self.calls, self.calls + 1
        takes_ms = self.takes_ms[min(number, len(self.takes_ms) - 1)]
        try:
            await virtual_clock().sleep_ns(abs(takes_ms) * NS_PER_MS)
        except asyncio.CancelledError:
            self.cancelled.append(number)
            raise
        if takes_ms < 0:
            raise FeatureStoreError(f"call {number} failed")
        self.answered.append(number)
        return missing_rows(len(cards))


class Pausing(InMemoryFeatureStore):
    """A store in memory whose first call takes long."""

    calls = 0

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        self.calls += 1
        await virtual_clock().sleep_ns((40 if self.calls == 1 else 1) * NS_PER_MS)
        return await super().lookup(cards, merchants, event_us)


class TestHedgedFeatureStore(FeatureStoreContract):
    """A store that is asked twice keeps the laws of the port."""

    async def serving(self, *tables: BatchTable) -> FeatureStore:
        store = Pausing()
        for each in tables:
            await store.publish(each)
        return HedgedFeatureStore(store, AFTER_NS, RetryBudget(None, 0), Telemetry())

    def run(self, law: Coroutine[object, object, T]) -> T:
        """Run ``law`` on virtual time."""
        return run_virtual(law)


def took_ms(store: Slow, *, earned: float = 1.0, telemetry: Telemetry | None = None) -> float:
    """Return how long one look-up takes, with the budget that ``earned`` retries leave."""

    async def main() -> int:
        clock, budget = virtual_clock(), RetryBudget(earned, reserve=10.0)
        budget.earn()
        hedged = HedgedFeatureStore(store, AFTER_NS, budget, telemetry or Telemetry())
        try:
            await hedged.lookup(["c"], ["m"], TIMES)
        finally:
            assert len(asyncio.all_tasks()) == 1  # nothing is left behind
        return clock.now_ns()

    return run_virtual(main()) / NS_PER_MS


def test_quick_answer_needs_no_second_call() -> None:
    """A call that answers within the time is the only one, and takes what it takes."""
    store, telemetry = Slow([2]), Telemetry()
    assert took_ms(store, telemetry=telemetry) == 2
    assert (store.calls, telemetry.counters.store_calls) == (1, 0)


def test_late_call_is_overtaken_by_a_second() -> None:
    """The answer comes one quick call after the patience ends; the late call is cancelled, and both are counted."""
    store, telemetry = Slow([40, 1]), Telemetry()
    assert took_ms(store, telemetry=telemetry) == 3 + 1
    assert (store.answered, store.cancelled, telemetry.counters.store_calls) == ([1], [0], 1)


def test_first_call_may_still_come_first() -> None:
    """A second call that is slower changes nothing but the load."""
    store = Slow([4, 40])
    assert took_ms(store) == 4
    assert (store.answered, store.cancelled) == ([0], [1])


def test_without_budget_no_second_call_is_made() -> None:
    """A look-up for which no retry has been earned waits for its one call."""
    store = Slow([40, 1])
    assert took_ms(store, earned=0.9) == 40
    assert store.calls == 1


def test_early_failure_is_no_reason_for_a_second_call() -> None:
    """Whether a failure is tried again is the retries' to say, with a wait before it."""
    store = Slow([-1, 1])
    with pytest.raises(FeatureStoreError, match="call 0"):
        took_ms(store)
    assert store.calls == 1


def test_answer_counts_when_the_other_call_fails() -> None:
    """Whichever fails, first or second, the other is waited for."""
    assert took_ms(Slow([-4, 6])) == 3 + 6
    assert took_ms(Slow([9, -1])) == 9


def test_failure_of_both_is_that_of_the_first() -> None:
    """When no call has an answer the look-up fails as it would have without the second."""
    with pytest.raises(FeatureStoreError, match="call 0"):
        took_ms(Slow([-8, -1]))


def test_giving_up_cancels_both_calls() -> None:
    """When the caller's time is over nothing goes on behind its back."""
    store = Slow([40])

    async def main() -> set[asyncio.Task[object]]:
        budget = RetryBudget(None, 0)
        hedged = HedgedFeatureStore(store, AFTER_NS, budget, Telemetry())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.010):
                await hedged.lookup(["c"], ["m"], TIMES)
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert run_virtual(main()) == set()
    assert store.cancelled == [0, 1]


@pytest.mark.parametrize(("ratio", "least", "most"), [(0.1, 1.09, 1.1), (None, 2.0, 2.0)])
def test_store_that_is_slow_as_a_whole_gets_a_tenth_more(ratio: float | None, least: float, most: float) -> None:
    """Second calls and retries are paid from one budget; without one the load of a slow store doubles."""
    store, telemetry = Slow([8]), Telemetry()

    async def main() -> None:
        budget, clock = RetryBudget(ratio, 10.0), virtual_clock()
        hedged = HedgedFeatureStore(store, AFTER_NS, budget, telemetry)
        retrying = RetryingFeatureStore(hedged, RetryConfig(attempts=1), clock, telemetry, budget)
        for _ in range(500):
            await retrying.lookup(["c"], ["m"], TIMES)

    run_virtual(main())
    assert least <= store.calls / 500 <= most
    assert telemetry.counters.store_calls == store.calls - 500
