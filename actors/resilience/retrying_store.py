"""A feature store whose failed look-ups are tried again, within a budget."""

from collections.abc import Sequence
from dataclasses import dataclass

from actors.arrays import I64
from actors.clock import Clock
from actors.errors import FeatureStoreError
from actors.features.store import FeatureStore, StoreRows
from actors.telemetry.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class RetryConfig:
    """How failed look-ups are tried again.

    Attributes:
        attempts: calls for one look-up at most, the first one included.
        budget_ratio: retries for each look-up, on average at most; None: as many as fail.
        reserve: retries that may be saved up while look-ups succeed; there are none at the start.
        backoff_ns: wait before the first retry of a look-up, doubled for each further one.
    """

    attempts: int = 2
    budget_ratio: float | None = 0.1  # with 10 %, a store that fails gets 1.1 times its load at most
    reserve: float = 10.0
    backoff_ns: int = 500_000  # a look-up has 5 ms in all


class RetryBudget:
    """Lets retries be a share of the calls, so that a store in trouble is not called more often because it is.

    A retry must have been earned before: since the start there are never more than ``ratio`` for each first call, and
    in any span at most ``reserve`` more than that, however long look-ups have succeeded before it.

    Source: Google, Site Reliability Engineering, O'Reilly 2016, chapter 21; Finagle's RetryBudget.
    """

    def __init__(self, ratio: float | None, reserve: float) -> None:
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
        self._telemetry = telemetry
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
            except FeatureStoreError:
                if not self._budget.spend():
                    raise
            await self._clock.sleep_ns(self._config.backoff_ns << (attempt - 1))
            self._telemetry.store_calls += 1
        return await self._store.lookup(cards, merchants, event_us)
