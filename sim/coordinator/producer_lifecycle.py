"""The producing half of a run alone: it sends, open loop, and follows how far workers are, and reads no decision."""

import asyncio
import gc
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from actors.core.arrays import I64, U8
from actors.core.cancellation import surfacing_in
from actors.core.clock import NS_PER_S, Clock, wall_ns
from actors.core.errors import EscalationError, MachineError
from actors.telemetry.stages import Stage
from actors.telemetry.telemetry import Telemetry
from sim.coordinator.producer_parts import ProducerParts
from sim.coordinator.remote_pipeline import LEAVE_S, RECOVERY_S
from sim.coordinator.stream_workers import StreamWorkers
from sim.coordinator.waiting import all_done, first_of
from sim.exit_codes import FAILED, INTERRUPTED, PASS
from sim.journal import Journal, JournalEntry
from sim.run.plan import Plan
from sim.scenario.timeline import duration_ns

TOLD_EVERY_S: Final = 5.0
LOOKED_EVERY_S: Final = 0.5

Say = Callable[[str], object]
"""Tells people something, in one line."""


class NoTruths:
    """Counts transactions: nobody here holds decisions against what is true.

    Attributes:
        count: how many there were.
    """

    def __init__(self) -> None:
        self.count = 0

    def book(self, event_us: I64, truth: U8) -> None:
        """Count them."""
        del truth
        self.count += len(event_us)


class ProducerLifecycle:
    """Produces one run. The first `interrupt` drains, the second stops waiting.

    Args:
        plan: what is produced.
        own: what produces it.
        workers: who decides.
        telemetry: what is counted here and by workers.
        journal: of the run.
        clock: of the run.
        say: told how it goes.
    """

    def __init__(
        self,
        plan: Plan,
        own: ProducerParts,
        workers: StreamWorkers,
        telemetry: Telemetry,
        journal: Journal,
        clock: Clock,
        say: Say,
    ) -> None:
        self._plan = plan
        self._own = own
        self._workers = workers
        self._telemetry = telemetry
        self._journal = journal
        self._clock = clock
        self._say = say
        loop = asyncio.get_running_loop()
        self._asked: asyncio.Future[None] = loop.create_future()
        self._hurried: asyncio.Future[None] = loop.create_future()
        self._failed: asyncio.Future[None] = loop.create_future()
        self._lag: int | None = None

    def interrupt(self) -> None:
        """Ask it to send nothing more and to wait for the workers; asked again, not to wait."""
        pressed = self._hurried if self._asked.done() else self._asked
        if not pressed.done():
            pressed.set_result(None)

    async def run(self) -> int:
        """Send everything, wait until workers have decided it, and return the exit code."""
        own = self._own
        gc.collect()
        gc.freeze()  # as in a run that judges: a collection over all that is there makes transactions late
        start_ns = self._clock.now_ns()
        wall_less_clock_ns = wall_ns() - start_ns
        self._telemetry.started_ns = start_ns
        self._journal.begin(start_ns)
        own.event_time.begin(start_ns)
        own.sending.start_at(start_ns, wall_less_clock_ns)
        self._workers.begin(start_ns + wall_less_clock_ns)
        helpers = [
            asyncio.create_task(job, name=name)
            for name, job in {
                "faults": own.faults.run(),
                "steps": own.steps.run(),
                "refresher": own.refresher.run(),
                "lag": self._follow_lag(),
                "progress": self._tell_progress(),
                "workers": self._workers.given_up(),
            }.items()
        ]
        for task in helpers:
            task.add_done_callback(surfacing_in(self._failed))  # it is a bug of ours, which must not go unseen
        try:
            escalated = await self._send()
            self._tell_sent()
            undecided = await self._until_decided()
        finally:
            for task in helpers:
                task.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            own.faults.lift_all()
            gc.unfreeze()
        escalated = escalated or self._hopeless()
        await self._workers.end("" if not undecided else "the producer waits no longer", LEAVE_S, settled=not undecided)
        return self._conclude(undecided, escalated)

    # ---------------------------------------------------------------- sending

    async def _send(self) -> str:
        """Send what is due until the end of the plan or an interrupt; return why it could not go on, "" if it could."""
        sending = self._own.sending
        both = asyncio.gather(sending.produce(), sending.send())
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._planned_s()):
                    await first_of([both, self._asked, self._failed])
            if self._failed.done():
                return ""
            if self._asked.done():
                self._journal.add("interrupted", detail="nothing more is sent; waiting for the workers")
                self._own.faults.lift_all()  # a producer that hangs could not end
                sending.stop()
            else:
                sending.finish()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._limit_s):
                    await first_of([both, self._hurried, self._failed])
            if both.done():
                both.result()
        except EscalationError as error:
            return str(error)
        finally:
            both.cancel()
            await asyncio.gather(both, return_exceptions=True)
        return ""

    def _hopeless(self) -> str:
        """Return why the workers can decide nothing more, "" if they can.

        Raises:
            Exception: what ended a helper of this one.
        """
        try:
            if self._failed.done():
                self._failed.result()
        except EscalationError as error:
            return str(error)
        return ""

    def _planned_s(self) -> float | None:
        planned_ns = duration_ns(self._plan.scenario)
        return None if planned_ns is None else planned_ns / NS_PER_S

    @property
    def _limit_s(self) -> float:
        """How long brokers and workers have at the end."""
        return self._plan.scenario.pipeline.drain_timeout_ns / NS_PER_S + RECOVERY_S

    # ---------------------------------------------------------------- following

    async def _follow_lag(self) -> None:
        """Ask again and again how many transactions are undecided."""
        while True:
            with suppress(MachineError):  # it is asked again, and the last answer stays
                self._lag = await self._asked_lag()
            await asyncio.sleep(LOOKED_EVERY_S)

    async def _asked_lag(self) -> int:
        """Return how many transactions are not decided.

        Raises:
            MachineError: no broker says.
        """
        workers = self._workers
        return await asyncio.to_thread(workers.topics.lag, workers.run, workers.starts)

    async def _until_decided(self) -> int:
        """Wait until workers have decided everything; return how many they have not, when it is waited no longer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limit_s):
                while not self._failed.done() and await self._undecided():
                    if await all_done([self._hurried], LOOKED_EVERY_S):
                        break
        return await self._undecided()

    async def _undecided(self) -> int:
        """Return how many are on their way, or not decided; never 0 where no broker says so now."""
        sender = self._workers.sender
        await sender.hear()
        waiting = sender.unacknowledged + self._own.sending.held
        if waiting:
            return waiting + (self._lag or 0)
        try:
            self._lag = await self._asked_lag()
        except MachineError:
            return max(1, self._lag or 0)
        return self._lag

    # ---------------------------------------------------------------- telling

    async def _tell_progress(self) -> None:
        total = self._plan.load.expected_count
        while True:
            await asyncio.sleep(TOLD_EVERY_S)
            ledger, unsent = self._telemetry.ledger, self._own.sending.unsent()
            workers, lag = len(self._workers.group.live), self._lag
            behind = "" if lag is None else f", {lag:,} undecided"
            silent_s, _ = self._workers.silent_s()
            lost = f"; Kafka has not answered for {silent_s:.0f} s" if silent_s else ""
            sent = f"{ledger.offered - unsent:,} of about {total:,} sent, {unsent:,} late and unsent"
            self._say(f"{self._now_s():6.1f} s  {sent}{behind}, {workers} worker{'' if workers == 1 else 's'}{lost}")

    def _now_s(self) -> float:
        return (self._clock.now_ns() - self._journal.start_ns) / NS_PER_S

    def _tell_sent(self) -> None:
        """Say what was sent, and how late."""
        unsent, sender = self._own.sending.unsent(), self._workers.sender
        late = self._telemetry.stages[Stage.LATENESS].counts()
        count = self._telemetry.ledger.offered - unsent
        self._say(f"sent {count:,} transactions in {self._now_s():.1f} s, {unsent:,} were due and are unsent")
        if count:
            p50, p99, most = late.percentile_us(50.0) or 0, late.percentile_us(99.0) or 0, late.max_us or 0
            self._say(f"lateness p50 {p50 / 1e3:.2f} ms, p99 {p99 / 1e3:.2f} ms, most {most / 1e3:.2f} ms")
        if sender.refused:
            self._say(f"{sender.refused:,} of them were refused by the brokers: {sender.refusal}")

    def _conclude(self, undecided: int, escalated: str) -> int:
        """Say what became of faults, steps and transactions; return the exit code."""
        for fault in self._own.faults.records():
            self._say(f"fault {fault.name}: {fault.state}, touched {fault.touched_count:,} {fault.touches}")
        for step in self._own.steps.records():
            self._say(f"step {step.name}: {step.state}{step.detail and ': '}{step.detail}")
        for why in self._workers.group.refused:
            self._say(f"a worker was refused: {why}")
        run, topic = self._workers.run, self._workers.request.places.stream.topics.decisions
        if escalated:
            self._say(f"given up: {escalated}")
        if undecided:
            remedy = f"another run on this stream has to give them up with --discard {run}"
            self._say(f"undecided: {undecided:,} transactions of run {run}; {remedy}")
        else:
            self._say(f"all that was sent is decided; run {run} has ended, its decisions are in {topic}")
        if self._asked.done():
            return INTERRUPTED
        unsent = self._own.sending.unsent()
        return FAILED if undecided or escalated or unsent or self._workers.sender.refused else PASS


def journal_line(entry: JournalEntry) -> str:
    """Return what a journal's entry is for people."""
    return "  ".join(filter(None, (f"{entry.at_s:6.1f} s", entry.kind.replace("_", " "), entry.name, entry.detail)))
