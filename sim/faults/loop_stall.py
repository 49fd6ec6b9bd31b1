"""The event loop stands still."""

import asyncio
from typing import ClassVar

from actors.clock import Clock
from sim.clocks.virtual_loop import VirtualLoop
from sim.faults.fault import Wait
from sim.faults.port import ArmedFault
from sim.faults.switch import FaultSwitch


class LoopStall(ArmedFault, frozen=True, kw_only=True):
    """Nothing on the event loop runs for a while, as in a long garbage collection. A one-shot.

    Touched are the transactions that had to wait for it; each injection is one call for ``probability``.

    Attributes:
        stall: how long.
    """

    kind: ClassVar[str] = "loop_stall"
    summary: ClassVar[str] = "the event loop is blocked for a while, as by a long garbage collection"
    holds_producer: ClassVar[bool] = True
    seen: ClassVar[str] = "one tall step in latency.max and p99; the backlog of the stall is gone soon after"
    mitigation: ClassVar[str] = "batches grow with the backlog, so it is worked off several times faster than it grew"
    stall: Wait

    def arm(self, switch: FaultSwitch) -> None:
        """Have the loop stall at each injection."""
        switch.when_injected(lambda: self._stall(switch))

    def _stall(self, switch: FaultSwitch) -> None:
        if switch.strikes():
            _block(self.stall, switch.clock)
            held = switch.site.running().held()
            switch.touch(held.unsent + held.in_flight + held.awaiting_delivery)
        switch.lift()


def _block(span_ns: int, clock: Clock) -> None:
    """Keep the running loop from anything else: busy on real time, a jump on virtual time."""
    loop = asyncio.get_running_loop()
    if isinstance(loop, VirtualLoop):
        loop.jump_ns(span_ns)
        return
    until_ns = clock.now_ns() + span_ns
    while clock.now_ns() < until_ns:
        pass
