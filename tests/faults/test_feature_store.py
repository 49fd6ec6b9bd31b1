"""Each fault of the feature store has its effect at the store, while it is in and never after."""

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.arrays import I64
from actors.core.errors import FeatureStoreError
from actors.features.store import CARD_COLUMNS, MERCHANT_COLUMNS, MISSING_AT, FeatureStore, StoreRows
from sim.faults.fault import Fault
from sim.faults.feature_store import (
    FeatureStoreEmpty,
    FeatureStoreErrors,
    FeatureStoreLatency,
    FeatureStoreOutage,
    FeatureStorePartial,
    FeatureStorePermuted,
    FeatureStoreTimeout,
    FeatureStoreZeroed,
)
from sim.injection.feature_store import added_ns
from tests.support.sim.faults import Laboratory
from tests.support.virtual import run_virtual

AT, UNTIL = 1_000, 2_000
WHEN: dict[str, Any] = {"name": "fault", "at": AT, "duration": UNTIL - AT}
CARDS, MERCHANTS = [f"c{number}" for number in range(40)], [f"m{number % 9}" for number in range(40)]


class FullStore:
    """Has a row for everyone, at once."""

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        count = len(cards)
        card = np.arange(1, count * len(CARD_COLUMNS) + 1, dtype=np.float32).reshape(count, -1)
        merchant = np.arange(1, count * len(MERCHANT_COLUMNS) + 1, dtype=np.float32).reshape(count, -1)
        return StoreRows(card, np.full(count, 7), merchant, np.full(count, 7))


async def ask(store: FeatureStore) -> StoreRows:
    return await store.lookup(CARDS, MERCHANTS, np.zeros(len(CARDS), dtype=np.int64))


def same(left: StoreRows, right: StoreRows) -> bool:
    return all(
        np.array_equal(getattr(left, name), getattr(right, name), equal_nan=True)
        for name in ("card", "card_computed_us", "merchant", "merchant_computed_us")
    )


async def answer(laboratory: Laboratory) -> tuple[StoreRows | str, int]:
    """Return what a patient caller is told now, and after how long."""
    started_ns = laboratory.clock.now_ns()
    try:
        found: StoreRows | str = await ask(laboratory.store)
    except FeatureStoreError as error:
        found = str(error)
    return found, laboratory.clock.now_ns() - started_ns


def during(fault: Fault, at_ns: int = AT + 1) -> tuple[StoreRows | str, int]:
    """Return what a caller is told at ``at_ns``."""

    async def main() -> tuple[StoreRows | str, int]:
        laboratory = Laboratory([fault], FullStore())
        running = asyncio.create_task(laboratory.schedule.run())
        await laboratory.clock.sleep_until_ns(at_ns)
        found = await answer(laboratory)
        await running
        return found

    return run_virtual(main())


def whole() -> StoreRows:
    return run_virtual(ask(FullStore()))


FAULTS: tuple[Fault, ...] = (
    FeatureStoreOutage(**WHEN),
    FeatureStoreTimeout(**WHEN),
    FeatureStoreLatency(**WHEN, added=10),
    FeatureStoreErrors(**WHEN, ratio=1.0),
    FeatureStoreEmpty(**WHEN),
    FeatureStoreZeroed(**WHEN),
    FeatureStorePartial(**WHEN, ratio=0.5),
    FeatureStorePermuted(**WHEN),
)
every_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.kind)


@every_fault
@given(st.integers(0, 3_000).filter(lambda tick: tick not in (AT, UNTIL)))
def test_only_calls_while_the_fault_is_in_are_harmed(fault: Fault, at_ns: int) -> None:
    """A call between the instants is harmed; any other gets the whole answer at once."""
    found, took_ns = during(fault, at_ns)
    untouched = not isinstance(found, str) and same(found, whole()) and took_ns == 0
    assert untouched == (not AT < at_ns < UNTIL)


@every_fault
@pytest.mark.parametrize("by", ["schedule", "cancelled", "error"])
def test_first_call_after_the_lift_is_untouched(fault: Fault, by: str) -> None:
    """However it is lifted, the very next call gets the whole answer at once."""

    async def main() -> tuple[StoreRows | str, int, int]:
        laboratory = Laboratory([fault], FullStore())
        running = asyncio.create_task(laboratory.schedule.run())
        await laboratory.clock.sleep_until_ns(AT + 1)
        harmed = asyncio.create_task(answer(laboratory))
        await asyncio.sleep(0)
        await laboratory.clock.sleep_until_ns(AT + 100)
        if by == "schedule":
            await running
        elif by == "cancelled":
            running.cancel()
        else:
            with pytest.raises(RuntimeError), laboratory.schedule:
                raise RuntimeError
        await asyncio.gather(running, return_exceptions=True) if by == "cancelled" else None
        found, took_ns = await answer(laboratory)
        await harmed
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return found, took_ns, laboratory.schedule.records()[0].touched_count

    found, took_ns, touched = run_virtual(main())
    assert not isinstance(found, str)
    assert same(found, whole())
    assert took_ns == 0
    assert 0 < touched <= len(CARDS)


def test_timeout_hangs_until_the_lift() -> None:
    """A patient caller gets the whole answer when the fault is lifted, and not before."""
    found, took_ns = during(FeatureStoreTimeout(**WHEN), AT + 300)
    assert took_ns == UNTIL - AT - 300
    assert not isinstance(found, str)


def test_caller_that_gives_up_is_counted_as_touched() -> None:
    """A call that was cancelled in its wait has been harmed."""

    async def main() -> int:
        laboratory = Laboratory([FeatureStoreTimeout(**WHEN)], FullStore())
        running = asyncio.create_task(laboratory.schedule.run())
        await laboratory.clock.sleep_until_ns(AT + 1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(200e-9):
                await ask(laboratory.store)
        await running
        return laboratory.schedule.records()[0].touched_count

    assert run_virtual(main()) == len(CARDS)


def test_constant_latency_is_added_to_each_call() -> None:
    """The added time is what the scenario says."""
    assert during(FeatureStoreLatency(**WHEN, added=50, distribution="constant"))[1] == 50


def test_lognormal_latency_has_its_median_and_spread() -> None:
    """Half of the calls take longer than ``added``; the logarithm has the given deviation."""
    fault = FeatureStoreLatency(**WHEN, added=20_000_000, sigma=0.5)
    logs = np.log([added_ns(fault, (number + 0.5) / 1_000) / fault.added for number in range(1_000)])
    assert np.median(logs) == pytest.approx(0.0, abs=0.01)
    assert logs.std() == pytest.approx(0.5, abs=0.01)


def test_errors_hit_their_share_of_the_calls() -> None:
    """About the given share fails, and the rest get the whole answer."""

    async def main() -> list[bool]:
        laboratory = Laboratory([FeatureStoreErrors(**WHEN, ratio=0.4)], FullStore())
        running = asyncio.create_task(laboratory.schedule.run())
        await laboratory.clock.sleep_until_ns(AT + 1)
        failed = [isinstance((await answer(laboratory))[0], str) for _ in range(900)]
        await running
        return failed

    assert np.mean(run_virtual(main())) == pytest.approx(0.4, abs=0.05)


def test_empty_finds_nothing() -> None:
    """Every value is missing, and its age too."""
    found, _ = during(FeatureStoreEmpty(**WHEN))
    assert not isinstance(found, str)
    assert np.isnan(found.card).all()
    assert np.isnan(found.merchant).all()
    assert (found.card_computed_us == MISSING_AT).all()


def test_zeroed_answers_zeros_that_look_fresh() -> None:
    """Values are zero while ages are the true ones."""
    found, _ = during(FeatureStoreZeroed(**WHEN))
    assert not isinstance(found, str)
    assert not found.card.any()
    assert not found.merchant.any()
    assert (found.card_computed_us == 7).all()


def test_partial_loses_the_same_keys_each_time() -> None:
    """A share of the keys is missing; a key that is there keeps its row."""
    fault = FeatureStorePartial(**WHEN, ratio=0.5)
    (first, _), (second, _) = during(fault), during(fault, AT + 500)
    assert not isinstance(first, str)
    assert not isinstance(second, str)
    assert same(first, second)
    lost = np.isnan(first.card).all(axis=1)
    assert 0.25 < lost.mean() < 0.75
    assert np.array_equal(first.card[~lost], whole().card[~lost])
    by_merchant = {name: bool(np.isnan(first.merchant[row, 0])) for row, name in enumerate(MERCHANTS)}
    assert [by_merchant[name] for name in MERCHANTS] == np.isnan(first.merchant[:, 0]).tolist()


def test_permuted_has_every_value_in_another_column() -> None:
    """Each row keeps its values; none is where it belongs."""
    found, _ = during(FeatureStorePermuted(**WHEN))
    assert not isinstance(found, str)
    assert np.array_equal(np.sort(found.card, axis=1), np.sort(whole().card, axis=1))
    assert not (found.card == whole().card).any()
