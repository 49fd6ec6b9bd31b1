"""Laws of the `Source` port."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import ClassVar

import numpy as np

from actors.contracts.contract import PortContract, failure, transaction
from actors.core.arrays import I64
from actors.core.errors import SourceError
from actors.source import Source

COUNT = 3_000  # more than any adapter hands out at a time
A_WHILE_S = 0.02


class SourceContract(PortContract, ABC):
    """Whatever a source stands for, the producer gets each transaction once, in order, and then the end.

    Attributes:
        scheduled: whether a source with due times knows them before it hands their transactions out.
    """

    scheduled: ClassVar[bool] = True

    @abstractmethod
    async def holding(self, raws: list[bytes], due_ns: I64 | None) -> Source | None:
        """Return a source of ``raws`` and nothing more, due at ``due_ns``; None if it knows no (or only) due times."""

    async def waiting(self) -> tuple[Source, Callable[[bytes], Awaitable[None]]] | None:
        """Return a source that has nothing yet, and what gives it one transaction more; None if it never waits."""
        return None

    async def broken(self) -> Source | None:
        """Return a source whose server is gone; None if there is nothing that could go, or if it waits for that."""
        return None

    def test_it_holds_transactions_with_due_times_or_without(self) -> None:
        """A source that took neither would pass every other law."""

        async def law() -> None:
            raws = [transaction(0)]
            forms = [await self.holding(raws, None), await self.holding(raws, np.zeros(1, dtype=np.int64))]
            assert any(source is not None for source in forms)

        self.run(law())

    def test_each_transaction_comes_once_and_in_order(self) -> None:
        """What is taken in all is what the source holds, byte for byte; at the end comes None, and again."""

        async def law() -> None:
            for count in (0, 1, COUNT):
                raws = [transaction(number) for number in range(count)]
                source = await self.holding(raws, None)
                if source is None:
                    return
                assert await _all_of(source) == raws
                assert await source.take() is None
                assert source.due_count(1) is None

        self.run(law())

    def test_due_times_stay_with_their_transactions(self) -> None:
        """Each comes with its own due time, whatever the blocks; equal ones stay in order."""

        async def law() -> None:
            raws = [transaction(number) for number in range(COUNT)]
            due_ns = np.arange(COUNT, dtype=np.int64) // 7 * 1_000
            source = await self.holding(raws, due_ns)
            if source is None:
                return
            taken: dict[bytes, int] = {}
            while (arrivals := await source.take()) is not None:
                assert arrivals.due_ns is not None
                assert arrivals.due_ns.dtype == np.int64
                taken.update(zip(arrivals.raws, arrivals.due_ns.tolist(), strict=True))
            assert taken == dict(zip(raws, due_ns.tolist(), strict=True))

        self.run(law())

    def test_what_is_due_is_known_without_taking_it(self) -> None:
        """The count at an instant is that of all due times up to it, whatever was taken; None without a schedule."""

        async def law() -> None:
            due_ns = np.repeat(np.arange(50, dtype=np.int64) * 1_000, 3)
            raws = [transaction(number) for number in range(len(due_ns))]
            source = await self.holding(raws, due_ns)
            if source is None:
                return
            if not self.scheduled:
                assert source.due_count(10**12) is None
                return
            for elapsed_ns in (0, 999, 1_000, 20_500):
                assert source.due_count(elapsed_ns) == int((due_ns <= elapsed_ns).sum())
            await _all_of(source)
            for earlier_ns, later_ns in pairwise((20_501, 48_999, 49_000, 10**12)):
                assert (source.due_count(earlier_ns) or 0) <= (source.due_count(later_ns) or 0)
            assert source.due_count(10**12) == len(raws)

        self.run(law())

    def test_a_take_that_is_cancelled_has_taken_nothing(self) -> None:
        """Given up while it waited, the next one gets what came meanwhile, and all that follows."""

        async def law() -> None:
            made = await self.waiting()
            if made is None:
                return
            source, give = made
            given_up = asyncio.ensure_future(source.take())
            await asyncio.sleep(A_WHILE_S)
            assert not given_up.done()
            given_up.cancel()
            await asyncio.gather(given_up, return_exceptions=True)
            raws = [transaction(number) for number in range(3)]
            taken: list[bytes] = []
            for raw in raws:
                await give(raw)
                arrivals = await source.take()
                assert arrivals is not None
                taken += arrivals.raws
            assert taken == raws

        self.run(law())

    def test_a_server_that_is_gone_is_a_source_error(self) -> None:
        """No error of a client goes on to the producer, and no empty block passes for an answer."""

        async def law() -> None:
            source = await self.broken()
            if source is not None:
                assert str(await failure(source.take(), SourceError))

        self.run(law())


async def _all_of(source: Source) -> list[bytes]:
    """Return everything that ``source`` has, which comes in blocks of at least one."""
    taken: list[bytes] = []
    while (arrivals := await source.take()) is not None:
        assert arrivals.raws
        taken += arrivals.raws
    return taken
