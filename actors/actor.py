"""The actor loop: lease a batch, prepare, commit, pass on; and the hooks around it."""

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from actors.core.batches import Message
from actors.core.clock import Clock
from actors.core.work import RealWork, Work
from actors.mailbox import Lease, Mailbox
from actors.telemetry.telemetry import Telemetry

In = TypeVar("In", bound=Message)
Out = TypeVar("Out", bound=Message)
Prepared = TypeVar("Prepared")


class Hooks:
    """What the laboratory may do around an actor's work; by itself nothing.

    An exception raised in a hook crashes the actor, as one in its own code would.
    """

    @property
    def idle(self) -> bool:
        """Whether these do nothing at all, ever; asked once, since awaiting nothing twice a batch costs too."""
        return type(self) is Hooks

    async def received(self, actor: str, rows: int) -> None:
        """Run after a lease is taken, before any work on it; it may wait."""

    async def prepared(self, actor: str, rows: int) -> None:
        """Run after the work, before its effects are committed; it may wait."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What every actor works in.

    Attributes:
        clock: the run's clock.
        telemetry: where it counts.
        hooks: what the laboratory does around its work.
        work: lets the time of its computing pass.
    """

    clock: Clock
    telemetry: Telemetry
    hooks: Hooks = field(default_factory=Hooks)
    work: Work = field(default_factory=RealWork)


class Actor(ABC, Generic[In, Prepared, Out]):
    """One stage of the pipeline, running on the event loop, owned by a supervisor.

    Work is in two steps. `prepare` may wait and may fail; nothing it does here is visible, and what it asks of a port
    that remembers is done once, however often it is asked. `commit` makes its effects visible and cannot wait, and the
    lease is acknowledged with it: a crash loses nothing and repeats nothing. The result stays in the outbox until the
    next mailbox has taken all of it.

    Args:
        name: as in mailboxes, telemetry and scenario files.
        inbox: where it receives.
        outlet: where it sends; None for the last actor.
        environment: the clock and all else that every actor works in.
    """

    def __init__(self, name: str, inbox: Mailbox[In], outlet: Mailbox[Out] | None, environment: Environment) -> None:
        self.name = name
        self.inbox = inbox
        self.outlet = outlet
        self.clock = environment.clock
        self.telemetry = environment.telemetry
        self.hooks = environment.hooks
        self._hooked = True
        self.work = environment.work
        self.commit_count = 0
        self._outbox: Out | None = None

    @property
    def outbox_count(self) -> int:
        """Number of transactions done here that the next mailbox has not taken yet."""
        return 0 if self._outbox is None else len(self._outbox)

    @abstractmethod
    def batch_limit(self) -> int:
        """Return how many transactions to lease at most, asked before each lease."""

    def gives_way(self, rows: int) -> bool:  # noqa: ARG002 - for actors that do
        """Return whether preparing so many transactions leaves the event loop to the others anyway."""
        return False

    @abstractmethod
    async def prepare(self, lease: Lease[In]) -> Prepared:
        """Do the work on a lease. It may wait and may raise; what it changes elsewhere it may change again."""

    @abstractmethod
    def commit(self, lease: Lease[In], prepared: Prepared) -> Out | None:
        """Make the effects of the work visible, at once; called once for each lease.

        Returns:
            What to pass on, or None if nothing is left to pass on.
        """

    @abstractmethod
    def discard(self, message: In, error: BaseException) -> None:
        """Take a single transaction out of the flow that has crashed this actor twice, and account for it."""

    async def run(self) -> None:
        """Work until the inbox is closed and empty, then close the outlet. Can be run again after it has raised."""
        self._hooked = not self.hooks.idle  # not before: calibration hooks in when all is built
        await self._empty_outbox()
        while True:
            waited = self.inbox.depth == 0
            lease = await self.inbox.receive(self.batch_limit())
            if lease is None:
                break
            if not waited and not self.gives_way(lease.rows):
                await asyncio.sleep(0)  # a busy actor never waits by itself: let the others have a turn
            started_ns = self.clock.now_ns()
            prepared = await (self._prepare_hooked(lease) if self._hooked else self.prepare(lease))
            self._commit(lease, prepared, started_ns)
            if not self._passed_on():
                await self._empty_outbox()
        if self.outlet is not None:
            self.outlet.close()

    def take_outbox(self) -> Out | None:
        """Take what was not passed on; for the end of a run that could not drain."""
        left, self._outbox = self._outbox, None
        return left

    async def _prepare_hooked(self, lease: Lease[In]) -> Prepared:
        await self.hooks.received(self.name, lease.rows)
        prepared = await self.prepare(lease)
        await self.hooks.prepared(self.name, lease.rows)
        return prepared

    def _commit(self, lease: Lease[In], prepared: Prepared, started_ns: int) -> None:
        """Make the work's effects visible, with the acknowledgement; nothing can come between."""
        self._outbox = self.commit(lease, prepared)
        self.inbox.acknowledge()
        self.commit_count += 1
        self.telemetry.busy(self.name, self.clock.now_ns() - started_ns, lease.rows)

    def _passed_on(self) -> bool:
        """Pass on what the next mailbox has room for; return whether that was all."""
        outbox, outlet = self._outbox, self.outlet
        if outbox is None or outlet is None:
            return True
        self._outbox = rest = outlet.offer(outbox)
        return rest is None

    async def _empty_outbox(self) -> None:
        while not self._passed_on() and self.outlet is not None:
            await self.outlet.room()
