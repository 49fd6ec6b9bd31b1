"""The `Clock` port on virtual time."""

import asyncio
from collections.abc import Awaitable

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

    def sleep_ns(self, span_ns: int) -> Awaitable[None]:
        """Wait for exactly ``span_ns``."""
        return self.sleep_until_ns(self._loop.now_ns + span_ns)

    def sleep_until_ns(self, at_ns: int) -> Awaitable[None]:
        """Wait until exactly ``at_ns``."""
        loop = self._loop
        return loop.wake_at_ns(at_ns) if at_ns > loop.now_ns else asyncio.sleep(0)
