"""Batches of all sizes through the real pipeline, one at a time, and large ones through the executor."""

import asyncio
import gc
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from actors.clock import RealClock
from actors.model.artifact import Artifact
from actors.model.scoring import LocalScoring
from actors.model.slot import ModelSlot
from actors.work import Core, Job
from sim.calibration.lockstep import Lockstep
from sim.calibration.meter import Meter, Samples, Stopwatch
from sim.clocks.real import loop_factory
from sim.journal import Journal
from sim.run.machine import Machine
from sim.run.parts import make_parts
from sim.run.plan import Plan
from sim.run.probe import calm
from sim.scenario.scenario import Scenario
from sim.world.block import Block

SIZES = {1: 80, 8: 40, 64: 24, 256: 8, 1024: 4}  # batches of each size in a round; about 8,600 transactions
ROUNDS = 4  # sizes take turns, so that a disturbance meets all of them
LARGEST = max(SIZES)
IN_EXECUTOR = tuple(size for size in SIZES if size > 1)  # a batch of one never goes there

Report = Callable[[int, int], None]
"""Told how many batches are behind, of how many."""


def measure(plan: Plan, report: Report) -> Samples:
    """Return the time of each job for each batch: the real code on this machine, one batch at a time.

    Args:
        plan: a synthetic scenario on the real clock; its faults, deadline and shedding are left out.
        report: told how far it is.
    """
    sizes = [size for _ in range(ROUNDS) for size, count in SIZES.items() for _ in range(count)]
    extra = ROUNDS * sum(SIZES[size] for size in IN_EXECUTOR)
    total = len(sizes) + extra
    meter = Meter(lambda done: report(done, total))
    with (
        tempfile.TemporaryDirectory(prefix="riskdrill-calibrate-") as folder,
        asyncio.Runner(loop_factory=loop_factory()) as runner,
    ):
        runner.run(
            _through_pipeline(replace(plan, scenario=_in_one_piece(plan.scenario), folder=Path(folder)), sizes, meter)
        )
        runner.run(_in_executor(plan.artifact, meter, lambda done: report(len(sizes) + done, total)))
    return meter.samples


async def _through_pipeline(plan: Plan, sizes: list[int], meter: Meter) -> None:
    clock = RealClock()
    feed = Lockstep(_enough(plan, sizes), sizes, meter)
    machine = Machine(clock, meter, feed, None, clock.close, lambda store: store)
    try:
        parts = make_parts(plan, machine, Journal(clock))
        for actor in parts.pipeline.actors:
            actor.hooks = feed
        await parts.source.prime()
        parts.begin(clock.now_ns())
        gc.collect()
        gc.freeze()  # as a run does
        parts.pipeline.start()
        await parts.pipeline.finished()
        parts.close()
    finally:
        gc.unfreeze()
        machine.close()


async def _in_executor(artifact: Artifact, meter: Meter, report: Callable[[int], None]) -> None:
    """Score the golden rows in the executor thread, where a pipeline with a backlog scores."""
    watch, done = Stopwatch(), 0
    with ThreadPoolExecutor(1) as executor:
        slot = ModelSlot(artifact)
        scoring = LocalScoring(slot, executor, inline_limit=0)
        rows = np.resize(artifact.golden.features, (LARGEST, artifact.golden.features.shape[1]))
        for size in IN_EXECUTOR * ROUNDS:
            for _ in range(SIZES[size]):
                watch.lap()
                await scoring.score(slot.current, rows[:size])
                meter.samples[Job.SCORE, Core.EXECUTOR][size].append(sum(watch.lap()))
                done += 1
                report(done)


def _in_one_piece(scenario: Scenario) -> Scenario:
    """Return the scenario with nothing in the way of a batch, and no limit that would cut it."""
    quiet = calm(scenario)
    pipeline = msgspec.structs.replace(
        quiet.pipeline,
        producer=msgspec.structs.replace(quiet.pipeline.producer, max_batch_size=LARGEST),
        assembler=msgspec.structs.replace(quiet.pipeline.assembler, max_batch_size=LARGEST),
        scorer=msgspec.structs.replace(quiet.pipeline.scorer, max_batch_size=LARGEST, inline_batch_size=LARGEST),
        logger=msgspec.structs.replace(quiet.pipeline.logger, max_batch_size=LARGEST),
    )
    return msgspec.structs.replace(quiet, pipeline=pipeline)


def _enough(plan: Plan, sizes: list[int]) -> Iterator[Block]:
    """Return blocks, made already, that hold all of ``sizes``, with what is left over at the end of each."""
    wanted = sum(sizes)
    made: list[Block] = []
    for block in plan.load.blocks.build():
        made.append(block)
        wanted -= max(0, len(block) - LARGEST)
        if wanted <= 0:
            break
    return iter(made)
