"""The whole pipeline on rows that are ready in memory: as fast as it takes them, or at the times they are due."""

import asyncio
import gc
import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from actors.adapters.files import AppendOnlyFile
from actors.adapters.memory import InMemoryDeadLetters, InMemorySource
from actors.config import (
    AssemblerConfig,
    LoggerConfig,
    MailboxConfig,
    MailboxesConfig,
    PipelineConfig,
    ScorerConfig,
    ScorerMailboxConfig,
)
from actors.core.batches import DecidedBatch
from actors.core.clock import NS_PER_S, RealClock
from actors.features.assembly import FeatureAssembly
from actors.model.scoring import LocalScoring
from actors.model.serving import ModelSlot
from actors.output.decision_log import BufferedLog
from actors.pipeline import Pipeline, Surroundings
from actors.telemetry.telemetry import Telemetry
from benchmarks.rows import BATCH, Rows
from sim.clocks.event_loop import loop_factory
from sim.run.machine import PROMPT_S

CONFIG = PipelineConfig(
    # At full speed a transaction arrives when there is room for it: nothing is late, and nothing is shed.
    mailboxes=MailboxesConfig(
        assembler=MailboxConfig(capacity=4 * BATCH),
        scorer=ScorerMailboxConfig(capacity=4 * BATCH, shed_above=100 * BATCH),
    ),
    assembler=AssemblerConfig(max_batch_size=BATCH),
    scorer=ScorerConfig(max_batch_size=BATCH, deadline_ns=3_600 * NS_PER_S),
    logger=LoggerConfig(max_batch_size=BATCH),
)


@contextmanager
def prompt_switches() -> Iterator[None]:
    """Let threads wait for the interpreter as briefly as in a real run."""
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(PROMPT_S)
    try:
        yield
    finally:
        sys.setswitchinterval(usual_s)


def settle_memory() -> None:
    """Let the collector pass over what is there, as in a real run once it has started; the run before is forgotten."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


class Caller:
    """A sink that takes every decision and keeps it."""

    def __init__(self) -> None:
        self.decided: list[DecidedBatch] = []

    async def deliver(self, decided: DecidedBatch) -> None:
        """Take it."""
        self.decided.append(decided)


@dataclass(frozen=True, slots=True)
class EndToEnd:
    """One run of the pipeline, with windows and tables of its own.

    Attributes:
        caller: has the decisions.
    """

    config: PipelineConfig
    around: Surroundings
    output: AppendOnlyFile
    clock: RealClock
    caller: Caller

    @staticmethod
    def over(
        rows: Rows,
        folder: Path,
        scoring: Executor,
        logging: Executor,
        source: InMemorySource | None = None,
        config: PipelineConfig = CONFIG,
    ) -> "EndToEnd":
        """Return a run over ``source``, absent: over all rows at full speed.

        Args:
            rows: what is scored, and the model.
            folder: where the decision log goes.
            scoring: one thread, for batches that are not scored on the loop.
            logging: one thread, for the log.
            source: hands out some of the rows.
            config: the pipeline's.
        """
        warm, slot, caller, clock = rows.warm(), ModelSlot(rows.artifact.served_by("auto")), Caller(), RealClock()
        output = AppendOnlyFile(folder / "decisions.jsonl")
        around = Surroundings(
            source=source or InMemorySource.of(rows.raws),
            assembly=FeatureAssembly(rows.artifact.feature_names),
            stream=warm.stream,
            store=warm.store,
            history=warm.history,
            scoring=LocalScoring(slot, scoring),
            digest_of=slot.digests.__getitem__,
            sink=caller,
            output=output,
            dead_letters=InMemoryDeadLetters(),
            clock=clock,
            telemetry=Telemetry(rows.artifact.reference),
            log=partial(BufferedLog, executor=logging),
        )
        return EndToEnd(config, around, output, clock, caller)

    def run(self) -> int:
        """Score everything; return how many transactions were logged."""
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(self._run())
        self.output.close()
        self.clock.close()
        return self.around.telemetry.ledger.logged

    async def _run(self) -> None:
        pipeline = Pipeline(self.config, self.around)
        pipeline.start()
        await pipeline.finished()
