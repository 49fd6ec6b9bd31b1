"""Lindley's recursion: what each transaction's time in a single stage must be, given the draws."""

import asyncio
from dataclasses import dataclass

import numpy as np
import pytest

from actors.actor import Actor, Environment
from actors.core.arrays import I64
from actors.core.work import Job
from actors.mailbox import Lease, Mailbox
from actors.telemetry.telemetry import Telemetry
from sim.chance import Streams
from sim.clocks.processor import Processor
from sim.clocks.virtual_clock import VirtualClock
from sim.clocks.virtual_loop import VirtualLoop
from tests.support.sim.station import ONE_NS, UNBOUNDED, Tickets, exactly, observe
from tests.support.virtual import run_virtual

COUNT = 10_000
SERVICE_US = 100.0


@dataclass(frozen=True, slots=True)
class Draws:
    arrival_ns: I64
    service_ns: I64

    @staticmethod
    def at(rho: float, seed: int) -> "Draws":
        streams = Streams(seed)
        gaps = streams["arrivals"].exponential(SERVICE_US / rho, COUNT)
        services = streams["service"].exponential(SERVICE_US, COUNT)
        return Draws(np.cumsum(np.rint(gaps * 1e3).astype(np.int64)), np.rint(services * 1e3).astype(np.int64))

    def lindley(self) -> I64:
        """Return the sojourn times: each transaction waits for what is left of the one before it."""
        waiting, sojourns = 0, []
        gaps = np.diff(self.arrival_ns, append=self.arrival_ns[-1]).tolist()
        for service, gap in zip(self.service_ns.tolist(), gaps, strict=True):
            sojourns.append(waiting + service)
            waiting = max(0, waiting + service - gap)
        return np.array(sojourns, dtype=np.int64)


class Clerk(Actor[Tickets, None, Tickets]):
    """An actor that only takes time, one transaction at a time."""

    def __init__(self, inbox: Mailbox[Tickets], environment: Environment) -> None:
        super().__init__("clerk", inbox, None, environment)
        self.departure_ns: list[int] = []

    def batch_limit(self) -> int:
        return 1

    async def prepare(self, lease: Lease[Tickets]) -> None:
        await self.work.spend(Job.SCORE, len(lease.message))

    def commit(self, lease: Lease[Tickets], prepared: None) -> None:
        self.departure_ns.append(self.clock.now_ns())

    def discard(self, message: Tickets, error: BaseException) -> None:
        raise error


async def departures(draws: Draws) -> list[int]:
    """Return when each transaction leaves a real actor behind a real mailbox, on a modelled processor."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    clock = VirtualClock(loop)
    inbox: Mailbox[Tickets] = Mailbox("clerk", UNBOUNDED, clock)
    work = Processor(ONE_NS, clock, exactly(draws.service_ns)())
    clerk = Clerk(inbox, Environment(clock, Telemetry(None), work=work))
    running = loop.create_task(clerk.run())
    for number, at_ns in enumerate(draws.arrival_ns.tolist()):
        await clock.sleep_until_ns(at_ns)
        inbox.offer(Tickets(number, number + 1))
    inbox.close()
    await running
    return clerk.departure_ns


@pytest.mark.parametrize("rho", [0.5, 0.8, 0.95, 1.2])
def test_an_actor_takes_exactly_what_lindley_says(rho: float) -> None:
    """Every transaction's time through a real actor is the recursion's on the same draws, to the nanosecond."""
    draws = Draws.at(rho, 1)
    left_ns = np.array(run_virtual(departures(draws)))
    assert ((left_ns - draws.arrival_ns) == draws.lindley()).all()


@pytest.mark.parametrize("rho", [0.5, 0.8])
def test_the_stage_of_the_statistical_tests_does_so_too(rho: float) -> None:
    """The lighter stage that the large tests use is the same queue."""
    draws = Draws.at(rho, 2)
    seen = observe(draws.arrival_ns, exactly(draws.service_ns))
    assert ((seen.departure_ns - seen.arrival_ns) == draws.lindley()).all()
