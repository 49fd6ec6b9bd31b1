"""The `Clock` port on virtual time."""

import asyncio

from sim.clocks.virtual_loop import VirtualLoop


class VirtualClock:
    """The integer nanoseconds of a `VirtualLoop`.

    Args:
        loop: the loop whose time it reads.
    """

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now_ns(self) -> int:
        """Return the virtual instant."""
        return self._loop.now_ns

    async def sleep_ns(self, span_ns: int) -> None:
        """Wait for exactly ``span_ns``."""
        if span_ns <= 0:
            await asyncio.sleep(0)
        else:
            await self._loop.wake_at_ns(self._loop.now_ns + span_ns)

    async def sleep_until_ns(self, at_ns: int) -> None:
        """Wait until exactly ``at_ns``."""
        await self.sleep_ns(at_ns - self._loop.now_ns)
