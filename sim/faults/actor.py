"""An actor crashes or hangs."""

from typing import ClassVar, Literal

from actors.actor import Hooks
from sim.faults.fault import LastingFault
from sim.faults.port import HookFault
from sim.faults.switch import FaultSwitch, InjectedCrashError


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


class ProducerCrash(Crash, frozen=True, kw_only=True):
    """The producer crashes once, at its next batch."""

    kind: ClassVar[str] = "producer_crash"
    summary: ClassVar[str] = "the producer crashes at its next batch"
    holds_producer: ClassVar[bool] = True
    actor: ClassVar[str] = "producer"


class AssemblerCrash(Crash, frozen=True, kw_only=True):
    """The assembler crashes once, at its next batch."""

    kind: ClassVar[str] = "assembler_crash"
    summary: ClassVar[str] = "the assembler crashes at its next batch"
    actor: ClassVar[str] = "assembler"


class ScorerCrash(Crash, frozen=True, kw_only=True):
    """The scorer crashes once, at its next batch."""

    kind: ClassVar[str] = "scorer_crash"
    summary: ClassVar[str] = "the scorer crashes at its next batch"
    actor: ClassVar[str] = "scorer"


class LoggerCrash(Crash, frozen=True, kw_only=True):
    """The logger crashes once, at its next batch."""

    kind: ClassVar[str] = "logger_crash"
    summary: ClassVar[str] = "the logger crashes at its next batch"
    seen: ClassVar[str] = "a restart; decisions already sent are sent again, and change nothing"
    actor: ClassVar[str] = "logger"


class ProducerHang(Hang, frozen=True, kw_only=True):
    """The producer takes a batch and does nothing with it until the fault is lifted."""

    kind: ClassVar[str] = "producer_hang"
    summary: ClassVar[str] = "the producer stands still"
    holds_producer: ClassVar[bool] = True
    seen: ClassVar[str] = "nothing is produced and offered goes on: unsent grows, later its latency shows"
    actor: ClassVar[str] = "producer"


class AssemblerHang(Hang, frozen=True, kw_only=True):
    """The assembler takes a batch and does nothing with it until the fault is lifted."""

    kind: ClassVar[str] = "assembler_hang"
    summary: ClassVar[str] = "the assembler stands still"
    actor: ClassVar[str] = "assembler"


class ScorerHang(Hang, frozen=True, kw_only=True):
    """The scorer takes a batch and does nothing with it until the fault is lifted."""

    kind: ClassVar[str] = "scorer_hang"
    summary: ClassVar[str] = "the scorer stands still"
    actor: ClassVar[str] = "scorer"


class LoggerHang(Hang, frozen=True, kw_only=True):
    """The logger takes a batch and does nothing with it until the fault is lifted."""

    kind: ClassVar[str] = "logger_hang"
    summary: ClassVar[str] = "the logger stands still"
    actor: ClassVar[str] = "logger"
