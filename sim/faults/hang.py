"""An actor stands still: what the hangs of all actors have in common."""

from typing import ClassVar

from actors.actor import Hooks
from sim.faults.fault import LastingFault
from sim.faults.port import HookFault
from sim.faults.switch import FaultSwitch


class Hang(LastingFault, HookFault, frozen=True, kw_only=True):
    """The actor takes a batch and does nothing with it until the fault is lifted."""

    actor: ClassVar[str] = ""
    seen: ClassVar[str] = "its mailbox fills, then the one before it, then unsent grows; latency climbs as time passes"
    mitigation: ClassVar[str] = "bounded mailboxes hold memory flat; what was accepted is decided when it goes on"

    def build(self, port: Hooks, switch: FaultSwitch) -> Hooks:
        """Return hooks that hold the actor while the fault is in."""
        return _Hanging(port, switch, self.actor)


class _Hanging(Hooks):
    def __init__(self, hooks: Hooks, switch: FaultSwitch, actor: str) -> None:
        self._hooks = hooks
        self._switch = switch
        self._actor = actor

    async def received(self, actor: str, rows: int) -> None:
        """Hang before the work."""
        await self._hooks.received(actor, rows)
        if actor == self._actor and self._switch.strikes():
            with self._switch.effect(0):
                self._switch.touch(rows)
                await self._switch.until_lifted()

    async def prepared(self, actor: str, rows: int) -> None:
        """Do nothing after the work."""
        await self._hooks.prepared(actor, rows)
