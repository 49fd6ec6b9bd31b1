"""An actor crashes: what the crashes of all actors have in common."""

from typing import ClassVar, Literal

from actors.actor import Hooks
from sim.faults.effect import InjectedCrashError
from sim.faults.port import HookFault
from sim.faults.switch import FaultSwitch


class Crash(HookFault, frozen=True, kw_only=True):
    """A one-shot: the next batch of the actor crashes it, then the fault is over until it is repeated.

    Attributes:
        moment: before any work on the batch, or after all of it and before its effects are committed.
    """

    actor: ClassVar[str] = ""
    seen: ClassVar[str] = "a restart in the journal; a wait of some ms; as many decisions as transactions"
    mitigation: ClassVar[str] = "the supervisor restarts it; its lease is delivered again and nothing counts twice"
    moment: Literal["before_work", "after_work"] = "after_work"

    def build(self, port: Hooks, switch: FaultSwitch) -> Hooks:
        """Return hooks that crash the actor once."""
        return _Crashing(port, switch, self)


class _Crashing(Hooks):
    def __init__(self, hooks: Hooks, switch: FaultSwitch, fault: Crash) -> None:
        self._hooks = hooks
        self._switch = switch
        self._fault = fault

    async def received(self, actor: str, rows: int) -> None:
        """Crash before the work."""
        await self._hooks.received(actor, rows)
        self._crash("before_work", actor, rows)

    async def prepared(self, actor: str, rows: int) -> None:
        """Crash after the work."""
        await self._hooks.prepared(actor, rows)
        self._crash("after_work", actor, rows)

    def _crash(self, moment: str, actor: str, rows: int) -> None:
        if moment != self._fault.moment or actor != self._fault.actor or not self._switch.strikes():
            return
        try:
            with self._switch.effect(rows):
                raise InjectedCrashError(f"fault {self._switch.name}")
        finally:
            self._switch.lift()
