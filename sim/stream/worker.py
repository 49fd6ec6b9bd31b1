"""The life of a worker process: it waits for a run, takes part in it, and waits for the next one."""

import asyncio
import gc
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import yaml

from actors.core.clock import Clock
from actors.telemetry.telemetry import Telemetry
from sim.exit_codes import PASS
from sim.kernel_warm_up import make_ready
from sim.run.serving import model_slot
from sim.scenario.loader import parse
from sim.scenario.scenario import Scenario
from sim.stream.control_link import ControlLink
from sim.stream.control_messages import Announce
from sim.stream.membership import Identity, JoinRefusedError, announced, check_same, join, model_for
from sim.stream.store_check import Check
from sim.stream.worker_ends import Connect, Ending, Joined, WorkerEnds
from sim.stream.worker_metrics import MetricsPlace, WorkerMetrics
from sim.stream.worker_pipeline import WorkerParts, compose_worker
from sim.stream.worker_run import WorkerRun

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """What the command line says of a worker.

    Attributes:
        slot: its static membership; None without one.
        model: the folder of its model; None finds the run's.
        run: the one run that it takes part in, after which it ends; None: one after the other.
        metrics: where other systems read its figures; None nowhere.
        child: whether the run has started it, which has seen its servers and ends it: they are waited for.
    """

    slot: str | None = None
    model: Path | None = None
    run: str | None = None
    metrics: MetricsPlace | None = None
    child: bool = False


class Turn(Protocol):
    """When a worker that is a spare takes the slot of one that has died."""

    def ready(self) -> None:
        """Tell that nothing is left to do before it joins."""
        ...

    async def slot(self) -> str:
        """Wait until it is wanted, and return the slot that it takes."""
        ...


class Worker:
    """A worker process.

    Args:
        options: what the command line says.
        link: its end of the control topic.
        check: of each run, before it asks to take part.
        connect: makes the adapters for a run.
        clock: of its pipelines.
        tell: told what happens, a line each.
        turn: when it joins, and in which slot; None: at once, in that of the command line.
    """

    def __init__(
        self,
        options: WorkerOptions,
        link: ControlLink,
        check: Check,
        connect: Connect,
        clock: Clock,
        tell: Callable[[str], object],
        turn: Turn | None = None,
    ) -> None:
        self._options = options
        self._link = link
        self._check = check
        self._connect = connect
        self._clock = clock
        self._identity = Identity.new(options.slot)
        self._tell: Callable[[str], object] = lambda line: tell(f"{self._identity.worker}: {line}")
        self._part: WorkerRun | None = None
        self._turn = turn
        self._metrics = WorkerMetrics(options.metrics, self._tell)
        self._waiting: asyncio.Future[Any] | None = None
        self._interrupted = False

    def interrupt(self) -> None:
        """Ask it to end: to drain where it takes part in a run; asked again it stops draining."""
        self._interrupted = True
        if self._waiting is not None:
            self._waiting.cancel()
        if self._part is not None:
            self._part.interrupt()

    async def run(self) -> int:
        """Take part in runs until there is no more to do; return the exit code.

        Raises:
            InputError: a run does not take this worker, and why; or its figures cannot be served.
        """
        try:
            code = await self._run()
            if code == PASS:  # whoever starts it again need not wait
                self._interrupted = False
                await self._unless_asked(self._metrics.finish())
            return code
        finally:
            self._metrics.close()

    async def _run(self) -> int:
        over: set[str] = set()
        if self._turn is None:
            await self._metrics.open(self._identity.slot)
        self._tell(f"waits for {'a run' if self._options.run is None else f'run {self._options.run}'}")
        while (announce := await self._next_run(over)) is not None:
            ending = await self._take_part(announce)
            over.add(announce.run)
            if ending.code:
                return ending.code
            if ending.asked or self._options.run is not None:
                break
            self._tell("waits for the next run")
        return PASS

    async def _next_run(self, over: set[str]) -> Announce | None:
        """Return the announcement of a run; None when asked to end first."""
        return await self._unless_asked(announced(self._link, self._options.run, over))

    async def _unless_asked(self, waiting: Coroutine[Any, Any, T]) -> T | None:
        """Return what is waited for; None when asked to end first."""
        self._waiting = task = asyncio.create_task(waiting)
        if self._interrupted:
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self._waiting = None
        return None if task.cancelled() else task.result()

    async def _until_wanted(self, announce: Announce, turn: Turn) -> Announce | None:
        """Be a spare until a slot is free; return what the run announced last, None when asked to end first."""
        newest = announce

        async def hear() -> None:
            nonlocal newest
            while True:
                newest = await announced(self._link, announce.run, ())

        hearing = asyncio.create_task(hear())
        gc.collect()
        gc.freeze()  # or it would be done when every moment counts
        turn.ready()
        slot = await self._unless_asked(turn.slot())
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
        if slot is None:
            return None
        self._identity = Identity.new(slot)
        return newest

    async def _take_part(self, announce: Announce) -> Ending:
        link, clock = self._link, self._clock
        check_same(announce)
        await self._check(announce)
        scenario = _scenario(announce)
        loop = asyncio.get_running_loop()
        artifact = await loop.run_in_executor(None, partial(model_for, announce, scenario, self._options.model))
        for line in await loop.run_in_executor(None, make_ready, lambda notice: self._tell(notice.title)):
            self._tell(line)
        slot = model_slot(artifact, scenario.pipeline.thresholds)
        if self._turn is not None:
            newest = await self._until_wanted(announce, self._turn)
            if newest is None:
                return Ending("was asked to end", asked=True)
            announce = newest
        identity = self._identity
        admitted = await join(link, identity, announce, artifact)
        ends = await self._connect(Joined(announce, scenario, identity, artifact, slot.digests.__getitem__, clock))
        telemetry = Telemetry(artifact.reference)
        parts = compose_worker(scenario, artifact, ends, slot, telemetry, clock, by_hand=announce.by_hand)
        await _release(admitted.releases, parts, ends)
        await self._metrics.open(identity.slot)
        self._metrics.begin(scenario.name, scenario.seed, announce.run, identity.worker, telemetry.reference_of)
        self._part = WorkerRun(identity, announce, parts, ends, link, clock, self._tell, self._metrics)
        self._tell(f"takes part in run {announce.run}: {scenario.name}, model {slot.current.digest}")
        if self._interrupted:
            self._part.interrupt()
        try:
            return await self._part.run()
        finally:
            self._part = None


async def _release(folders: Sequence[str], parts: WorkerParts, ends: WorkerEnds) -> None:
    """Let the models in ``folders`` serve one after the other, as they do in workers that were there before.

    They have proved themselves there. All of them are released, so that a rollback finds the one before.

    Raises:
        JoinRefusedError: one of them cannot be used here.
    """
    for folder in folders:
        outcome = await parts.serving.changes.release("joined", Path(folder), verify=False)
        if not outcome.done:
            await ends.epochs.close()
            raise JoinRefusedError(f"this worker cannot serve what its run serves now: {outcome.detail}")


def _scenario(announce: Announce) -> Scenario:
    """Return the scenario of a run; files that it names lie where the run is, and are not looked for here.

    Raises:
        ScenarioError: this program does not understand it.
    """
    name = f"the scenario of run {announce.run}"
    said = yaml.safe_load(announce.scenario)
    elsewhere = ("external=true",) if {"events", "model"} & set(said) else ()
    return parse(announce.scenario, name, elsewhere, files_required=False)
