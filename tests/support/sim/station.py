"""One stage on virtual time: a mailbox, and one processor or several that serve it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from actors.core.arrays import F64, I64
from actors.core.work import Core, Job
from actors.mailbox import Mailbox
from sim.clocks.costs import Cost, Costs
from sim.clocks.processor import Noise, Processor
from sim.clocks.virtual_clock import VirtualClock
from sim.clocks.virtual_loop import VirtualLoop
from tests.support.virtual import run_virtual

UNBOUNDED = 10**9
ONE_NS = Costs(  # times a factor: the service time in ns
    score=Cost(fixed_us=0.001, per_row_us=0.0), score_in_executor=Cost(fixed_us=0.001, per_row_us=0.0)
)


@dataclass(slots=True)
class Tickets:
    """A message without content: transactions ``start`` to ``stop``."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def split(self, count: int) -> tuple[Self, Self]:
        cut = self.start + count
        return type(self)(self.start, cut), type(self)(cut, self.stop)

    @classmethod
    def merge(cls, parts: Sequence[Self]) -> Self:
        return cls(parts[0].start, parts[-1].stop)


@dataclass(slots=True)
class Area:
    """The time integral of how many transactions are in the stage, kept at every arrival and departure."""

    value: int = 0
    inside: int = 0
    since_ns: int = 0

    def change(self, by: int, now_ns: int) -> None:
        self.value += self.inside * (now_ns - self.since_ns)
        self.inside += by
        self.since_ns = now_ns


@dataclass(frozen=True, slots=True)
class Observed:
    """What became of the transactions, in order of arrival.

    Attributes:
        arrival_ns: int64 (n,).
        start_ns: when its service began, int64 (n,).
        departure_ns: int64 (n,).
        mean_inside: time average of how many were waiting or in service.
        left: transactions that were still waiting when the last one had arrived.
    """

    arrival_ns: I64
    start_ns: I64
    departure_ns: I64
    mean_inside: float
    left: int

    @property
    def sojourn_us(self) -> F64:
        return (self.departure_ns - self.arrival_ns) / 1e3

    @property
    def waiting_us(self) -> F64:
        return (self.start_ns - self.arrival_ns) / 1e3


def exactly(service_ns: I64) -> Callable[[], Noise]:
    """Make processors serve the n-th transaction to be taken up for exactly ``service_ns[n]``."""
    times = iter(service_ns.tolist())
    return lambda: lambda job, number: float(next(times))


def observe(
    arrival_ns: I64, noise: Callable[[], Noise] | None, costs: Costs = ONE_NS, servers: int = 1, limit: int = 1
) -> Observed:
    """Send a transaction at each of ``arrival_ns``; let ``servers`` processors take up to ``limit`` at a time."""
    return run_virtual(_observe(arrival_ns.tolist(), noise, costs, servers, limit))


async def _observe(
    arrivals: list[int], noise: Callable[[], Noise] | None, costs: Costs, servers: int, limit: int
) -> Observed:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    clock = VirtualClock(loop)
    inbox: Mailbox[Tickets] = Mailbox("stage", UNBOUNDED, clock)
    area = Area()
    starts, departures = [0] * len(arrivals), [0] * len(arrivals)
    turn = asyncio.Lock()
    left = 0

    async def serve() -> None:
        processor = Processor(costs, clock, noise and noise())
        while True:
            async with turn:  # a mailbox has one receiver at a time
                lease = await inbox.receive(limit)
                if lease is None:
                    return
                inbox.acknowledge()
            tickets = lease.message
            starts[tickets.start : tickets.stop] = [loop.now_ns] * len(tickets)
            await processor.spend(Job.SCORE, len(tickets), Core.EXECUTOR)
            departures[tickets.start : tickets.stop] = [loop.now_ns] * len(tickets)
            area.change(-len(tickets), loop.now_ns)

    async def arrive() -> None:
        nonlocal left
        for number, at_ns in enumerate(arrivals):
            await loop.wake_at_ns(at_ns)
            area.change(1, at_ns)
            inbox.offer(Tickets(number, number + 1))
        left = inbox.depth
        inbox.close()

    await asyncio.gather(arrive(), *(serve() for _ in range(servers)))
    mean_inside = area.value / (max(departures) - arrivals[0])
    return Observed(np.array(arrivals), np.array(starts), np.array(departures), mean_inside, left)
