"""What a run runs on: real time and the machine it is on, or virtual time and a model of a machine."""

import asyncio
import gc
import sys
from collections.abc import Callable
from dataclasses import dataclass

from actors.clock import Clock, RealClock
from actors.decision_log import BufferedLog, MakeLog
from actors.features.store import FeatureStore
from actors.telemetry.memory import resident_memory
from actors.work import RealWork, Work
from sim.clocks.cpu import Processor
from sim.clocks.look_up import ModelledFeatureStore
from sim.clocks.noise import LognormalNoise
from sim.clocks.virtual_clock import VirtualClock
from sim.clocks.virtual_loop import VirtualLoop
from sim.run.allocator import give_back_large_blocks
from sim.run.attic import Attic
from sim.run.gathered_log import GatheredLog
from sim.run.plan import Plan
from sim.run.shelf import AnyShelf, Shelf
from sim.world.feed import Feed, InlineFeed
from sim.world.process_feed import ProcessFeed
from sim.world.streams import Streams

# For so long a thread waits for the interpreter at most. The default of 5 ms, at the begin and the end of each batch in
# the executor, is most of the latency under load.
PROMPT_S = 0.0002
NO_MEMORY = "figures of memory: this system does not tell them (/proc is not mounted)"
SPARE, ROWS_BESIDE = 1.1, 1 << 20  # arrivals swing around their mean; history holds training's last weeks too
SELDOM = 50_000  # allocations between two collections: nobody waits for a pause of virtual time, and it saves 4 %


@dataclass(frozen=True, slots=True)
class Machine:
    """Time, and what takes it.

    Attributes:
        clock: the run's clock.
        work: lets the time of computing pass.
        feed: the traffic, made ahead of time or when it is asked for.
        memory: resident memory at an instant; None where it would make the run depend on the machine.
        close: gives back what it holds.
        look_up: makes a store's look-ups take the time that the scenario says.
        foresees: whether computing takes no time, so that it may be done before it is asked for.
        shelf: where arrays lie that grow with the run; None is memory.
        log: makes what writes the decision log.
        losses: what happened to helping processes, a line each.
    """

    clock: Clock
    work: Work
    feed: Feed
    memory: Callable[[int], int] | None
    close: Callable[[], None]
    look_up: Callable[[FeatureStore], FeatureStore]
    foresees: bool = False
    shelf: AnyShelf | None = None
    log: MakeLog = BufferedLog
    losses: Callable[[], tuple[str, ...]] = tuple


def real_machine(plan: Plan) -> Machine:
    """Return this machine; the traffic is made in another process from now on."""
    give_back_large_blocks()
    clock, memory = RealClock(), resident_memory()
    feed = ProcessFeed(plan.load.blocks)
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(PROMPT_S)

    attic = Attic(plan.folder, round(plan.load.expected_count * SPARE) + ROWS_BESIDE)

    def close() -> None:
        feed.close()
        clock.close()
        attic.close()
        sys.setswitchinterval(usual_s)

    untold = () if memory is not None else (NO_MEMORY,)
    look_up = _look_up(plan, clock)
    return Machine(clock, RealWork(), feed, memory, close, look_up, shelf=attic, losses=lambda: (*untold, *feed.losses))


def virtual_machine(plan: Plan) -> Machine:
    """Return a model of a machine with two cores, on the virtual loop that is running."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualLoop):
        raise TypeError("a virtual machine needs the virtual loop")
    give_back_large_blocks()
    clock = VirtualClock(loop)
    noise = LognormalNoise(plan.noise, Streams(plan.scenario.seed)) if plan.noise else None
    work = Processor(plan.costs, clock, noise)
    feed = InlineFeed(plan.load.blocks)
    thresholds = gc.get_threshold()
    gc.set_threshold(SELDOM, *thresholds[1:])

    def close() -> None:
        feed.close()
        gc.set_threshold(*thresholds)

    look_up, shelf = _look_up(plan, clock), Shelf(plan.folder)
    return Machine(
        clock,
        work,
        feed,
        None,
        close,
        look_up,
        foresees=True,
        shelf=shelf,
        log=GatheredLog,
    )


def _look_up(plan: Plan, clock: Clock) -> Callable[[FeatureStore], FeatureStore]:
    """Return what makes look-ups take the time that the scenario says, if it says one."""
    time = plan.look_up
    if time is None:
        return lambda store: store
    return lambda store: ModelledFeatureStore(store, time, Streams(plan.scenario.seed), clock)
