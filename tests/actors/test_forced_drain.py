"""Laws of an ending by force, checked between any two callbacks of the loop, exact on virtual time."""

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.actor import Hooks
from actors.config import (
    AssemblerConfig,
    DeliveryConfig,
    LoggerConfig,
    LoggerMailboxConfig,
    MailboxConfig,
    MailboxesConfig,
    PipelineConfig,
    RestartConfig,
    ScorerConfig,
    ScorerMailboxConfig,
)
from actors.core.batches import DecidedBatch
from actors.core.errors import EscalationError, SinkError
from actors.logger import FINISH_NS
from actors.pipeline import Pipeline
from actors.telemetry.ledger_snapshot import Imbalance
from sim.clocks.virtual_loop import VirtualLoop
from tests.support.actors.pipeline import Bench, FixedScoring, ListSink, arrivals, transaction

MS = 1_000_000
COUNT = 60


class WatchedLoop(VirtualLoop):
    """A virtual loop that looks on before each callback."""

    SAMPLE_EVERY = 1


class Books:
    """Reads the books of a pipeline whenever asked, as a snapshot does; keeps what did not balance."""

    def __init__(self, bench: Bench, pipeline: Pipeline) -> None:
        self._bench = bench
        self._pipeline = pipeline
        self.readings = 0
        self.broken: list[Imbalance] = []

    def read(self) -> None:
        """Read them now."""
        held = self._pipeline.held()
        self.readings += 1
        self.broken += self._bench.telemetry.ledger.check(
            unsent=held.unsent,
            in_flight=held.in_flight,
            awaiting_log=held.awaiting_log,
            awaiting_delivery=held.awaiting_delivery,
        )


@dataclass
class Caller(ListSink):
    """Takes decisions after a while, refuses every third batch, or never answers."""

    takes_ns: int = 0
    refuses: bool = False
    asked: int = 0

    async def deliver(self, decided: DecidedBatch) -> None:
        """Answer, sooner or later."""
        self.asked += 1
        await asyncio.sleep(self.takes_ns / 1e9)
        if self.refuses and self.asked % 3 == 0:
            raise SinkError("refused")
        await super().deliver(decided)


class Breaking(Hooks):
    """Crashes an actor at every batch from an instant on."""

    def __init__(self, actor: str, from_ns: int) -> None:
        self._actor = actor
        self._from_ns = from_ns

    async def received(self, actor: str, rows: int) -> None:
        """Crash, once it is time."""
        if actor == self._actor and asyncio.get_running_loop().time() * 1e9 >= self._from_ns:
            raise RuntimeError("broken")


async def _end(pipeline: Pipeline, force: str, at_ns: int) -> None:
    """Let the pipeline be ended: by Ctrl-C and a drain timeout, by a second Ctrl-C, or by an escalation."""
    pipeline.start()
    waiting = asyncio.create_task(pipeline.finished())
    await asyncio.sleep(at_ns / 1e9)
    draining = asyncio.create_task(pipeline.drain(send_rest=force == "planned"))
    if force == "second":
        await asyncio.sleep(at_ns % (7 * MS) / 1e9)
        draining.cancel()
    await asyncio.gather(draining, return_exceptions=True)
    await pipeline.abandon()
    await asyncio.gather(waiting, return_exceptions=True)


@given(
    force=st.sampled_from(["timeout", "planned", "second", "assembler", "scorer", "logger"]),
    at_ns=st.integers(0, 70 * MS),
    every_ns=st.sampled_from([0, MS]),
    caller=st.builds(Caller, takes_ns=st.sampled_from([0, MS, 9 * MS, 5_000 * MS]), refuses=st.booleans()),
    delivery=st.sampled_from(
        [DeliveryConfig(attempts=1), DeliveryConfig(), DeliveryConfig(timeout_ns=3 * MS, attempts=2, capacity=9)]
    ),
    scores_ns=st.sampled_from([0, 2 * MS, 10_000 * MS]),
)
def test_the_books_balance_at_every_instant_of_an_ending(
    force: str, at_ns: int, every_ns: int, caller: Caller, delivery: DeliveryConfig, scores_ns: int
) -> None:
    """Whenever a run is forced to its end, and however: whoever reads the books meanwhile finds all accounted for."""
    actor = force if force in ("assembler", "scorer", "logger") else ""
    config = PipelineConfig(
        mailboxes=MailboxesConfig(
            assembler=MailboxConfig(capacity=12),
            scorer=ScorerMailboxConfig(capacity=10),
            logger=LoggerMailboxConfig(capacity=8),
        ),
        assembler=AssemblerConfig(max_batch_size=4),
        scorer=ScorerConfig(max_batch_size=3),
        logger=LoggerConfig(max_batch_size=5),
        delivery=delivery,
        restart=RestartConfig(max_restarts=1),
        drain_timeout_ns=5 * MS,
    )
    bench = Bench(
        arrivals([transaction(number // 2 * 2) for number in range(COUNT)], every_ns),  # every other one a duplicate
        FixedScoring(takes_ns=scores_ns),
        sink=Caller(takes_ns=caller.takes_ns, refuses=caller.refuses),
        hooks=Breaking(actor, at_ns // 2) if actor else Hooks(),
        config=config,
    )

    async def main(loop: WatchedLoop) -> Books:
        pipeline = bench.build()
        books = Books(bench, pipeline)
        loop.sampler = books.read
        await _end(pipeline, force, at_ns)
        loop.sampler = None
        bench.check(pipeline)
        return books

    loop = WatchedLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        books = runner.run(main(loop))
    assert books.readings > 0
    assert books.broken == []
    ledger = bench.telemetry.ledger
    poison = ledger.dead_lettered.get("poison", 0)
    assert ledger.produced == sum(ledger.decided) + ledger.duplicates + poison
    assert len(bench.decisions()) == ledger.logged


def test_a_caller_that_never_answers_does_not_hold_the_ending() -> None:
    """All that is left has one delivery time-out together: then it is logged, and given up undelivered."""
    config = PipelineConfig(
        scorer=ScorerConfig(max_batch_size=1), logger=LoggerConfig(max_batch_size=1), drain_timeout_ns=MS
    )
    bench = Bench(
        arrivals([transaction(number) for number in range(COUNT)], 0),
        sink=Caller(takes_ns=3_600_000 * MS),
        config=config,
    )

    async def main() -> int:
        pipeline = bench.build()
        pipeline.start()
        await asyncio.sleep(0.010)
        await pipeline.drain()
        bench.check(pipeline)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        return loop.now_ns

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        ended_ns = runner.run(main())
    assert ended_ns == 11 * MS + FINISH_NS
    assert bench.telemetry.ledger.undelivered_count == COUNT
    assert len(bench.decisions()) == COUNT


def test_a_logger_that_breaks_on_what_is_left_costs_that_only() -> None:
    """What it cannot handle at the very end is counted as neither delivered nor logged."""

    @dataclass
    class Broken(ListSink):
        async def deliver(self, decided: DecidedBatch) -> None:
            if "t3" in decided.batch.ids:
                raise RuntimeError("broken")
            await super().deliver(decided)

    config = PipelineConfig(logger=LoggerConfig(max_batch_size=1), restart=RestartConfig(max_restarts=0))
    bench = Bench(arrivals([transaction(number) for number in range(10)], 0), sink=Broken(), config=config)

    async def main() -> None:
        pipeline = bench.build()
        pipeline.start()
        with pytest.raises(EscalationError, match="logger crashed"):
            await pipeline.finished()
        bench.check(pipeline)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main())
    ledger = bench.telemetry.ledger
    assert (ledger.logged, ledger.log_failed_count, ledger.undelivered_count) == (9, 1, 1)
