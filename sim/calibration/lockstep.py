"""A feed that lets one batch through at a time, each of a size that is asked for."""

import asyncio
from collections.abc import Iterable, Sequence

from sim.calibration.meter import Meter
from sim.world.block import Block


class Lockstep:
    """Hands out the next batch when the one before it is logged.

    Args:
        blocks: the transactions, more of them than are asked for; what is too short for a batch is left out.
        sizes: of the batches, in order; the feed ends with them.
        meter: is told of each batch.
        unmetered: how many batches at the beginning only warm up.
    """

    def __init__(self, blocks: Iterable[Block], sizes: Sequence[int], meter: Meter, unmetered: int = 0) -> None:
        self._blocks = iter(blocks)
        self._sizes = iter(sizes)
        self._meter = meter
        self._unmetered = unmetered
        self._block: Block | None = None
        self._at = 0
        self._logged: asyncio.Future[None] | None = None

    async def take(self) -> Block | None:
        """Return the next batch once the one before it is through."""
        if self._logged is not None:
            await self._logged
        size = next(self._sizes, None)
        self._meter.taken(0 if size is None or self._unmetered > 0 else size)
        if size is None:
            return None
        self._logged = asyncio.get_running_loop().create_future()
        self._unmetered -= 1
        return self._cut(size)

    def close(self) -> None:
        """Nothing is held."""

    def logged(self) -> None:
        """Let the next batch come."""
        if self._logged is not None:
            self._logged.set_result(None)

    def _cut(self, size: int) -> Block:
        if self._block is None or self._at + size > len(self._block):
            self._block, self._at = next(self._blocks), 0
        block, part = self._block, slice(self._at, self._at + size)
        self._at += size
        return Block(
            first=block.first + part.start,
            due_ns=None,
            raws=block.raws[part],
            event_us=block.event_us[part],
            fraud=block.fraud[part],
            pattern=block.pattern[part],
            merchants=block.merchants[part],
            categories=block.categories[part],
        )
