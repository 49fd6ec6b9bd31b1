"""The servers of a run as it sees them: what it reads there, and for how long each, or a partition, has been silent."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from actors.adapters.kafka.messages import Ended, read_ended
from actors.adapters.kafka.plain import CommittedReader
from actors.core.cancellation import CalledOffError, answer_of
from actors.core.clock import NS_PER_S, Clock
from sim.stream.store_check import MARKED_EVERY_S


class Silence:
    """For how long somebody has not answered."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since_ns: int | None = None
        self._ended_ns = clock.now_ns()

    def note(self, *, answers: bool) -> None:
        """Take that it answers, or does not."""
        if answers == (self._since_ns is None):
            return
        now_ns = self._clock.now_ns()
        if answers:
            self._since_ns, self._ended_ns = None, now_ns
        else:
            self._since_ns = now_ns

    @property
    def lasting_s(self) -> float:
        """For how long, 0 while it answers."""
        return 0.0 if self._since_ns is None else (self._clock.now_ns() - self._since_ns) / NS_PER_S

    def answering_s(self, since_s: float) -> float:
        """Return for how long it has answered until now, from ``since_s`` on the clock at most; 0 while it does not."""
        if self._since_ns is not None:
            return 0.0
        return self._clock.now_ns() / NS_PER_S - max(since_s, self._ended_ns / NS_PER_S)


class Wait(NamedTuple):
    """How long a partition with undecided transactions got no committed end."""

    span_ns: int
    partition: int
    begun_ns: int


class PartitionWaits:
    """For how long each partition that has undecided transactions gets no committed end.

    It waits from when it has something to decide, or from its last end, until the next one; a partition without traffic
    does not. An end may be seen before it is known that a broker has taken its transaction, which then never waited.

    Attributes:
        longest: the longest wait that is over, the first of those; None without any.
    """

    def __init__(self) -> None:
        self._open: Counter[int] = Counter()
        self._since_ns: dict[int, int] = {}
        self.longest: Wait | None = None

    def taken(self, partition: int, count: int, at_ns: int) -> None:
        """Take that ``count`` more transactions lie in ``partition``."""
        if self._open[partition] <= 0:
            self._since_ns[partition] = at_ns
        self._open[partition] += count

    def ended(self, partition: int, at_ns: int) -> None:
        """Take that a transaction of ``partition`` has come to its end."""
        self._note(partition, at_ns)
        self._since_ns[partition] = at_ns
        self._open[partition] -= 1

    def stop(self, at_ns: int) -> None:
        """Take that nothing more is seen: whatever waits has waited until now."""
        for partition in self._open:
            self._note(partition, at_ns)

    def _note(self, partition: int, at_ns: int) -> None:
        if self._open[partition] > 0:
            wait = Wait(at_ns - self._since_ns[partition], partition, self._since_ns[partition])
            if self.longest is None or wait.span_ns > self.longest.span_ns:
                self.longest = wait


class StreamInlet:
    """What workers have committed of one run.

    Args:
        reader: of the decisions and dead letters.
        run: its id.

    Attributes:
        foreign: messages of other runs, or of none, passed over.
    """

    def __init__(self, reader: CommittedReader, run: str) -> None:
        self._reader = reader
        self._run = run.encode()
        self.foreign = 0

    async def read(self) -> list[Ended]:
        """Return what was committed since the last call; waits a moment for it."""
        found = [read_ended(record, self._run) for record in await self._reader.read()]
        ended = [each for each in found if each is not None]
        self.foreign += len(found) - len(ended)
        return ended


async def listen_for(answers: Callable[[], Awaitable[bool]], silence: Silence) -> None:
    """Ask a server again and again whether it is there, and note what it answers; goes on until cancelled."""
    while True:
        try:
            silence.note(answers=await answer_of(answers()))
        except CalledOffError:
            silence.note(answers=False)
        await asyncio.sleep(MARKED_EVERY_S)
