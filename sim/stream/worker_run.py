"""One run in one worker: the pipeline between its ends, what it is told, what it tells, and how it ends."""

import asyncio
import gc
import os
import time
from collections import deque
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, TypedDict

from actors.core.cancellation import surfacing_in
from actors.core.clock import NS_PER_S, Clock, wall_ns
from actors.core.errors import EscalationError
from actors.telemetry.counters import GcPauses
from actors.telemetry.monitor import resident_memory
from sim.exit_codes import GONE, TRY_AGAIN
from sim.journal import JournalEntry
from sim.steps.step import StepOutcome
from sim.stream.control_link import ControlLink
from sim.stream.control_messages import (
    EVERYONE,
    STATUS_EVERY_S,
    Ack,
    Announce,
    Begin,
    Command,
    Control,
    End,
    InjectFault,
    Leave,
    LiftFault,
    PhaseChange,
    ReleaseModel,
    RollbackModel,
    Status,
)
from sim.stream.membership import Identity
from sim.stream.worker_ends import Ending, WorkerEnds
from sim.stream.worker_faults import CommandedFaults
from sim.stream.worker_metrics import WorkerMetrics
from sim.stream.worker_pipeline import WorkerParts

MOST_ENTRIES: Final = 1_000  # that wait for a status: while the broker is gone nothing is sent
CLOSE_S: Final = 15.0  # the last commit, within the broker's time-out of a transaction and a wait for its return

Tell = Callable[[str], object]
"""Tells people something, in one line."""


class Signed(TypedDict):
    """What every message of a worker begins with."""

    run: str
    process: str
    worker: str


class WorkerRun:
    """Runs the pipeline of one worker until the run ends, it is asked to end, or it can never go on.

    Args:
        identity: which worker this is.
        announce: of the run, which has admitted it.
        parts: the pipeline and what it counts in.
        ends: its adapters.
        link: where it hears of the run and tells how it is.
        clock: of the pipeline.
        tell: told what happens, a line each.
        metrics: told how it is, for other systems.
    """

    def __init__(
        self,
        identity: Identity,
        announce: Announce,
        parts: WorkerParts,
        ends: WorkerEnds,
        link: ControlLink,
        clock: Clock,
        tell: Tell,
        metrics: WorkerMetrics,
    ) -> None:
        self._identity = identity
        self._run = announce.run
        self._signed = Signed(run=announce.run, process=identity.process, worker=identity.worker)
        self._parts = parts
        self._ends = ends
        self._link = link
        self._clock = clock
        self._tell = tell
        self._metrics = metrics
        self._faults = CommandedFaults(parts.faults, clock)
        self._memory = resident_memory()
        self._entries: deque[JournalEntry] = deque(maxlen=MOST_ENTRIES)
        self._told_entries = 0
        self._ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._draining: asyncio.Task[int] | None = None
        self._changes: set[asyncio.Task[None]] = set()
        if announce.begun_ns is not None:
            self._begin(announce.begun_ns)

    def interrupt(self) -> None:
        """Ask it to drain and leave; asked again it stops draining."""
        if not self._ending.done():
            self._ending.set_result(Ending("was asked to end", asked=True))
        elif self._draining is not None:
            self._draining.cancel()

    async def run(self) -> Ending:
        """Decide until it ends, and return how it ended; everything is undone and told then."""
        parts, ends = self._parts, self._ends
        gc.collect()
        gc.freeze()  # as in a run in one process: a collection over all that is there stops the world for 40 ms
        start_ns = self._clock.now_ns()
        parts.telemetry.started_ns = start_ns
        ends.epochs.begin(start_ns)
        pauses = parts.telemetry.gc_pauses = GcPauses(self._clock)
        pauses.start()
        parts.pipeline.start(start_ns)
        helpers = self._helpers()
        try:
            ending = await self._ending
        finally:
            pauses.stop()
            gc.unfreeze()
            for task in helpers:
                task.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            parts.faults.lift_all()
        if ending.fatal:
            await parts.pipeline.abandon()  # none of it can be committed by this process
        else:
            await self._drain()
        status = self._status()
        self._link.send(Leave(**self._signed, why=ending.why, last=status, gone=ending.code == GONE))
        self._metrics.end(status.snapshot, status.faults)
        ledger = status.snapshot.ledger
        self._tell(
            f"left run {self._run}: {ending.why}; {ledger.decided:,} decided, {status.ends.epochs:,} epochs committed"
        )
        return ending

    def _helpers(self) -> list[asyncio.Task[None]]:
        jobs = {
            "control": self._listen(),
            "status": self._report(),
            "lease": self._keep_lease(),
            "pipeline": self._follow_pipeline(),
            "ends": self._follow_ends(),
            "parent": self._follow_parent(),
        }
        tasks = [asyncio.create_task(job, name=name) for name, job in jobs.items()]
        for task in tasks:
            task.add_done_callback(surfacing_in(self._ending))  # it is a bug of ours
        return tasks

    def _end(self, ending: Ending) -> None:
        if not self._ending.done():
            self._ending.set_result(ending)

    async def _drain(self) -> None:
        """Decide what was taken, commit it, and leave the partitions to others."""
        self._ends.epochs.finish()
        pipeline = self._parts.pipeline
        self._draining = asyncio.create_task(pipeline.drain(send_rest=True), name="drain")
        try:
            left = await self._draining
        except asyncio.CancelledError:  # asked to end a second time
            left = await pipeline.abandon()
        if left:
            self._tell(f"{left:,} transactions were decided by default: draining took too long")
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._ends.epochs.close()
        except TimeoutError:
            self._tell("the last epoch could not be committed in time; whoever gets its partitions decides it again")

    # ---------------------------------------------------------------- hearing

    async def _listen(self) -> None:
        while True:
            message = await self._link.receive()
            if message.run == self._run:
                self._hear(message)
            elif isinstance(message, Announce) and self._left_alone():
                self._end(Ending(f"nothing is heard of it any more, and run {message.run} takes workers"))

    def _left_alone(self) -> bool:
        """Return whether whoever began the run is gone, and nothing of it is left to decide."""
        return self._faults.silent and self._ends.epochs.reading().lag == 0

    def _hear(self, message: Control) -> None:
        match message:
            case Announce():
                self._faults.hear()
                if message.begun_ns is not None:
                    self._begin(message.begun_ns)
            case Begin():
                self._begin(message.at_ns)
            case PhaseChange():
                self._tell(f"phase {message.name} has {'ended' if message.ended else 'begun'}")
            case End():
                self._end(Ending(f"the run has ended{message.why and ': '}{message.why}"))
            case InjectFault() | LiftFault() if self._is_for_me(message):
                self._answer(message, self._faults.obey(message))
            case ReleaseModel() | RollbackModel() if self._is_for_me(message):
                self._start(self._change(message))
            case _:  # of other workers, or for them
                pass

    def _is_for_me(self, command: Command) -> bool:
        return command.process in (EVERYONE, self._identity.process)

    def _begin(self, begun_ns: int) -> None:
        """Count the run's seconds from wall time ``begun_ns``."""
        self._parts.journal.begin(self._clock.now_ns() - (wall_ns() - begun_ns))

    def _start(self, change: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(change, name="model change")
        self._changes.add(task)
        task.add_done_callback(self._changes.discard)
        task.add_done_callback(surfacing_in(self._ending))

    async def _change(self, command: ReleaseModel | RollbackModel) -> None:
        changes, before = self._parts.serving.changes, self._parts.slot.current.digest
        if isinstance(command, RollbackModel):
            outcome = await changes.roll_back(command.step)
        else:
            outcome = await changes.release(command.step, Path(command.folder), verify=command.verify)
        self._answer(command, outcome, before)

    # ---------------------------------------------------------------- telling

    def _answer(self, command: Command, outcome: StepOutcome, replaced: str = "") -> None:
        done, detail = outcome
        self._link.send(Ack(**self._signed, number=command.number, done=done, detail=detail, replaced=replaced))

    async def _report(self) -> None:
        while True:
            status = self._status()
            self._link.send(status)
            self._metrics.tell(status.snapshot, status.faults)
            await self._clock.sleep_ns(round(STATUS_EVERY_S * NS_PER_S))

    def _status(self) -> Status:
        parts = self._parts
        now_ns = self._clock.now_ns()
        model = parts.slot.current
        gauges = parts.pipeline.gauges(None, model.digest, model.engine.kind)
        memory = None if self._memory is None else self._memory(now_ns)
        entries = parts.journal.entries
        new, self._told_entries = entries[self._told_entries :], len(entries)
        return Status(
            **self._signed,
            at_ns=wall_ns(),
            snapshot=parts.telemetry.snapshot(now_ns, gauges, memory),
            ends=self._ends.epochs.reading(),
            processor_s=time.process_time(),
            faults=parts.faults.records(),
            entries=tuple(new[-MOST_ENTRIES:]),
        )

    # ---------------------------------------------------------------- following

    async def _keep_lease(self) -> None:
        while True:
            lifted = ", ".join(await self._faults.keep_lease())
            self._tell(f"lifted {lifted}: nothing was heard of run {self._run} for a while")

    async def _follow_pipeline(self) -> None:
        try:
            await self._parts.pipeline.finished()
        except EscalationError as error:
            self._end(Ending(f"escalated: {error}", code=TRY_AGAIN))
        else:
            self._end(Ending("its source has ended"))

    async def _follow_ends(self) -> None:
        self._end(await self._ends.epochs.failed())

    async def _follow_parent(self) -> None:
        """End when whoever started this process is gone, and with it the run: nobody else would end it."""
        parent = os.getppid()
        while os.getppid() == parent or not self._left_alone():
            await self._clock.sleep_ns(NS_PER_S)
        self._end(Ending("nothing is heard of it any more, and whoever started this worker is gone", asked=True))
