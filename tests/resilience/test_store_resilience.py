"""Retries within a budget, and a cache behind a failing store: what each is for shows without it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from actors.config import BreakerConfig, FailurePolicy, FeatureStoreConfig, HedgeConfig, PipelineConfig, RetryConfig
from actors.core.arrays import I64
from actors.core.batches import Cause, Decision, Mode
from actors.core.errors import FeatureStoreError
from actors.features.store import CARD_COLUMNS, MERCHANT_COLUMNS, MISSING_AT, FeatureStore, StoreRows
from actors.model.policy import answer_failures
from actors.resilience.store_guard import CachedFeatureStore
from actors.resilience.store_retries import RetryBudget, RetryingFeatureStore
from actors.telemetry.telemetry import Telemetry
from tests.support.actors.actor import HandClock
from tests.support.actors.pipeline import Bench, FixedScoring, arrivals, transaction
from tests.support.virtual import run_virtual

TIMES = np.zeros(1, dtype=np.int64)


@dataclass
class Shaky:
    """Answers rows of its call's number; fails on the calls that ``fails`` says."""

    fails: list[bool] = field(default_factory=list)
    always: bool = False
    calls: int = 0

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        self.calls += 1
        if self.always or (self.fails and self.fails.pop(0)):
            raise FeatureStoreError("down")
        count = len(cards)
        return StoreRows(
            np.full((count, len(CARD_COLUMNS)), self.calls, dtype=np.float32),
            np.full(count, 100 + self.calls),
            np.full((count, len(MERCHANT_COLUMNS)), self.calls, dtype=np.float32),
            np.full(count, 100 + self.calls),
        )


def retrying_around(store: Shaky, config: RetryConfig, clock: HandClock) -> RetryingFeatureStore:
    budget = RetryBudget(config.budget_ratio)
    return RetryingFeatureStore(store, config, clock, Telemetry(), budget)


def calls(config: RetryConfig, failing: int, good: int = 0) -> int:
    """Return the calls that a store gets for ``failing`` look-ups, when all fail, after ``good`` that succeeded."""
    store = Shaky()

    async def main() -> None:
        retrying = retrying_around(store, config, HandClock())
        for _ in range(good):
            await retrying.lookup(["c"], ["m"], TIMES)
        store.always = True
        for _ in range(failing):
            with pytest.raises(FeatureStoreError):
                await retrying.lookup(["c"], ["m"], TIMES)

    run_virtual(main())
    return store.calls - good


@pytest.mark.parametrize("failing", [1, 9, 10, 25, 2_000])
def test_budget_bounds_what_a_failing_store_gets(failing: int) -> None:
    """With a budget of 10 % it gets 1.1 times its load at most, at every moment; naive retries give it four times."""
    assert calls(RetryConfig(attempts=4, budget_ratio=0.1), failing) <= 1.1 * failing
    assert calls(RetryConfig(attempts=4, budget_ratio=None), failing) == 4 * failing


def test_retries_saved_in_good_times_are_few() -> None:
    """However long look-ups have succeeded, a store that then fails gets ten calls beyond its 10 % at most."""
    assert 2_200 < calls(RetryConfig(attempts=4, budget_ratio=0.1), 2_000, good=5_000) <= 2_210


def test_retry_must_be_earned_before() -> None:
    """A budget of 10 % has its first retry after ten look-ups, not at the start."""
    assert calls(RetryConfig(budget_ratio=0.125), 7) == 7
    assert calls(RetryConfig(budget_ratio=0.125), 8) == 9


def test_each_retry_is_a_call_of_its_own() -> None:
    """What the store gets is counted beside the look-ups, which stay one a batch; an open breaker spares both calls."""
    retried = decided(
        PipelineConfig(feature_store=FeatureStoreConfig(retry=RetryConfig(attempts=3, budget_ratio=None))),
        Shaky(always=True),
    )
    assert retried.telemetry.counters.store_calls == 3 * retried.telemetry.counters.store_lookups > 0
    breaker = BreakerConfig(window=20, minimum_calls=20, open_for_ns=10**12)
    spared = decided(PipelineConfig(feature_store=FeatureStoreConfig(breaker=breaker)), Shaky(always=True))
    assert (spared.telemetry.counters.store_lookups, spared.telemetry.counters.store_calls) == (50, 20)


def test_retry_turns_a_single_failure_into_an_answer() -> None:
    """A look-up that fails once is answered, after the backoff; without retries it is not."""

    async def main() -> tuple[float, int]:
        clock = HandClock()
        once = retrying_around(Shaky([True]), RetryConfig(attempts=1), clock)
        with pytest.raises(FeatureStoreError):
            await once.lookup(["c"], ["m"], TIMES)
        twice = retrying_around(Shaky([True]), RetryConfig(budget_ratio=1.0, backoff_ns=7), clock)
        rows = await twice.lookup(["c"], ["m"], TIMES)
        return float(rows.card[0, 0]), clock.at_ns

    assert run_virtual(main()) == (2.0, 7)


def test_cache_answers_with_the_last_row_and_its_true_age() -> None:
    """While look-ups fail, who was seen lately has the last row; who was not is missing."""

    async def main() -> StoreRows:
        store = CachedFeatureStore(Shaky([False, False, True]), 10, Telemetry())
        await store.lookup(["a"], ["x"], TIMES)
        await store.lookup(["a"], ["x"], TIMES)
        return await store.lookup(["a", "b"], ["x", "y"], TIMES)

    rows = run_virtual(main())
    assert rows.card_computed_us.tolist() == [102, MISSING_AT]
    assert rows.card[0, 0] == 2.0
    assert np.isnan(rows.card[1]).all()


def test_what_the_cache_answers_is_counted() -> None:
    """A transaction counts when its look-up failed and the cache knows both its card and its merchant."""
    telemetry = Telemetry()

    async def main() -> None:
        store = CachedFeatureStore(Shaky([False, True]), 10, telemetry)
        await store.lookup(["a", "b"], ["x", "y"], np.zeros(2, dtype=np.int64))
        assert telemetry.counters.store_cached_rows == 0
        await store.lookup(["a", "b", "b", "c"], ["x", "x", "z", "x"], np.zeros(4, dtype=np.int64))

    run_virtual(main())
    assert telemetry.counters.store_cached_rows == 2


def test_cache_that_knows_nobody_lets_the_failure_through() -> None:
    """An empty answer is not passed off as one."""

    async def main() -> None:
        store = CachedFeatureStore(Shaky(always=True), 10, Telemetry())
        with pytest.raises(FeatureStoreError):
            await store.lookup(["a"], ["x"], TIMES)

    run_virtual(main())


def test_cache_is_bounded_and_forgets_the_first() -> None:
    """Beyond its capacity the first one in goes."""

    async def main() -> StoreRows:
        store = CachedFeatureStore(Shaky([False] * 3 + [True]), 2, Telemetry())
        for name in "abc":
            await store.lookup([name], [name], TIMES)
        return await store.lookup(["a", "b", "c"], ["a", "b", "c"], np.zeros(3, dtype=np.int64))

    assert run_virtual(main()).card_computed_us.tolist() == [MISSING_AT, 102, 103]


def decided(config: PipelineConfig, store: FeatureStore, scoring: FixedScoring | None = None) -> Bench:
    """Run 50 transactions through a pipeline."""

    async def main() -> None:
        pipeline = bench.build()
        pipeline.start()
        await pipeline.finished()
        bench.check(pipeline)

    raws = [transaction(number) for number in range(50)]
    bench = Bench(arrivals(raws), store=store, scoring=scoring or FixedScoring(), config=config)
    run_virtual(main())
    return bench


class Short(Shaky):
    """Answers too few rows, or too narrow ones."""

    def __init__(self, rows: slice, columns: slice) -> None:
        super().__init__()
        self.cut = rows, columns

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        whole = await super().lookup(cards, merchants, event_us)
        rows, columns = self.cut
        return StoreRows(whole.card[rows, columns], whole.card_computed_us[rows], whole.merchant, event_us)


@pytest.mark.parametrize("cut", [(slice(0), slice(None)), (slice(None), slice(3))], ids=["few", "narrow"])
def test_an_answer_of_another_shape_is_a_failed_look_up(cut: tuple[slice, slice]) -> None:
    """Features are computed without looking at bounds; so such an answer never reaches them."""
    bench = decided(PipelineConfig(), Short(*cut))
    assert bench.telemetry.counters.store_errors == bench.telemetry.counters.store_lookups > 0


class GivesUp(Shaky):
    """Cancels its own call where `Shaky` fails."""

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        try:
            return await super().lookup(cards, merchants, event_us)
        except FeatureStoreError:
            raise asyncio.CancelledError from None


@pytest.mark.parametrize("hedge", [None, HedgeConfig()], ids=["alone", "hedged"])
def test_a_store_that_cancels_its_own_calls_has_failed_and_cancels_nobody(hedge: HedgeConfig | None) -> None:
    """Such a look-up is counted as failed and costs the batch tier; a retry answers it as it would any other."""
    fails = [number % 10 == 5 for number in range(100)]
    plain = decided(PipelineConfig(feature_store=FeatureStoreConfig(hedge=hedge)), GivesUp(fails.copy()))
    assert plain.telemetry.counters.store_errors == 5
    assert plain.telemetry.counters.restarts == 0
    config = FeatureStoreConfig(hedge=hedge, retry=RetryConfig(budget_ratio=0.2))
    retried = decided(PipelineConfig(feature_store=config), GivesUp(fails.copy()))
    assert retried.telemetry.counters.store_errors == 0


def test_retries_spare_decisions_a_lower_rung() -> None:
    """A store that fails on one call in ten costs no rung with retries, and one decision in ten without."""
    fails = [number % 10 == 5 for number in range(100)]
    with_retries = decided(
        PipelineConfig(feature_store=FeatureStoreConfig(retry=RetryConfig(budget_ratio=0.2))), Shaky(fails.copy())
    )
    without = decided(PipelineConfig(), Shaky(fails.copy()))
    assert with_retries.telemetry.counters.store_errors == 0
    assert without.telemetry.counters.store_errors == 5


def test_cache_spares_decisions_a_lower_rung() -> None:
    """Cards seen before an outage keep their features in it; without a cache none does."""
    fails = [False] * 25 + [True] * 75

    def missing(bench: Bench) -> int:
        return bench.telemetry.counters.store_missing_rows

    assert missing(
        decided(PipelineConfig(feature_store=FeatureStoreConfig(cache=100)), Shaky(fails.copy()))
    ) == missing(decided(PipelineConfig(), Shaky()))
    assert missing(decided(PipelineConfig(), Shaky(fails.copy()))) >= 25


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("ladder", {Decision.APPROVE, Decision.REVIEW}),
        ("fail_open", {Decision.APPROVE}),
        ("fail_to_review", {Decision.REVIEW}),
    ],
)
def test_policy_decides_what_a_failed_model_means(answer: str, expected: set[Decision]) -> None:
    """Without a score the answer is that of the rules, an approval, or a review, as configured; the mode stays."""
    policy = FailurePolicy(model_failed=answer)  # type: ignore[arg-type]  # one of the three
    bench = decided(PipelineConfig(on_failure=policy), Shaky(), FixedScoring(fails=True))
    assert bench.telemetry.ledger.decided[Mode.RULES] == 50
    assert {line["decision"] for line in bench.decisions().values()} == {each.label for each in expected}


def test_review_never_softens_a_block() -> None:
    """``fail_to_review`` raises an approval and leaves a block."""
    decision = np.array([Decision.APPROVE, Decision.BLOCK, Decision.APPROVE], dtype=np.uint8)
    cause = np.array([Cause.MISSING_FEATURES, Cause.MISSING_FEATURES, Cause.NONE], dtype=np.uint8)
    answered = answer_failures(FailurePolicy(features_missing="fail_to_review"), decision, cause)
    assert answered.tolist() == [Decision.REVIEW, Decision.BLOCK, Decision.APPROVE]
