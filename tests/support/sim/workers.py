"""A worker without a server: the control topic and the adapters of its pipeline are in this process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec

from actors.adapters.memory import InMemoryDeadLetters, InMemoryDecisionSink, InMemorySource
from actors.core.clock import RealClock
from actors.features.store import InMemoryFeatureStore
from actors.model.artifact import MANIFEST_FILE
from actors.model.manifest import read_manifest
from actors.model.warm_state import load_windows
from sim.stream.control_link import InMemoryControl
from sim.stream.control_messages import (
    Ack,
    Admit,
    Announce,
    Command,
    Control,
    ControlMessage,
    EndsReading,
    Join,
    Leave,
    Refused,
    Status,
)
from sim.stream.membership import kernel_digest, own_version
from sim.stream.worker import Turn, Worker, WorkerOptions
from sim.stream.worker_ends import Ending, Joined, WorkerEnds

Heard = TypeVar("Heard", bound=ControlMessage)

RUN = "k3x9"
DRILL = """
version: 1
name: drill
phases: [{name: steady, duration: 30s, rate: 100}]
pipeline: {feature_store: {timeout: 200ms}, assembler: {windows_timeout: 250ms}}
faults:
  - {name: outage, kind: feature_store_outage, at: 1s, duration: 5s}
  - {name: stuck, kind: scorer_hang, at: 1s, duration: 5s}
  - {name: shift, kind: traffic_drift, at: 10s, duration: 5s}
"""
MANY = "phases.steady.duration=10m"
PROMPT_S = 0.02


class InMemoryEpochs:
    """Ends a worker's source when it is told to; fails when a test says so."""

    def __init__(self, source: InMemorySource) -> None:
        self._source = source
        self.failure: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self.closed = False

    def begin(self, start_ns: int) -> None:
        """Nothing counts from there."""

    def finish(self) -> None:
        """Close the source."""
        self._source.close()

    async def close(self) -> None:
        """Take note."""
        self.closed = True

    async def failed(self) -> Ending:
        """Return why, once a test says so."""
        return await self.failure

    def reading(self) -> EndsReading:
        """Return that everything is here."""
        return EndsReading(partitions=(0,), lag=self._source.waiting)


@dataclass
class Stage:
    """A run and the worker that may take part in it.

    Attributes:
        topic: what they tell each other.
        announce: what the run says of itself.
        told: the worker's lines for people.
        sources: one for each part that the worker takes in a run; `sinks` and `epochs` too.
        silent: whether the run says nothing any more.
    """

    model: Path
    topic: InMemoryControl = field(default_factory=InMemoryControl)
    announce: Announce = field(init=False)
    answer: Callable[[Join], Admit | Refused] = lambda asked: Admit(run=asked.run, process=asked.process)
    told: list[str] = field(default_factory=list)
    sources: list[InMemorySource] = field(default_factory=list)
    sinks: list[InMemoryDecisionSink] = field(default_factory=list)
    epochs: list[InMemoryEpochs] = field(default_factory=list)
    silent: bool = False

    def __post_init__(self) -> None:
        """Announce what fits."""
        self.announce = Announce(
            run=RUN,
            scenario=DRILL,
            model=read_manifest(self.model / MANIFEST_FILE).sha256,
            model_folder=str(self.model),
            kernels=kernel_digest(),
            version=own_version(),
            starts={0: 0},
            store="memory",
        )

    def worker(self, clock: RealClock, options: WorkerOptions | None = None, turn: Turn | None = None) -> Worker:
        """Return a worker."""
        link, options = self.topic.link(), options or WorkerOptions()
        return Worker(options, link, fits, self.connect, clock, self.told.append, turn)

    async def connect(self, joined: Joined) -> WorkerEnds:
        """Return ends in this process."""
        self.sources.append(source := InMemorySource())
        self.sinks.append(sink := InMemoryDecisionSink())
        self.epochs.append(epochs := InMemoryEpochs(source))
        stream, store = load_windows(joined.artifact), InMemoryFeatureStore()
        return WorkerEnds(source, sink, InMemoryDeadLetters(), stream, store, epochs)

    def heard(self, kind: type[Heard]) -> list[Heard]:
        """Return what was sent of ``kind``."""
        return [each for each in self.topic.sent if isinstance(each, kind)]

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until ``holds`` does."""
        async with asyncio.timeout(30):
            while not holds():  # noqa: ASYNC110 - of whatever is in another place
                await asyncio.sleep(PROMPT_S)

    async def command(self, command: Command) -> Ack:
        """Send ``command`` and return the answer."""
        assert isinstance(command, Control)
        self.topic.send(command)
        await self.until(lambda: any(ack.number == command.number for ack in self.heard(Ack)))
        return next(ack for ack in self.heard(Ack) if ack.number == command.number)

    def last_status(self) -> Status:
        """Return the newest status."""
        return self.heard(Status)[-1]

    def left(self) -> list[Leave]:
        """Return the farewells."""
        return self.heard(Leave)

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Announce the run and answer whoever joins, for as long as the context lasts."""
        link = self.topic.link()

        async def announce() -> None:
            while True:
                if not self.silent:
                    self.topic.send(self.announce)
                await asyncio.sleep(PROMPT_S)

        async def answer() -> None:
            while True:
                message = await link.receive()
                if isinstance(message, Join) and not self.silent:
                    self.topic.send(self.answer(message))

        tasks = [asyncio.create_task(announce()), asyncio.create_task(answer())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def fits(_: Announce) -> None:
    """Have no objection to a run."""


def changed(announce: Announce, **values: object) -> Announce:
    """Return ``announce`` with other values."""
    return msgspec.structs.replace(announce, **values)


def transactions(count: int, seed: int = 7) -> list[bytes]:
    """Return JSON documents of the default world."""
    from sim.run.plan import traffic_spec
    from sim.scenario.loader import parse

    spec = msgspec.structs.replace(traffic_spec(parse(DRILL, "the drill", (MANY,))), seed=seed)
    raws: list[bytes] = []
    for block in spec.build():
        raws += block.raws
        if len(raws) >= count:
            return raws[:count]
    raise AssertionError("the drill is shorter than that")
