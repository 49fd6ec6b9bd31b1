"""A mailbox gets small."""

from typing import Annotated, Any, ClassVar, Literal

import msgspec

from actors.actor import Hooks
from actors.mailbox import Mailbox
from sim.faults.fault import LastingFault
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
        return next(actor.inbox for actor in switch.site.running().actors if actor.name == self.mailbox)


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
