"""Batch features on a stream rest on each transaction once, and on a table that the store still has."""

import asyncio
import contextlib

from actors.core.clock import NS_PER_S
from actors.core.errors import FeatureStoreError
from actors.core.transaction import Columns, read
from sim.clocks.virtual_clock import VirtualClock
from sim.clocks.virtual_loop import VirtualLoop
from sim.stream.batch_features import SentOnce, keep_served
from tests.support.sim.workers import transactions
from tests.support.virtual import run_virtual


class Store:
    """A store that answers as it is told: whether the table was lost, or with an error."""

    def __init__(self, *answers: bool | BaseException) -> None:
        self.answers = list(answers)

    async def put_back(self) -> bool:
        """Give the next answer."""
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer


def never(line: str) -> None:
    """Fail: nothing is to be told."""
    raise AssertionError(line)


def test_a_table_that_is_lost_is_put_back_whatever_came_before() -> None:
    """A store that does not answer, gives up, or still has the table is looked at again; what was put back is told."""
    away = FeatureStoreError("Redis is not there")
    away.__cause__ = OSError()
    store, told = Store(away, False, True, asyncio.CancelledError(), True), list[tuple[float, str]]()

    async def law() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        clock = VirtualClock(loop)
        keeping = keep_served(store, clock, lambda line: told.append((clock.now_ns() / NS_PER_S, line)), never)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(11):
                await keeping

    run_virtual(law())
    assert [at_s for at_s, _ in told] == [6.0, 10.0]
    assert store.answers == []


def test_a_store_that_answers_and_serves_no_table_is_told_once() -> None:
    """Keys of another version cost the features of each decision and nothing else, so nobody else says why."""
    other, full = FeatureStoreError("keys of another version"), FeatureStoreError("out of memory")
    store, told = Store(other, other, False, other, full), list[str]()

    async def law() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(11):
                await keep_served(store, VirtualClock(loop), never, told.append)

    run_virtual(law())
    causes = [line.removeprefix("no batch features are served: ") for line in told]
    assert causes == ["keys of another version", "keys of another version", "out of memory"]
    assert store.answers == []


def test_a_transaction_that_is_sent_again_is_kept_once() -> None:
    """Neither a repetition in one batch nor one in a later batch counts, nor what history has already."""
    raws = transactions(30)
    columns = read(raws)
    kept: list[Columns] = []
    begin_us = int(columns.event_us[9])
    keep = SentOnce(kept.append, begin_us)
    assert keep(read([*raws[:20], raws[15]])).ids == columns.ids[10:20]
    assert keep(columns).ids == columns.ids[20:]
    assert len(keep(columns)) == 0
    assert [name for each in kept for name in each.ids] == columns.ids[10:]
