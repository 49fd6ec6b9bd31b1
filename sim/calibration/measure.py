"""Batches of all sizes through the real pipeline, one at a time; large ones through the executor."""

import asyncio
import itertools
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import msgspec

from actors.actor import Hooks
from actors.core.arrays import F32
from actors.core.clock import NS_PER_S, RealClock
from actors.core.work import Core, Job
from actors.model.artifact import Artifact
from actors.model.scoring import LocalScoring
from actors.model.serving import ModelSlot
from actors.scorer import Scorer
from sim.calibration.meter import Meter, Samples, Stopwatch
from sim.clocks.event_loop import loop_factory, run_interruptibly
from sim.feeds.feed import Block
from sim.journal import Journal
from sim.run.capacity import calm, even_load, under_way
from sim.run.composition import RunContext, compose_run
from sim.run.machine import Machine, real_machine
from sim.run.plan import Plan
from sim.scenario.scenario import Scenario


async def _at_once() -> None:
    """Wait for nothing."""


class Lockstep:
    """Hands out the next batch when the one before it is in the log.

    Args:
        blocks: the transactions, more of them than are asked for; what is too short for a batch is left out.
        sizes: of the batches, in order; the feed ends with them.
        meter: is told of each batch.
        unmetered: how many batches at the beginning only warm up.

    Attributes:
        written: waits until what the logger has done with is in the log's file.
    """

    def __init__(self, blocks: Iterable[Block], sizes: Sequence[int], meter: Meter, unmetered: int = 0) -> None:
        self._blocks = iter(blocks)
        self._sizes = iter(sizes)
        self._meter = meter
        self._unmetered = unmetered
        self._block: Block | None = None
        self._at = 0
        self._logged: asyncio.Future[None] | None = None
        self.written: Callable[[], Awaitable[None]] = _at_once

    async def take(self) -> Block | None:
        """Return the next batch once the one before it is through."""
        if self._logged is not None:
            await self._logged
            await self.written()
        size = next(self._sizes, None)
        self._meter.taken(0 if size is None or self._unmetered > 0 else size)
        if size is None:
            return None
        self._logged = asyncio.get_running_loop().create_future()
        self._unmetered -= 1
        return self._cut(size)

    def close(self) -> None:
        """Nothing is held."""

    def logged(self) -> None:
        """Let the next batch come."""
        if self._logged is not None:
            self._logged.set_result(None)

    def _cut(self, size: int) -> Block:
        if self._block is None or self._at + size > len(self._block):
            self._block, self._at = next(self._blocks), 0
        block, part = self._block, slice(self._at, self._at + size)
        self._at += size
        return Block(
            first=block.first + part.start,
            due_ns=None,
            raws=block.raws[part],
            event_us=block.event_us[part],
            fraud=block.fraud[part],
            pattern=block.pattern[part],
            merchants=block.merchants[part],
            categories=block.categories[part],
        )


SIZES = {1: 80, 4: 40, 16: 30, 17: 30, 48: 24, 128: 12, 320: 8, 1024: 4}  # batches of each size in a round
WARM_UP = 20  # of the largest batches: the first transactions of a run meet memory that was never touched
ROUNDS = 4  # sizes take turns, so that a disturbance meets all of them
LARGEST = max(SIZES)
TAKEN = 40_000  # transactions that are only taken from the traffic, the first quarter unmeasured
WASTE = 2  # a batch lies in one block, and what is left at the end of a block may be too short for it

Report = Callable[[int, int], None]
"""Told how many batches are behind, of how many."""


def measure(plan: Plan, report: Report) -> Samples:
    """Return the time of each job for each batch: the real code on this machine, one batch at a time.

    Args:
        plan: a synthetic scenario on the real clock; its faults, deadline and shedding are left out.
        report: told how far it is.
    """
    sizes = [size for _ in range(ROUNDS) for size, count in SIZES.items() for _ in range(count)]
    extra = ROUNDS * sum(SIZES[size] for size in _in_executor_sizes())
    total = len(sizes) + extra
    meter = Meter(lambda done: report(done, total))
    with tempfile.TemporaryDirectory(prefix="riskdrill-calibrate-") as folder:
        alone = replace(plan, scenario=_in_one_piece(plan.scenario), folder=Path(folder))

        async def each_in_turn() -> float:
            features = await _through_pipeline(alone, sizes, meter)
            await _in_executor(plan.artifact, features, meter, lambda done: report(len(sizes) + done, total))
            return await _taken_ns(alone)

        taken_ns = run_interruptibly(loop_factory(), each_in_turn)
    sent = meter.samples[Job.SEND, Core.LOOP]
    for rows, times in sent.items():
        sent[rows] = [each + round(rows * taken_ns) for each in times]
    return meter.samples


class _Onlooker(Hooks):
    """Tells the meter what it hears and the feed when a batch is through; keeps the features of the largest batches."""

    def __init__(self, feed: Lockstep, meter: Meter) -> None:
        self._feed = feed
        self._meter = meter
        self._scorer: Scorer | None = None
        self.features: list[F32] = []

    def attend(self, parts: RunContext) -> None:
        """Look on from now on."""
        pipeline = parts.pipeline
        self._scorer = pipeline.scorer
        self._feed.written = pipeline.logger.log.drained  # each batch by itself; a running log gathers small ones
        pipeline.producer.hooks = self
        for actor in pipeline.actors:
            actor.hooks = self

    async def received(self, actor: str, rows: int) -> None:
        await self._meter.received(actor, rows)
        if actor == "scorer" and rows == LARGEST and self._scorer is not None and self._scorer.inbox.lease is not None:
            self.features.append(self._scorer.inbox.lease.message.features)

    async def prepared(self, actor: str, rows: int) -> None:  # noqa: ARG002 - there is one batch at a time
        if actor == "logger":
            self._feed.logged()  # what the logger does after this still comes first


async def _through_pipeline(plan: Plan, sizes: list[int], meter: Meter) -> list[F32]:
    """Send batches of ``sizes`` through the pipeline; return the features of the largest."""
    clock = RealClock()
    sizes = [LARGEST] * WARM_UP + sizes
    plan = replace(plan, load=even_load(plan, WASTE * sum(sizes)))
    feed = Lockstep(list(plan.load.blocks.build()), sizes, meter, WARM_UP)
    machine = Machine(clock, meter, feed, None, clock.close, lambda store: store)
    onlooker = _Onlooker(feed, meter)
    async with under_way(plan, machine, onlooker.attend):
        pass  # to its end
    return onlooker.features


async def _taken_ns(plan: Plan) -> float:
    """Return what a transaction costs before the producer has it, ns: unpacked, its truth and its label booked.

    It is done for blocks of 2,000, whatever the size of a batch, so each row bears an equal part.
    """
    plan = replace(plan, load=even_load(plan, TAKEN))
    machine = real_machine(plan)
    context = compose_run(plan, machine, Journal(machine.clock))
    try:
        begun_ns, rows, count = 0, 0, 0
        while (arrivals := await context.source.take()) is not None:
            count += len(arrivals.raws)
            if begun_ns:
                rows += len(arrivals.raws)
            elif count >= TAKEN // 4:
                begun_ns = time.process_time_ns()
        return (time.process_time_ns() - begun_ns) / rows
    finally:
        context.close()
        machine.close()


async def _in_executor(
    artifact: Artifact, features: Sequence[F32], meter: Meter, report: Callable[[int], None]
) -> None:
    """Score in the executor thread, where a pipeline with a backlog scores."""
    watch, done, blocks = Stopwatch(), 0, itertools.cycle(features)
    watch.time_itself()
    with ThreadPoolExecutor(1) as executor:
        slot = ModelSlot(artifact)
        scoring = LocalScoring(slot, executor)
        for size in _in_executor_sizes() * ROUNDS:
            for _ in range(SIZES[size]):
                rows = next(blocks)[:size]
                watch.lap()
                await scoring.score(slot.current, rows, Core.EXECUTOR)
                meter.samples[Job.SCORE, Core.EXECUTOR][size].append(sum(watch.lap()))
                done += 1
                report(done)


def _in_executor_sizes() -> list[int]:
    return [size for size in SIZES if size > 1]  # a batch of one hardly ever goes there


def _in_one_piece(scenario: Scenario) -> Scenario:
    """Return the scenario with nothing in the way of a batch, and no limit that would cut it."""
    quiet = calm(scenario)
    pipeline = msgspec.structs.replace(
        quiet.pipeline,
        producer=msgspec.structs.replace(quiet.pipeline.producer, max_batch_size=LARGEST),
        assembler=msgspec.structs.replace(quiet.pipeline.assembler, max_batch_size=LARGEST + 1),
        scorer=msgspec.structs.replace(quiet.pipeline.scorer, max_batch_size=LARGEST, inline_time_ns=NS_PER_S),
        logger=msgspec.structs.replace(quiet.pipeline.logger, max_batch_size=LARGEST),
    )
    return msgspec.structs.replace(quiet, pipeline=pipeline)
