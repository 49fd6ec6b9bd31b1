"""Ports that stay open: whoever uses one keeps what it has, and a fault can be put around it while the run goes on.

A run that can be changed by hand has one in the place of each port that faults aim at. It costs a call more; other runs
have none.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from actors.actor import Hooks
from actors.core.arrays import F32, F64, I64
from actors.core.batches import DecidedBatch
from actors.core.work import LOOP, Core, Job, Work
from actors.features.refresh import TableStore
from actors.features.store import BatchTable, FeatureStore, StoreRows
from actors.model.artifact import Artifact
from actors.model.scoring import Scoring
from actors.model.serving import ServingModel
from actors.model.verification import Verification
from actors.output.sinks import DecisionSink, LineSink
from sim.injection.injector import Injector

P = TypeVar("P")


class OpenPort(Generic[P]):
    """A port that passes every call on to another one, which can be replaced between two calls.

    Attributes:
        port: that one.
    """

    def __init__(self, port: P) -> None:
        self.port = port


class OpenStore(OpenPort[FeatureStore]):
    """An open feature store."""

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        """Look up."""
        return await self.port.lookup(cards, merchants, event_us)


class OpenTable(OpenPort[TableStore]):
    """An open store of tables."""

    async def publish(self, table: BatchTable) -> None:
        """Publish."""
        await self.port.publish(table)

    def newest_computed_us(self) -> int:
        """Return how old the table is."""
        return self.port.newest_computed_us()


class OpenScoring(OpenPort[Scoring]):
    """An open model."""

    def current(self) -> ServingModel:
        """Return the model that serves now."""
        return self.port.current()

    async def score(self, model: ServingModel, features: F32, core: Core) -> F64:
        """Score."""
        return await self.port.score(model, features, core)


class OpenVerification(OpenPort[Verification]):
    """An open way in for candidates."""

    async def verify(self, folder: Any, *, proof: bool = True) -> Artifact:  # noqa: ANN401 - a path
        """Verify."""
        return await self.port.verify(folder, proof=proof)


class OpenHooks(OpenPort[Hooks], Hooks):
    """Open hooks; never idle, for what is not there yet may come."""

    async def received(self, actor: str, rows: int) -> None:
        """Run before the work."""
        if not self.port.idle:
            await self.port.received(actor, rows)

    async def prepared(self, actor: str, rows: int) -> None:
        """Run after the work."""
        if not self.port.idle:
            await self.port.prepared(actor, rows)


class OpenSink(OpenPort[DecisionSink]):
    """An open caller."""

    async def deliver(self, decided: DecidedBatch) -> None:
        """Deliver."""
        await self.port.deliver(decided)


class OpenLines(OpenPort[LineSink]):
    """An open file; it is written off the event loop."""

    def append(self, lines: bytes) -> None:
        """Append."""
        self.port.append(lines)


class OpenWork(OpenPort[Work]):
    """Open time of work."""

    def spend(self, job: Job, rows: int, core: Core = LOOP) -> Awaitable[None]:
        """Let it pass."""
        return self.port.spend(job, rows, core)


class OpenPorts:
    """The open ports of one run, and what puts a fault around each."""

    def __init__(self) -> None:
        self._around: list[Callable[[Injector], None]] = []

    def open(self, port: Any, around: Callable[[Injector, Any], Any]) -> None:  # noqa: ANN401 - an `OpenPort` of any kind
        """Have ``around`` put each fault that comes around what ``port`` passes calls on to."""

        def put(injector: Injector) -> None:
            port.port = around(injector, port.port)

        self._around.append(put)

    def put_around(self, injector: Injector) -> None:
        """Put a fault around every port that it aims at."""
        for put in self._around:
            put(injector)
