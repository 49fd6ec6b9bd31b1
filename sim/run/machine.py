"""What a run runs on: real time and the machine it is on, or virtual time and a model of a machine."""

import asyncio
import ctypes
import gc
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from actors.core.batches import DecidedBatch, Deferred
from actors.core.clock import Clock, RealClock
from actors.core.errors import SinkError
from actors.core.work import WRITE, WRITER, RealWork, Work
from actors.features.store import FeatureStore
from actors.output.decision_log import BufferedLog, DecisionLog, MakeLog
from actors.output.decision_record import DecisionLines
from actors.output.sinks import LineSink
from actors.telemetry.ledger import Ledger
from actors.telemetry.monitor import resident_memory
from sim.chance import Streams
from sim.clocks.modelled_waits import ModelledFeatureStore
from sim.clocks.processor import LognormalNoise, Occupy, Processor
from sim.clocks.virtual_clock import VirtualClock
from sim.clocks.virtual_loop import VirtualLoop
from sim.feeds.feed import Feed, InlineFeed
from sim.feeds.process_feed import ProcessFeed
from sim.outcomes.mapped_arrays import ArrayStore, InMemoryArrays, MappedArrays, SpillingArrays
from sim.run.plan import Plan

LARGE_BYTES = 1 << 20  # tables and columns are larger; the arrays of a batch are smaller
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h of glibc


def give_back_large_blocks() -> bool:
    """Let every large block have pages of its own, which are the system's again once it is freed.

    glibc does so at first, but raises its border to 32 MB as large blocks are freed. The tables of each refresh then
    lie in the heap and leave holes there: 120 MB after ten seconds of overload (measured).

    Returns:
        Whether the allocator takes such settings.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return all(mallopt(option, LARGE_BYTES) == 1 for option in (_MMAP_THRESHOLD, _TRIM_THRESHOLD))


class GatheredLog(DecisionLog):
    """Writes many batches together: single decisions cost a fifth of what each would alone.

    They wait until there are enough of them or until the ledger is read, so no reading misses one. A process that is
    killed loses those that wait; their run can be had again from its seed.
    """

    def __init__(self, lines: DecisionLines, output: LineSink, ledger: Ledger, work: Work) -> None:
        super().__init__(lines, output, ledger, work)
        self._deferred = Deferred(self._write_down)

    async def write(self, decided: DecidedBatch) -> None:
        """Put it off; the time of a write passes here, batch by batch."""
        await self.work.spend(WRITE, len(decided.score), WRITER)

    def commit(self, decided: DecidedBatch) -> None:
        """Keep ``decided``; write what waits if that is enough."""
        self._deferred.add(decided, len(decided.score))

    def flush(self) -> None:
        """Write and count what waits."""
        self._deferred.flush()

    def _write_down(self, batches: list[DecidedBatch]) -> None:
        written = True
        try:
            self.output.append(self.lines.encode_all(batches))
        except SinkError as error:
            self.failure.note(error)
            written = False
        self.count(sum(map(len, batches)), written=written)


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
        occupy: keeps a core busy with more than the pipeline does, where computing takes no time by itself.
        foresees: whether computing takes no time, so that it may be done before it is asked for.
        array_store: where arrays lie that grow with the run.
        log: makes what writes the decision log.
        losses: what happened to helping processes, a line each.
    """

    clock: Clock
    work: Work
    feed: Feed
    memory: Callable[[int], int] | None
    close: Callable[[], None]
    look_up: Callable[[FeatureStore], FeatureStore]
    occupy: Occupy | None = None
    foresees: bool = False
    array_store: ArrayStore = field(default_factory=InMemoryArrays)
    log: MakeLog = BufferedLog
    losses: Callable[[], tuple[str, ...]] = tuple


def real_machine(plan: Plan) -> Machine:
    """Return this machine; the traffic is made in another process from now on."""
    give_back_large_blocks()
    clock, memory = RealClock(), resident_memory()
    feed = ProcessFeed(plan.load.blocks)
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(PROMPT_S)

    array_store = SpillingArrays(plan.folder, round(plan.load.expected_count * SPARE) + ROWS_BESIDE)

    def close() -> None:
        feed.close()
        clock.close()
        array_store.close()
        sys.setswitchinterval(usual_s)

    untold = () if memory is not None else (NO_MEMORY,)
    look_up = _look_up(plan, clock)
    return Machine(
        clock, RealWork(), feed, memory, close, look_up, array_store=array_store, losses=lambda: (*untold, *feed.losses)
    )


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

    look_up, array_store = _look_up(plan, clock), MappedArrays(plan.folder)
    return Machine(
        clock,
        work,
        feed,
        None,
        close,
        look_up,
        occupy=work.occupy,
        foresees=True,
        array_store=array_store,
        log=GatheredLog,
    )


def _look_up(plan: Plan, clock: Clock) -> Callable[[FeatureStore], FeatureStore]:
    """Return what makes look-ups take the time that the scenario says, if it says one."""
    time = plan.look_up
    if time is None:
        return lambda store: store
    return lambda store: ModelledFeatureStore(store, time, Streams(plan.scenario.seed), clock)
