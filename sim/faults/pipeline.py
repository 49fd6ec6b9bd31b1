"""Faults of what all actors depend on: the event loop stands still, a mailbox gets small."""

import asyncio
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from actors.actor import Hooks
from actors.core.clock import Clock
from actors.mailbox import Mailbox
from sim.clocks.virtual_loop import VirtualLoop
from sim.faults.fault import LastingFault, Wait
from sim.faults.port import ArmedFault, HookFault
from sim.faults.switch import FaultSwitch

_SENDERS = {"assembler": "producer", "scorer": "assembler", "logger": "scorer"}


class MailboxSqueeze(LastingFault, HookFault, ArmedFault, frozen=True, kw_only=True):
    """A mailbox holds less than it did. Touched are transactions that do not fit and would have fitted before.

    Each injection is one call for ``probability``.

    Attributes:
        mailbox: whose it is, by the actor that receives from it.
        capacity: what it holds meanwhile, in transactions.
    """

    kind: ClassVar[str] = "mailbox_squeeze"
    summary: ClassVar[str] = "a mailbox holds fewer transactions"
    seen: ClassVar[str] = "its fill ratio at 1 and its sender blocked; the backlog moves upstream, until unsent grows"
    mitigation: ClassVar[str] = "backpressure: nothing is refused or lost, batches shrink and go on"
    mailbox: Literal["assembler", "scorer", "logger"]
    capacity: Annotated[int, msgspec.Meta(ge=1, le=10_000_000)] = 64

    @property
    def target(self) -> str:
        """The mailbox."""
        return f"{self.kind} of {self.mailbox}"

    def arm(self, switch: FaultSwitch) -> None:
        """Have the mailbox shrink at each injection, and grow back at each lift."""
        box = self._box(switch)
        whole = box.capacity

        def squeeze() -> None:
            if switch.strikes():
                box.resize(min(whole, self.capacity))

        switch.when_injected(squeeze)
        switch.when_lifted(lambda: box.resize(whole))

    def build(self, port: Hooks, switch: FaultSwitch) -> Hooks:
        """Return hooks that count what does not fit."""
        return _Counting(port, switch, self)

    def beyond(self, rows: int, switch: FaultSwitch) -> int:
        """Return how many of ``rows`` transactions do not fit because of the fault."""
        box = self._box(switch)
        if not switch.active or box.capacity != self.capacity:
            return 0
        return rows - min(rows, max(0, box.capacity - box.depth))

    def sender(self) -> str:
        """Return who sends to the mailbox."""
        return _SENDERS[self.mailbox]

    def _box(self, switch: FaultSwitch) -> Mailbox[Any]:
        return next(actor.inbox for actor in switch.targets.running().actors if actor.name == self.mailbox)


class _Counting(Hooks):
    def __init__(self, hooks: Hooks, switch: FaultSwitch, fault: MailboxSqueeze) -> None:
        self._hooks = hooks
        self._switch = switch
        self._fault = fault

    async def received(self, actor: str, rows: int) -> None:
        """Do nothing before the work."""
        await self._hooks.received(actor, rows)

    async def prepared(self, actor: str, rows: int) -> None:
        """Count, now that the sender is about to send."""
        await self._hooks.prepared(actor, rows)
        if actor == self._fault.sender():
            self._switch.touch(self._fault.beyond(rows, self._switch))


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
            held = switch.targets.running().held()
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
