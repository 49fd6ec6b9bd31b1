"""The `Clock` port on virtual time."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from operator import attrgetter
from typing import Any

from sim.clocks.virtual_loop import VirtualLoop


class VirtualClock:
    """The integer nanoseconds of a `VirtualLoop`.

    Attributes:
        now_ns: returns the virtual instant.
        pass_ns: lets a span pass on the spot, as computing on the loop does; nobody else has a turn meanwhile.
        pass_until_ns: does so until an instant if nobody would have a turn anyway; returns whether it did.

    Args:
        loop: the loop whose time it reads.
    """

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.now_ns: Callable[[], int] = partial(attrgetter("now_ns"), loop)  # a method takes twice as long
        self.pass_ns = loop.jump_ns
        self.pass_until_ns = loop.pass_until_ns

    def sleep_ns(self, span_ns: int) -> Awaitable[None]:
        """Wait for exactly ``span_ns``."""
        return self.sleep_until_ns(self._loop.now_ns + span_ns)

    def sleep_until_ns(self, at_ns: int) -> Awaitable[None]:
        """Wait until exactly ``at_ns``."""
        loop = self._loop
        if at_ns <= loop.now_ns:
            return asyncio.sleep(0)
        return loop.wake_at_ns(at_ns) if loop.acts_by(at_ns) else _until(loop, at_ns)

    def start(self, call: Coroutine[Any, Any, object], until_ns: int) -> object:
        """Run ``call`` up to its first wait; see `Clock`."""
        loop, before_ns = self._loop, self._loop.horizon_ns
        if until_ns < before_ns:
            loop.horizon_ns = until_ns
        try:
            return call.send(None)
        finally:
            loop.horizon_ns = before_ns


async def _until(loop: VirtualLoop, at_ns: int) -> None:
    """Wait until an instant that lay ahead when this was made; others may have run since.

    While nobody else can run before that instant, the loop would only turn once to come back here: time is moved at
    once instead, which takes a fifth of it. Whoever awaits sees no difference, and neither does anyone else.
    """
    if not loop.pass_until_ns(at_ns):
        await loop.wake_at_ns(at_ns)
