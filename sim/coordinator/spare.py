"""A process that is all that a worker is but for its slot, kept ready to take the place of the next one that dies."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, NamedTuple

from actors.core.child_process import Child
from actors.core.errors import RiskdrillError
from actors.core.process_failures import how_ended
from sim.coordinator.last_words import LastWords

STARTING: Final = "starting"
READY: Final = "ready"  # what a spare sends once it waits for its slot
MOST_FAILED: Final = 3  # that died in a row and were not wanted: the machine has no room for one
REST_S: Final = 1.0

log = logging.getLogger(__name__)


class Started(NamedTuple):
    """A process that was started, and where what it says is read."""

    child: Child
    words: LastWords


class Spare:
    """Keeps one process ready, and another one once that was taken; never two.

    One that dies by itself is replaced, until several have died in a row; then there is none any more, which is said,
    and whoever needs a worker starts it from the beginning.

    Args:
        begin: starts one, which sends `READY` in time and then waits for a slot.

    Attributes:
        state: starting, ready, or "" while none is kept.
        used_count: how many took a place.
    """

    def __init__(self, begin: Callable[[], Awaitable[Started]]) -> None:
        self._begin = begin
        self._started: Started | None = None
        self._taken: asyncio.Future[bool] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._over = False
        self.state = ""
        self.used_count = 0

    def keep(self) -> asyncio.Task[None]:
        """Start one, and go on until `end`; return what does."""
        self.state = STARTING
        self._keeping = asyncio.create_task(self._keep(), name="spare worker")
        return self._keeping

    def take(self, slot: str) -> Started | None:
        """Let the process that is ready be the worker in ``slot`` and return it; None if none is ready."""
        started = self._started
        if started is None or self._taken is None or self.state != READY:
            return None
        try:
            started.child.pipe.send(slot)
        except OSError:  # it has just died, and is replaced
            return None
        self._let_go(started, taken=True)
        self.used_count += 1
        return started

    def _let_go(self, started: Started, *, taken: bool) -> None:
        asyncio.get_running_loop().remove_reader(started.child.pipe.fileno())
        self._started, self.state = None, STARTING  # another one, in a moment
        if self._taken is not None and not self._taken.done():
            self._taken.set_result(taken)

    async def _keep(self) -> None:
        failed, why = 0, ""
        while not self._over:
            try:
                started = await self._begin()
            except OSError as error:
                why, taken = str(error), False
            else:
                taken = await self._until_taken(started)
                if not taken:
                    why = await _buried(started)
            failed = 0 if taken else failed + 1
            if failed == MOST_FAILED:
                self.state = ""
                log.warning("no spare worker is kept any more: %d died unused, the last one: %s", failed, why)
                return
            if failed:
                await asyncio.sleep(REST_S)

    async def _until_taken(self, started: Started) -> bool:
        """Watch one until it was taken, or has died; return which."""
        loop = asyncio.get_running_loop()
        self._started, self._taken = started, loop.create_future()
        if self._over:  # it was being started
            started.child.kill()
        loop.add_reader(started.child.pipe.fileno(), self._hear, started)
        return await self._taken

    def _hear(self, started: Started) -> None:
        with suppress(EOFError, RiskdrillError):  # its last line says more
            if started.child.receive() == READY:
                self.state = READY
                return
        self._let_go(started, taken=False)

    def kill(self) -> None:
        """End it at once, and start none again."""
        self._over = True
        if self._started is not None:
            self._started.child.kill()

    async def end(self) -> None:
        """End it, and return when it is gone."""
        self.kill()
        if self._keeping is not None:
            await asyncio.gather(self._keeping, return_exceptions=True)


async def _buried(started: Started) -> str:
    """Return how one has ended that was not wanted."""
    status = await asyncio.to_thread(started.child.close)
    line = started.words.line()
    started.words.close()
    return f"{how_ended(status)}; last it said: {line}" if status and line else how_ended(status) if status else "ended"
