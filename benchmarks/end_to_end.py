"""The whole pipeline on rows that are ready in memory, as fast as it takes them."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from actors.adapters.files import AppendOnlyFile
from actors.assembler import AssemblerConfig
from actors.clock import NS_PER_S, RealClock
from actors.dead_letters import InMemoryDeadLetters
from actors.decision_log import ThreadedLog
from actors.features.assembly import FeatureAssembly
from actors.logger import LoggerConfig
from actors.messages import DecidedBatch
from actors.model.scoring import LocalScoring
from actors.model.slot import ModelSlot
from actors.pipeline import Pipeline, PipelineConfig, Surroundings
from actors.producer import Arrivals
from actors.resilience.shedding import SheddingConfig
from actors.scorer import ScorerConfig
from actors.telemetry.telemetry import Telemetry
from benchmarks.rows import BATCH, Rows
from sim.clocks.real import loop_factory

CONFIG = PipelineConfig(
    assembler=AssemblerConfig(capacity=4 * BATCH, max_batch_size=BATCH),
    scorer=ScorerConfig(
        capacity=4 * BATCH,
        max_batch_size=BATCH,
        # At full speed a transaction arrives when there is room for it: nothing is late, and nothing is shed.
        shedding=SheddingConfig(deadline_ns=3_600 * NS_PER_S, shed_above=100 * BATCH),
    ),
    logger=LoggerConfig(max_batch_size=BATCH),
)


class ReadySource:
    """Hands out transactions without a schedule, a thousand at a time."""

    def __init__(self, raws: Sequence[bytes]) -> None:
        self._parts = iter([list(raws[at : at + BATCH]) for at in range(0, len(raws), BATCH)])

    async def take(self) -> Arrivals | None:
        """Return the next thousand."""
        part = next(self._parts, None)
        return None if part is None else Arrivals(part, None)

    def due_count(self, elapsed_ns: int) -> int | None:  # noqa: ARG002 - the port's signature
        """There is no schedule."""
        return None


class ContentCaller:
    """A sink that takes every decision."""

    async def deliver(self, decided: DecidedBatch) -> None:
        """Take it."""


@dataclass(frozen=True, slots=True)
class EndToEnd:
    """One run of the pipeline over all rows, with windows and tables of its own."""

    around: Surroundings
    output: AppendOnlyFile

    @staticmethod
    def over(rows: Rows, folder: Path, scoring: Executor, logging: Executor) -> "EndToEnd":
        """Return a run that logs into ``folder`` and scores on the executor ``scoring``."""
        warm, slot = rows.warm(), ModelSlot(rows.artifact.served_by("auto"))
        output = AppendOnlyFile(folder / "decisions.jsonl")
        around = Surroundings(
            source=ReadySource(rows.raws),
            assembly=FeatureAssembly(rows.artifact.feature_names, warm.stream),
            store=warm.store,
            history=warm.history,
            scoring=LocalScoring(slot, scoring),
            digest_of=slot.digests.__getitem__,
            sink=ContentCaller(),
            output=output,
            dead_letters=InMemoryDeadLetters(),
            clock=RealClock(),
            telemetry=Telemetry(rows.artifact.reference),
            log=partial(ThreadedLog, executor=logging),
        )
        return EndToEnd(around, output)

    def run(self) -> int:
        """Score everything; return how many transactions were logged in their best mode."""
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(self._run())
        self.output.close()
        return self.around.telemetry.ledger.logged

    async def _run(self) -> None:
        pipeline = Pipeline(CONFIG, self.around)
        pipeline.start()
        await pipeline.finished()
