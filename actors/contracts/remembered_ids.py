"""Laws of the `RememberedIds` port."""

from abc import ABC, abstractmethod

import numpy as np

from actors.contracts.contract import PortContract, failure, transaction
from actors.core.arrays import I64
from actors.core.errors import StreamStateError
from actors.core.transaction import Columns, pick, read
from actors.remembered_ids import RememberedIds


class RememberedIdsContract(PortContract, ABC):
    """Wherever ids are remembered, of all transactions with one id exactly the first is new."""

    @abstractmethod
    async def empty(self) -> RememberedIds:
        """Return a memory of nothing, with room for at least 100 ids."""

    async def broken(self) -> RememberedIds | None:
        """Return a memory whose server is gone; None if there is nothing that could go."""
        return None

    async def count(self, ids: RememberedIds, numbers: list[int], columns: Columns) -> list[bool]:
        """Return which of ``columns`` are new and have these remembered, as the assembler does.

        An adapter that remembers transactions as it counts them in windows has them counted here too.
        """
        asked = np.array(numbers, dtype=np.int64)
        fresh = await ids.fresh(asked, columns)
        mask = np.ones(len(numbers), dtype=np.bool_) if fresh is None else fresh
        kept = np.flatnonzero(mask)
        if len(kept):
            await self.remember(ids, asked[kept], pick(columns, kept))
        return mask.tolist()

    async def remember(self, ids: RememberedIds, numbers: I64, columns: Columns) -> None:
        """Have ``columns`` counted and remembered."""
        ids.remember(numbers, columns)

    def test_of_equal_ids_the_first_is_new(self) -> None:
        """In one batch and over several, whatever else the transactions say."""

        async def law() -> None:
            ids = await self.empty()
            assert await self.count(ids, [0, 1, 2, 3], _named("a", "b", "a", "c")) == [True, True, False, True]
            assert await self.count(ids, [4], _named("b")) == [False]
            assert await self.count(ids, [5, 6], _named("c", "d")) == [False, True]

        self.run(law())

    def test_asking_remembers_nothing(self) -> None:
        """A batch that is asked about again after a crash is as new as it was."""

        async def law() -> None:
            ids = await self.empty()
            for _ in range(2):
                fresh = await ids.fresh(np.array([0, 1, 2]), _named("a", "a", "b"))
                assert fresh is not None
                assert fresh.tolist() == [True, False, True]
            assert await ids.fresh(np.array([0, 1]), _named("a", "b")) is None

        self.run(law())

    def test_a_server_that_is_gone_is_a_stream_state_error(self) -> None:
        """No error of a client goes on to the assembler, which would crash, and nothing passes for new."""

        async def law() -> None:
            ids = await self.broken()
            if ids is not None:
                assert str(await failure(ids.fresh(np.array([0]), _named("a")), StreamStateError))

        self.run(law())


def _named(*ids: str) -> Columns:
    """Return transactions with ``ids``."""
    return read([transaction(number, id=name) for number, name in enumerate(ids)])
