"""One run on one event loop: from the first transaction to the last decision, and taking stock at the end."""

import asyncio
import contextlib
import gc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from actors.core.cancellation import surfacing_in
from actors.core.clock import NS_PER_S, Clock
from actors.core.errors import EscalationError
from actors.telemetry.counters import GcPauses
from actors.telemetry.latency_log import INTERVAL_S, LatencyLog, Writable
from actors.telemetry.snapshot import Quality, Snapshot
from actors.telemetry.window import Window
from dashboard.frame import Frame
from sim.faults.fault import FaultRecord
from sim.judging.abort import Aborted, AbortWatch
from sim.judging.alert_grades import AlertGrades
from sim.judging.judge import Judge
from sim.judging.result import ExpectationResult, skipped
from sim.judging.verdict import OfferedLoad, Verdict, doubts, judge, metrics_read, offered_load, remarks
from sim.operator.blindfold import Blindfold
from sim.operator.incident import Incident
from sim.operator.operator import BY, Operator, RunControls
from sim.operator.refusals import refusal
from sim.outcomes.money import Outcomes
from sim.outcomes.quality_tracker import quality_during
from sim.run.model_watch import ModelWatch
from sim.run.plan import Plan, SyntheticLoad, planned_ns
from sim.run.watch import AnyScreen, Watch, tick_s
from sim.run_parts import RunParts
from sim.scenario.timeline import Span, cut, duration_ns, phase_spans, span_of, spans
from sim.steps.registry import MOST_TIMES
from sim.steps.step import StepRecord

PUT_AWAY_NS = NS_PER_S // 2  # of a burst of 60,000/s 3 MB, a part of each array that is worth a call
LOGGED_TICKS = 10  # ticks that an interval of the latency log covers in a run of hours: 240 intervals in all

EndReason = Literal["ended", "resolved", "interrupted", "escalated", "aborted"]


@dataclass(frozen=True, slots=True)
class RunEnd:
    """What is left of a run.

    Attributes:
        first: snapshot at the start.
        final: snapshot after the drain.
        elapsed_ns: run time until the drain began.
        arrivals: how the load arrived.
        outcomes: every decision with its truth.
        grades: how the alerts did.
        frame: the last picture.
        left_count: transactions that the drain left, decided by default.
        remarks: what should be known beside the verdict, one line each.
        interrupted: whether someone ended it before its time.
        incident: of a blind drill.
        aborted: why it was ended early; None if no condition of ``abort_on`` held.
    """

    first: Snapshot
    final: Snapshot
    elapsed_ns: int
    arrivals: OfferedLoad
    expectations: tuple[ExpectationResult, ...]
    faults: tuple[FaultRecord, ...]
    steps: tuple[StepRecord, ...]
    verdict: Verdict
    outcomes: Outcomes
    grades: AlertGrades
    frame: Frame
    left_count: int
    remarks: tuple[str, ...]
    interrupted: bool = False
    incident: Incident | None = None
    aborted: Aborted | None = None


class RunLifecycle:
    """Runs one plan. The first `interrupt` drains, the second stops draining.

    Attributes:
        judge: of the expectations.
        operator: does what is asked at the screen.
        watch: the monitor and its listeners.

    Args:
        plan: what to run.
        parts: the pipeline and its surroundings.
        clock: the run's clock.
        screen: what is shown while it runs.
        latency_log: where interval histograms go.
        memory: gives resident memory; None on a virtual clock.
    """

    def __init__(
        self,
        plan: Plan,
        parts: RunParts,
        clock: Clock,
        screen: AnyScreen,
        latency_log: Writable,
        memory: Callable[[int], int] | None,
    ) -> None:
        self._plan = plan
        self._parts = parts
        self._clock = clock
        self._end: asyncio.Future[EndReason] = asyncio.get_running_loop().create_future()
        self.judge = Judge(plan.scenario, parts.telemetry.reference_of, self.quality_of)
        self._incident = None if plan.blind is None else self._make_incident(plan.blind)
        asked = RunControls(
            plan.scenario,
            planned_ns(plan.scenario, plan.load),
            refusal(plan.clock, interactive=plan.scenario.interactive),
            self.interrupt,
            self._end.done,
            self._acknowledge,
            plan.load.spec.phases if isinstance(plan.load, SyntheticLoad) else (),
            self._incident,
            1 + plan.load.mirrors if isinstance(plan.load, SyntheticLoad) else MOST_TIMES,
            self._measure,
        )
        self.operator = Operator(asked, parts, clock)
        self.watch = Watch(plan, parts, self.judge, clock, screen, memory, self.operator)
        self.watch.monitor.alert_listeners.append(parts.steps.alert_signal.hear)
        self._abort = AbortWatch(plan.scenario)
        self.watch.monitor.listeners.append(self._hear_tick)
        self._latency_log = LatencyLog(latency_log, plan.started_epoch_s, max(INTERVAL_S, LOGGED_TICKS * tick_s(plan)))
        self.watch.monitor.listeners.append(self._latency_log)
        self._measuring: set[asyncio.Task[None]] = set()
        self._draining: asyncio.Task[int] | None = None
        self._hurried = False
        self._stopped_draining = False
        self._escalated = ""
        self._start_ns = 0

    def _hear_tick(self, _: Snapshot, recent: Window) -> None:
        if not self._end.done() and self._abort.holds(recent):
            self._end_with("aborted")

    def _acknowledge(self, alert: str, by: str) -> bool:
        return self.watch.monitor.acknowledge(alert, by)

    def _make_incident(self, blind: Blindfold) -> Incident:
        parts = self._parts
        return Incident(
            parts.faults.records,
            lambda: (self._clock.now_ns() - self._start_ns) / NS_PER_S,
            lambda: self._end_with("resolved"),
            lambda what, detail: parts.journal.add(BY, what, detail),
            blind.aliases(self._plan.scenario),
        )

    def interrupt(self) -> None:
        """Ask to drain; ask again, or while it drains, to stop draining. Safe to call from a signal handler."""
        if not self._end.done():
            self._end.set_result("interrupted")
            return
        self._hurried = True
        if self._draining is not None:
            self._draining.cancel()

    async def run(self) -> RunEnd:
        """Run to the end and return what is left. Faults are lifted and files flushed whatever happens."""
        parts = self._parts
        self._count_pauses()
        helpers: list[asyncio.Task[None]] = []
        listening = contextlib.ExitStack()
        try:
            helpers = self._start()
            listening.enter_context(self.watch.listening())
            elapsed_ns, arrivals, left_count = await self._until_drained()
        finally:
            listening.close()
            helpers += self._measuring
            for task in helpers:
                task.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            parts.faults.lift_all()
            parts.steps.stop()
            if parts.telemetry.gc_pauses is not None:
                parts.telemetry.gc_pauses.stop()
            gc.unfreeze()  # or the next run in this process would find the remains of this one, and keep them for ever
        return self._take_stock(elapsed_ns, arrivals, left_count)

    def _start(self) -> list[asyncio.Task[None]]:
        """Start everything at one instant, from which the run's time counts."""
        parts = self._parts
        gc.collect()
        gc.freeze()  # what is there now stays: a full collection over it would stop the world for 40 ms
        self._start_ns = self._clock.now_ns()
        parts.begin(self._start_ns)
        parts.journal.add("run_started", self._plan.scenario.name, at_ns=self._start_ns)
        if self._plan.artifact.fallback:
            parts.journal.add("engine_fallback", detail=self._plan.artifact.fallback)
        parts.pipeline.start(self._start_ns)
        jobs = {
            "marks": self._mark(),
            "monitor": self.watch.monitor.run(),
            "faults": parts.faults.run(),
            "steps": parts.steps.run(),
            "phases": self._announce_phases(),
            "plan": self._follow_plan(),
            "pipeline": self._follow_pipeline(),
        }
        if self._plan.clock == "real":
            jobs["put away"] = self._put_away()
            watch = ModelWatch(self._plan.artifact.folder, self._plan.folder, parts.model_changes, self._clock)
            jobs["models"] = watch.run()
        if parts.paced:
            jobs["refresher"] = parts.refresher.run()
        tasks = [asyncio.create_task(job, name=name) for name, job in jobs.items()]
        for task in tasks:
            task.add_done_callback(surfacing_in(self._end))  # it is a bug of ours
        return tasks

    def _count_pauses(self) -> None:
        if self._plan.clock == "real":
            self._parts.telemetry.gc_pauses = GcPauses(self._clock)
            self._parts.telemetry.gc_pauses.start()

    async def _until_drained(self) -> tuple[int, OfferedLoad, int]:
        """Wait for the end of the run, natural or not, then drain. Return when it began and what it left."""
        reason = await self._end
        elapsed_ns = self._clock.now_ns() - self._start_ns
        arrivals = offered_load(self.watch.monitor.tick())
        self.watch.state = "draining"
        journal = self._parts.journal
        if reason in ("interrupted", "escalated", "aborted"):
            aborted = self._abort.aborted
            journal.add(reason, detail=self._escalated if aborted is None else f"{aborted.by}: {aborted.seen}")
        if reason in ("interrupted", "resolved", "aborted") and not self._hurried:
            self._parts.faults.lift_all()  # an actor that hangs could not drain, and whoever waits wants the end
        left_count = await self._drain(send_rest=reason == "ended")
        journal.add("drained", detail=f"{left_count:,} transactions decided by default" if left_count else "")
        return elapsed_ns, arrivals, left_count

    async def _drain(self, *, send_rest: bool) -> int:
        pipeline = self._parts.pipeline
        self._draining = asyncio.create_task(pipeline.drain(send_rest=send_rest), name="drain")
        if self._hurried:  # asked for twice before it began
            self._draining.cancel()
        try:
            return await self._draining
        except asyncio.CancelledError:  # the second Ctrl-C
            self._stopped_draining = True
            return await pipeline.abandon()

    async def _follow_plan(self) -> None:
        """End the run at its planned end."""
        planned_ns = duration_ns(self._plan.scenario)
        if planned_ns is not None:
            await self._clock.sleep_until_ns(self._start_ns + planned_ns)
            self._end_with("ended")

    async def _follow_pipeline(self) -> None:
        """End the run when the pipeline is done and nothing else is planned, or when it is given up."""
        try:
            await self._parts.pipeline.finished()
        except EscalationError as error:
            self._escalated = str(error)
            self._end_with("escalated")
        else:
            if duration_ns(self._plan.scenario) is None:
                self._end_with("ended")

    def _end_with(self, reason: "EndReason") -> None:
        if not self._end.done():
            self._end.set_result(reason)

    async def _mark(self) -> None:
        """Take a snapshot at each instant that an expectation is measured from or to."""
        for at_ns, mark in self.judge.instants():
            if mark:
                await self._mark_at(at_ns)
            else:
                await self._clock.sleep_until_ns(self._start_ns + at_ns)
                if not self._ended_early:
                    self.judge.look(at_ns, self.watch.monitor.look())

    async def _mark_at(self, at_ns: int) -> None:
        await self._clock.sleep_until_ns(self._start_ns + at_ns)
        if not self._ended_early:
            self.judge.mark(at_ns, self.watch.monitor.tick())

    @property
    def _ended_early(self) -> bool:
        """Whether it drains before its planned end: what would begin or end meanwhile has not been."""
        end = self._end
        return end.done() and end.exception() is None and end.result() != "ended"

    def _measure(self, at_ns: int) -> None:
        """Have a snapshot taken ``at_ns`` after the start too, between which and another one something is measured."""
        task = asyncio.create_task(self._mark_at(at_ns), name="mark")
        self._measuring.add(task)
        task.add_done_callback(self._measuring.discard)

    async def _put_away(self) -> None:
        """Keep memory flat: what is settled goes to files, behind the back of what is measured."""
        while True:
            await self._clock.sleep_ns(PUT_AWAY_NS)
            self._parts.put_away()

    async def _announce_phases(self) -> None:
        """Write into the journal when phases start and end."""
        journal = self._parts.journal
        for name, span in phase_spans(self._plan.scenario).items():
            await self._clock.sleep_until_ns(self._start_ns + span.start_ns)
            journal.add("phase_started", name)
            if span.end_ns is not None:
                await self._clock.sleep_until_ns(self._start_ns + span.end_ns)
                journal.add("phase_ended", name)

    def _take_stock(self, elapsed_ns: int, arrivals: OfferedLoad, left_count: int) -> RunEnd:
        """Judge the run, now that everything is decided and every label is known."""
        parts, watch = self._parts, self.watch
        interrupted = self._end.result() == "interrupted" or self._stopped_draining
        watch.state = "interrupted" if interrupted else "finished"
        final = watch.monitor.tick()
        self._latency_log.finish(final)
        expectations = self._judged(final, elapsed_ns) + self._not_judged()
        faults, steps = parts.faults.records(), parts.steps.records()
        if self._resolved:
            faults = tuple(each for each in faults if each.injected_at_s is not None)
        read = metrics_read(self._plan.scenario.expect)
        aborted = self._abort.aborted
        verdict = judge(
            expectations,
            faults,
            arrivals,
            steps=steps,
            empty=tuple(doubts(final.ledger, read)),
            imbalances=final.ledger.imbalances,
            broken=(*([str(aborted)] if aborted else []), *parts.failures()),
            escalated=self._escalated,
            interrupted=interrupted,
        )
        parts.journal.add("run_ended", verdict.verdict)
        noted = (
            *self.operator.remarks(),
            *remarks(final.decided_by_mode, expectations, read),
            *parts.remarks(),
        )
        outcomes = parts.book.outcomes()
        grades = watch.grader.grades()
        watch.conclude(outcomes, noted, grades)
        return RunEnd(
            first=watch.monitor.first or final,
            final=final,
            elapsed_ns=elapsed_ns,
            arrivals=arrivals,
            expectations=expectations,
            faults=faults,
            steps=steps,
            verdict=verdict,
            outcomes=outcomes,
            grades=grades,
            remarks=noted,
            interrupted=interrupted or self._resolved,
            incident=self._incident,
            aborted=aborted,
            frame=watch.frame(verdict.verdict, expectations),
            left_count=left_count,
        )

    @property
    def _resolved(self) -> bool:
        """Whether the operator of a drill has said that the incident is over."""
        return self._end.done() and self._end.result() == "resolved"

    def _judged(self, final: Snapshot, elapsed_ns: int) -> tuple[ExpectationResult, ...]:
        """Return how each expectation ended; the end of an incident is the end of the run, and what it cuts skipped."""
        scenario = self._plan.scenario
        planned_ns = duration_ns(scenario)
        if not self._resolved or planned_ns is None or elapsed_ns >= planned_ns:
            return self.judge.finish(final, elapsed_ns)
        known = spans(scenario)
        reached = (planned_ns, *(at_ns for at_ns in self.judge.marks if at_ns <= elapsed_ns))
        left = cut(scenario, max(1, elapsed_ns)).not_judged
        later = {each.name for each in scenario.expect if each in left}
        later |= {each.name for each in scenario.expect if span_of(each, scenario, known).end_ns not in reached}
        results = self.judge.finish(final, planned_ns)
        skips = {each.name: skipped(each) for each in scenario.expect if each.name in later}
        return tuple(skips.get(each.name, each) for each in results)

    def _not_judged(self) -> tuple[ExpectationResult, ...]:
        cut = self._plan.cut
        return () if cut is None else tuple(map(skipped, cut.not_judged))

    def quality_of(self, span: Span) -> Quality | None:
        """Return how good the decisions of a span were, once every label is out."""
        if not self._plan.load.labelled:
            return None
        deadline_ns = self._plan.scenario.pipeline.scorer.deadline_ns
        return quality_during(self._parts.book, span.start_ns, span.end_ns, deadline_ns)
