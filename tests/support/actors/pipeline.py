"""A whole pipeline on virtual time, with ports made by hand."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from actors.actor import Hooks
from actors.adapters.memory import InMemoryDeadLetters, InMemoryLines
from actors.config import PipelineConfig
from actors.core.arrays import F32, F64, I64
from actors.core.batches import DecidedBatch
from actors.core.errors import ModelError, SinkError
from actors.core.work import Core, RealWork, Work
from actors.features.assembly import FeatureAssembly
from actors.features.store import FeatureStore, InMemoryFeatureStore
from actors.features.stream_state import InMemoryStreamState, StreamState
from actors.model.policy import RuleBook, Thresholds
from actors.model.scoring import Scoring
from actors.model.serving import ServingModel
from actors.output.dead_letters import DeadLetterSink
from actors.output.sinks import LineSink
from actors.pipeline import Pipeline, Surroundings
from actors.source import Arrivals
from actors.telemetry.telemetry import Telemetry
from sim.clocks.virtual_clock import VirtualClock
from sim.clocks.virtual_loop import VirtualLoop

FEATURES = ("amount", "card_tx_1h", "card_merchants_30m", "card_amount_mean_30d")
START_US = 1_767_571_200_000_000


def transaction(number: int, **changes: object) -> bytes:
    """Return a valid transaction as JSON, with ``changes``."""
    fields = {
        "id": f"t{number}",
        "event_time": START_US + number * 1_000,
        "card": f"card-{number % 7}",
        "merchant": f"m{number % 3}",
        "amount": 10.0 + number,
    }
    return msgspec.json.encode({**fields, **changes})


@dataclass
class ListSource:
    """Hands out prepared arrivals."""

    blocks: list[Arrivals]
    due: I64 | None = None

    async def take(self) -> Arrivals | None:
        return self.blocks.pop(0) if self.blocks else None

    def due_count(self, elapsed_ns: int) -> int | None:
        return None if self.due is None else int(np.searchsorted(self.due, elapsed_ns, side="right"))


def arrivals(raws: list[bytes], every_ns: int | None = 1_000_000) -> ListSource:
    """Return a source of ``raws``, one each ``every_ns``; None: as fast as they are taken."""
    if every_ns is None:
        return ListSource([Arrivals(raws, None)])
    due = np.arange(len(raws), dtype=np.int64) * every_ns
    return ListSource([Arrivals(raws, due)], due)


@dataclass
class FixedScoring:
    """Scores every row the same, after a time; fails on demand. Remembers the batches: how many rows, and where."""

    score_of_all: float = 0.1
    takes_ns: int = 0
    fails: bool = False
    scored: int = 0
    batches: list[tuple[int, Core]] = field(default_factory=list)

    def current(self) -> ServingModel:
        return ServingModel(None, "model", 0, Thresholds(), RuleBook(FEATURES))  # type: ignore[arg-type]

    async def score(self, model: ServingModel, features: F32, core: Core) -> F64:
        if self.takes_ns:
            await asyncio.sleep(self.takes_ns / 1e9)
        if self.fails:
            raise ModelError("no model")
        self.scored += len(features)
        self.batches.append((len(features), core))
        return np.full(len(features), self.score_of_all)


@dataclass
class ListSink:
    """Keeps what is delivered; fails on demand."""

    fails: bool = False
    delivered: list[DecidedBatch] = field(default_factory=list)

    async def deliver(self, decided: DecidedBatch) -> None:
        if self.fails:
            raise SinkError("no one there")
        self.delivered.append(decided)


class FullDisk:
    """A line sink with no room."""

    def append(self, lines: bytes) -> None:
        raise SinkError("No space left on device")


@dataclass
class Bench:
    """A pipeline with all its ports at hand."""

    source: ListSource
    scoring: Scoring = field(default_factory=FixedScoring)
    stream: StreamState = field(default_factory=InMemoryStreamState)
    store: FeatureStore = field(default_factory=InMemoryFeatureStore)
    sink: ListSink = field(default_factory=ListSink)
    output: LineSink = field(default_factory=InMemoryLines)
    hooks: Hooks = field(default_factory=Hooks)
    work: Callable[[VirtualClock], Work] = lambda _clock: RealWork()
    config: PipelineConfig = field(default_factory=PipelineConfig)
    dead: InMemoryDeadLetters = field(default_factory=InMemoryDeadLetters)
    telemetry: Telemetry = field(default_factory=Telemetry)
    duplicates: list[int] = field(default_factory=list)

    def build(self, undelivered: LineSink | None = None, dead_letters: DeadLetterSink | None = None) -> Pipeline:
        """Return the pipeline; the virtual loop must be running."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        clock = VirtualClock(loop)
        around = Surroundings(
            source=self.source,
            assembly=FeatureAssembly(FEATURES),
            stream=self.stream,
            store=self.store,
            history=None,
            scoring=self.scoring,
            digest_of=lambda _generation: "model",
            sink=self.sink,
            output=self.output,
            dead_letters=dead_letters or self.dead,
            clock=clock,
            telemetry=self.telemetry,
            hooks=self.hooks,
            work=self.work(clock),
            undelivered=undelivered,
            on_duplicates=lambda numbers: self.duplicates.extend(numbers.tolist()),
        )
        return Pipeline(self.config, around)

    def check(self, pipeline: Pipeline) -> None:
        """Assert that the books balance and that nothing is left anywhere."""
        held = pipeline.held()
        waiting = {
            "in_flight": held.in_flight,
            "awaiting_log": held.awaiting_log,
            "awaiting_delivery": held.awaiting_delivery,
        }
        assert waiting == dict.fromkeys(waiting, 0)
        assert self.telemetry.ledger.check(unsent=held.unsent, **waiting) == []

    def decisions(self) -> dict[str, dict[str, Any]]:
        """Return the log's lines by transaction id; each id must be there once."""
        content = self.output.content if isinstance(self.output, InMemoryLines) else b""
        lines = [msgspec.json.decode(line) for line in bytes(content).splitlines()]
        by_id = {line["id"]: line for line in lines}
        assert len(by_id) == len(lines)
        return by_id
