"""How many transactions a second this machine's pipeline can do: a short run of the whole path, as fast as it goes."""

import asyncio
import gc
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec

from actors.core.clock import NS_PER_MS, NS_PER_S
from sim.clocks.event_loop import loop_factory, run_interruptibly
from sim.clocks.virtual_loop import VirtualLoop
from sim.feeds.feed import Block, Feed
from sim.journal import Journal
from sim.run.composition import RunContext, compose_run
from sim.run.machine import Machine, real_machine, virtual_machine
from sim.run.plan import Plan, SyntheticLoad
from sim.scenario.scenario import Scenario
from sim.world.phases import Constant, RatedPhase

WARM_UP = 20_000  # transactions before the clock is started: caches, batch sizes and the processor's speed settle
MEASURED = 80_000  # about a second on a small machine
SPAN_S = 10  # of the traffic: as many cards take part as in a burst so long, and most are met for the first time


class Unpaced:
    """A feed without its schedule: everything is due at once.

    It pauses after the warm-up until that is through: what is measured begins and ends with nothing inside. Were the
    watch started in mid-stream, the work on thousands of transactions that lie in mailboxes would go uncounted.

    Args:
        feed: the blocks.
    """

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._warm = asyncio.get_running_loop().create_future()
        self.count = 0

    async def take(self) -> Block | None:
        """Return the next block."""
        if self.count >= WARM_UP:
            await self._warm
        block = await self._feed.take()
        if block is None:
            return None
        self.count += len(block)
        return replace(block, due_ns=None)

    def resume(self) -> None:
        """End the pause."""
        self._warm.set_result(None)

    def close(self) -> None:
        """Close the feed."""
        self._feed.close()


def measure_capacity(plan: Plan) -> float:
    """Return the transactions a second that the pipeline of ``plan`` decides and logs when it is never without work.

    Nothing is shed and no fault is in, so that it is the capacity for decisions with the model and all features. As in
    a run the traffic is made meanwhile, which takes a fifth to a quarter of the capacity away on two cores.

    Args:
        plan: a synthetic scenario; its phases do not matter.
    """
    with tempfile.TemporaryDirectory(prefix="riskdrill-probe-") as folder:
        probe = replace(
            plan, scenario=calm(plan.scenario), load=even_load(plan, WARM_UP + MEASURED), folder=Path(folder)
        )
        on_real_clock = plan.clock == "real"
        make_machine = real_machine if on_real_clock else virtual_machine
        return run_interruptibly(
            loop_factory() if on_real_clock else VirtualLoop, partial(_measure, probe, make_machine)
        )


def even_load(plan: Plan, count: int, span_s: int = SPAN_S) -> SyntheticLoad:
    """Return ``count`` transactions of the plan's world, evenly spaced over ``span_s``, whatever its phases are.

    A higher rate brings more cards, which caches do not hold and windows have not met: the same work on the cards of a
    quiet minute costs a fifth less.
    """
    if not isinstance(plan.load, SyntheticLoad):
        raise TypeError("only synthetic load has rates, and rates alone can be shares of capacity")
    phase = RatedPhase(name="probe", duration_ns=span_s * NS_PER_S, rate=count / span_s, arrivals=Constant())
    return SyntheticLoad(msgspec.structs.replace(plan.load.spec, phases=(phase,)))


def calm(scenario: Scenario) -> Scenario:
    """Return the scenario without faults, deadline and shedding."""
    pipeline = scenario.pipeline
    boxes = msgspec.structs.replace(
        pipeline.mailboxes, scorer=msgspec.structs.replace(pipeline.mailboxes.scorer, shed_above=None)
    )
    scorer = msgspec.structs.replace(pipeline.scorer, deadline_ns=None)
    calm = msgspec.structs.replace(pipeline, mailboxes=boxes, scorer=scorer)
    return msgspec.structs.replace(scenario, pipeline=calm, faults=())


@asynccontextmanager
async def under_way(
    plan: Plan, machine: Machine, ready: Callable[[RunContext], None] = lambda _parts: None
) -> AsyncIterator[RunContext]:
    """Start the pipeline of ``plan`` as a run does; at the end of the span all is through and ``machine`` closed.

    Args:
        plan: what is run.
        machine: what it runs on.
        ready: told of the parts before they start.
    """
    try:
        parts = compose_run(plan, machine, Journal(machine.clock))
        ready(parts)
        await parts.source.prime()
        gc.collect()
        gc.freeze()
        start_ns = machine.clock.now_ns()
        parts.begin(start_ns)
        parts.pipeline.start(start_ns)
        yield parts
        await parts.pipeline.finished()
        parts.close()
    finally:
        gc.unfreeze()
        machine.close()


async def _measure(plan: Plan, make_machine: Callable[[Plan], Machine]) -> float:
    machine = make_machine(plan)
    clock, feed = machine.clock, Unpaced(machine.feed)
    async with under_way(plan, replace(machine, feed=feed)) as parts:
        started_ns = clock.now_ns()
        while (before := await _logged(parts)) < max(WARM_UP, feed.count):
            # A modelled machine may take days for a transaction: who looked every millisecond would look for ever.
            await clock.sleep_ns(max(NS_PER_MS, (clock.now_ns() - started_ns) // 1_000))
        begun_ns = clock.now_ns()
        feed.resume()
        await parts.pipeline.finished()
        return (await _logged(parts) - before) * NS_PER_S / (clock.now_ns() - begun_ns)


async def _logged(parts: RunContext) -> int:
    """Return how many decisions are logged, those included that a log keeps to write them together."""
    await parts.pipeline.logger.log.drained()
    return parts.telemetry.ledger.logged
