"""Injectors of the pipeline itself: an actor crashes or hangs, the event loop stands still, a mailbox gets small."""

from typing import Any

from actors.actor import Hooks
from actors.mailbox import Mailbox
from sim.faults.pipeline import Crash, Hang, LoopStall, MailboxSqueeze
from sim.injection.injector import Injector
from sim.injection.switch import FaultSwitch, InjectedCrashError


class HookInjector(Injector, Hooks):
    """Stands around the work of the actors."""

    _hooks: Hooks

    def around_hooks(self, hooks: Hooks) -> Hooks:
        """Take what is called around the work of each actor."""
        self._hooks = hooks
        return self

    async def received(self, actor: str, rows: int) -> None:
        """Call what is behind, then do harm before the work."""
        await self._hooks.received(actor, rows)
        await self.before(actor, rows)

    async def prepared(self, actor: str, rows: int) -> None:
        """Call what is behind, then do harm after the work."""
        await self._hooks.prepared(actor, rows)
        await self.after(actor, rows)

    async def before(self, actor: str, rows: int) -> None:
        """Do harm before ``actor`` works on a batch of ``rows``; by itself none."""

    async def after(self, actor: str, rows: int) -> None:
        """Do harm after it, before its effects are committed; by itself none."""


class CrashingActor(HookInjector):
    """Raises what nobody catches, once an injection."""

    fault: Crash

    async def before(self, actor: str, rows: int) -> None:
        """Crash before the work."""
        self._crash("before_work", actor, rows)

    async def after(self, actor: str, rows: int) -> None:
        """Crash after the work."""
        self._crash("after_work", actor, rows)

    def _crash(self, moment: str, actor: str, rows: int) -> None:
        if moment != self.fault.moment or actor != self.fault.actor or not self.switch.strikes():
            return
        try:
            with self.switch.effect(rows):
                raise InjectedCrashError(self.switch.told())
        finally:
            self.switch.lift()


class HangingActor(HookInjector):
    """Keeps an actor from its work."""

    fault: Hang

    async def before(self, actor: str, rows: int) -> None:
        """Hang before the work."""
        if actor == self.fault.actor and self.switch.strikes():
            with self.switch.effect(0):
                self.switch.touch(rows)
                await self.switch.until_lifted()


class StalledLoop(Injector):
    """Keeps the event loop from everything else."""

    fault: LoopStall

    def __init__(self, fault: LoopStall, switch: FaultSwitch) -> None:
        super().__init__(fault, switch)
        switch.when_injected(self._stall)

    def _stall(self) -> None:
        if self.switch.strikes():
            self.switch.clock.pass_ns(self.fault.stall)
            held = self.switch.targets.running().held()
            self.switch.touch(held.unsent + held.in_flight + held.awaiting_delivery)
        self.switch.lift()


_SENDERS = {"assembler": "producer", "scorer": "assembler", "logger": "scorer"}


class SqueezedMailbox(HookInjector):
    """Makes a mailbox small at each injection, and as large as it was at each lift; counts what does not fit."""

    fault: MailboxSqueeze

    def __init__(self, fault: MailboxSqueeze, switch: FaultSwitch) -> None:
        super().__init__(fault, switch)
        self._whole: int | None = None
        switch.when_injected(self._squeeze)
        switch.when_lifted(self._grow)

    async def after(self, actor: str, rows: int) -> None:
        """Count, now that the sender is about to send."""
        if actor == _SENDERS[self.fault.mailbox]:
            self.switch.touch(self._beyond(rows))

    def _squeeze(self) -> None:
        if self.switch.strikes():
            box = self._box()
            self._whole = box.capacity
            box.resize(min(box.capacity, self.fault.capacity))

    def _grow(self) -> None:
        if self._whole is not None:
            self._box().resize(self._whole)

    def _beyond(self, rows: int) -> int:
        """Return how many of ``rows`` transactions do not fit because of the fault."""
        box = self._box()
        if not self.switch.active or box.capacity != self.fault.capacity:
            return 0
        return rows - min(rows, max(0, box.capacity - box.depth))

    def _box(self) -> Mailbox[Any]:
        return next(actor.inbox for actor in self.switch.targets.running().actors if actor.name == self.fault.mailbox)
