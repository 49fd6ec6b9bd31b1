"""A plan carried out: event loop, feed, signals, lifecycle of the run, and the folder it leaves behind."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial

import msgspec

from actors.core.clock import NS_PER_S
from actors.core.errors import OutputError
from actors.telemetry.monitor import Monitor
from dashboard.frame import Frame
from sim.clocks.calibration_file import digest
from sim.clocks.event_loop import loop_factory, run_interruptibly
from sim.clocks.virtual_loop import VirtualLoop
from sim.exit_codes import USAGE
from sim.journal import Journal, JournalEntry
from sim.metrics_endpoint.told import Readers, RunTold
from sim.operator.as_played import as_played, played_spans
from sim.operator.incident import Incident
from sim.report import run_folder as files
from sim.report.figures import Finished, summarise
from sim.report.jsonl import AlertLine, JsonLines, PatientLines, TextLines
from sim.report.junit import junit
from sim.report.provenance import git_commit, machine_name, versions
from sim.report.run_folder import RunFolder
from sim.report.series import INTERVAL_S, Header, SeriesLog
from sim.report.summary import Summary, summary_text
from sim.run.composition import NO_ATTACHMENTS, Attachments, compose_run
from sim.run.lifecycle import RunEnd, RunLifecycle
from sim.run.machine import Machine, real_machine, virtual_machine
from sim.run.output import Output
from sim.run.plan import Plan, planned_ns
from sim.run.watch import AnyScreen, tick_s
from sim.run_parts import RunParts
from sim.scenario.render import digest as scenario_digest
from sim.scenario.render import resolved
from sim.scenario.timeline import Span
from sim.signals import drained_by


@dataclass(frozen=True, slots=True)
class Result:
    """What a run comes to.

    Attributes:
        frame: the last picture.
        problems: files that are not whole, one line each.
        written: whether the summary is in the folder, and the folder where it was.
        losses: what happened to processes that helped, one line each.
        journal: what happened in the run, in order.
        incident: of a blind drill; None in any other run.
        hurried: whether someone has pressed Ctrl-C since it ended, while its files were written.
    """

    summary: Summary
    frame: Frame
    problems: tuple[str, ...]
    written: bool = True
    losses: tuple[str, ...] = ()
    journal: Sequence[JournalEntry] = ()
    incident: Incident | None = None
    hurried: bool = False

    @property
    def exit_code(self) -> int:
        """The verdict's; a run that passed and whose summary nobody can read has not ended well."""
        return self.summary.exit_code if self.written else self.summary.exit_code or USAGE


Compose = Callable[[Plan, Machine, Journal, Attachments], Awaitable[RunParts]]
"""Puts a run together, ready to begin; files that it opened are closed if it raises."""


async def composed(plan: Plan, machine: Machine, journal: Journal, attachments: Attachments) -> RunParts:
    """Put a run together whose pipeline is in this process."""
    parts = compose_run(plan, machine, journal, attachments)
    try:
        await parts.source.prime()
    except BaseException:
        parts.close()
        raise
    return parts


def execute(
    plan: Plan,
    folder: RunFolder,
    screen: AnyScreen,
    attachments: Attachments = NO_ATTACHMENTS,
    compose: Compose = composed,
) -> Result:
    """Run ``plan``, write its folder, return what it comes to; ``attachments`` are attached to it.

    What an earlier run left in the folder is removed first. ``compose`` puts the run together, here or elsewhere.

    Raises:
        OutputError: a file of the folder cannot be created.
        ArtifactError: the model's state cannot be read.
    """
    folder.clear()
    if plan.blind is None:
        _write_scenario(plan, folder)
    on_real_clock = plan.clock == "real"
    machine = real_machine if on_real_clock else virtual_machine
    work = partial(_run, plan, folder, screen, attachments, machine, compose)
    return run_interruptibly(loop_factory() if on_real_clock else VirtualLoop, work)


async def _run(
    plan: Plan,
    folder: RunFolder,
    screen: AnyScreen,
    attachments: Attachments,
    make_machine: Callable[[Plan], Machine],
    compose: Compose,
) -> Result:
    machine = make_machine(plan)
    machine = replace(machine, work=attachments.work(machine.work, machine.clock))
    try:
        return await _run_on(machine, plan, folder, screen, attachments, compose)
    finally:
        machine.close()


async def _run_on(
    machine: Machine, plan: Plan, folder: RunFolder, screen: AnyScreen, attachments: Attachments, compose: Compose
) -> Result:
    clock = machine.clock
    journal_lines, alert_lines = JsonLines(folder.file(files.JOURNAL)), JsonLines(folder.file(files.ALERTS))
    latency_lines = PatientLines(folder.file(files.LATENCY))
    own_lines: tuple[PatientLines, ...] = (journal_lines, alert_lines, latency_lines)
    told = _Told(plan, folder, journal_lines, alert_lines)
    journal = Journal(clock, told.add)
    with ExitStack() as opened:
        for lines in own_lines:
            opened.callback(lines.close)
        parts = await compose(plan, machine, journal, attachments)
        opened.callback(parts.close)
        for lines in own_lines:
            lines.through(parts.faults.wrap_file)
        lifecycle = RunLifecycle(plan, parts, clock, screen, TextLines(latency_lines), machine.memory)
        course: SeriesLog | None = None
        if plan.reported:
            # Faults of the disk do not strike it: it is about them, and owes its figures to no one else's.
            series_lines = opened.enter_context(closing(JsonLines(folder.file(files.SERIES))))
            own_lines = (*own_lines, series_lines)
            course = _course_of(plan, parts, lifecycle.watch.monitor, series_lines)
        attachments.alerts(lifecycle.watch.alerts)
        teller = _teller(plan, parts, lifecycle, attachments.readers)
        lifecycle.watch.monitor.alert_listeners.append(
            lambda event: told.add_alert(AlertLine.of(event, journal.start_ns))
        )
        loop = asyncio.get_running_loop()
        with drained_by(partial(loop.call_soon_threadsafe, lifecycle.interrupt)) as presses:
            folder.begin()
            problems: list[str] = []
            try:
                ended = await lifecycle.run()
            finally:
                told.tell(problems)
            if course is not None:
                course.finish(ended.final)
            for lines in own_lines:
                lines.flush()
            # Who presses Ctrl-C now wants the run to end, not to lose its summary; labels in the log may be missing.
            hurried = partial(presses.more_than, presses.count)
            output = Output(folder, parts, own_lines, hurried)
            result = _report(plan, output, lifecycle, ended, (*machine.losses(), *problems))
            if teller is not None:
                teller.end(ended.final, result.summary.verdict, lifecycle.quality_of(Span(0, None)))
            return replace(result, hurried=hurried())


def _teller(plan: Plan, parts: RunParts, lifecycle: RunLifecycle, readers: Readers | None) -> RunTold | None:
    """Return what tells ``readers`` at each tick; None without any."""
    if readers is None:
        return None
    teller = RunTold(readers, plan.scenario, parts, lambda: lifecycle.watch.state, tick_s(plan))
    lifecycle.watch.monitor.listeners.append(teller.hear)
    return teller


def _course_of(plan: Plan, parts: RunParts, monitor: Monitor, lines: JsonLines) -> SeriesLog:
    """Return what writes the course of a run to ``lines`` from the first tick on."""
    blind, length_ns = plan.blind is not None, planned_ns(plan.scenario, plan.load)
    header = Header(
        scenario="" if blind else plan.scenario.name,
        digest="" if blind else scenario_digest(plan.scenario),
        clock=plan.clock,
        seed=plan.scenario.seed,
        model=plan.artifact.manifest.digest,
        planned_s=None if length_ns is None else length_ns / NS_PER_S,
        interval_s=max(INTERVAL_S, tick_s(plan)),
        overrides=() if blind else plan.overrides,
        machine=machine_name(),
    )

    def processes() -> int:
        return sum(worker.state == "live" for worker in parts.worker_rows())

    course = SeriesLog(lines, header, processes)
    monitor.listeners.append(course)
    return course


def _write_scenario(plan: Plan, folder: RunFolder) -> None:
    """Write the scenario as it is run, and as it was written where a report will show it.

    Raises:
        OutputError: it cannot be.
    """
    folder.write(files.SCENARIO, resolved(plan.scenario))
    if plan.reported and plan.written:
        folder.write(files.AS_WRITTEN, plan.written)


class _Told:
    """What a run tells of itself in its folder while it lasts; in a blind drill nothing that gives it away.

    Args:
        plan: what is run.
        folder: of the run.
        journal: the file.
        alerts: the file.
    """

    def __init__(self, plan: Plan, folder: RunFolder, journal: JsonLines, alerts: JsonLines) -> None:
        self._plan = plan
        self._folder = folder
        self._journal = journal
        self._alerts = alerts
        self._hidden: list[tuple[JsonLines, msgspec.Struct]] | None = None if plan.blind is None else []

    def add(self, entry: JournalEntry) -> None:
        """Take an entry of the journal."""
        self._add(self._journal, entry)

    def add_alert(self, line: AlertLine) -> None:
        """Take what an alert did."""
        self._add(self._alerts, line)

    def _add(self, lines: JsonLines, document: msgspec.Struct) -> None:
        if self._hidden is None:
            lines.add(document)
        else:
            self._hidden.append((lines, document))

    def tell(self, problems: list[str]) -> None:
        """Write what was hidden so far, now that the run is over; what cannot be is a line in ``problems``."""
        if self._hidden is None:
            return
        hidden, self._hidden = self._hidden, None
        for lines, document in hidden:
            lines.add(document)
        try:
            _write_scenario(self._plan, self._folder)
        except OutputError as error:
            problems.append(str(error))


def _report(plan: Plan, output: Output, lifecycle: RunLifecycle, ended: RunEnd, losses: tuple[str, ...]) -> Result:
    """Write what is written only at the end, and say what is not whole."""
    parts, problems = output.parts, [*output.troubles()]
    hashed = None
    if plan.clock == "virtual":
        hashed = output.trace_hash(problems)
    if plan.load.labelled:
        output.join_labels(parts.event_time.now_us() - plan.label_delay_us, problems)
    warnings = [*losses, *problems]
    by_hand = tuple(lifecycle.operator.changes)
    if by_hand or plan.blind is not None:
        ended_ns = ended.elapsed_ns if ended.interrupted else None
        refused = {each.name for each in parts.steps.records() if each.state == "refused"}
        played = as_played(plan.scenario, parts.by_hand, parts.steps.steps, ended_ns, refused)
        output.write_as_played(played, problems)
    finished = replace(_finished(plan, parts, lifecycle, ended, tuple(warnings)), trace_hash=hashed, by_hand=by_hand)
    summary = summarise(finished)
    output.write_figures(junit(summary), lifecycle.judge.windows.figures() if plan.measured else None, problems)
    written = output.write_summary(summary_text(summary), problems)
    return Result(summary, ended.frame, tuple(problems), written, losses, parts.journal.entries, ended.incident)


def _finished(
    plan: Plan, parts: RunParts, lifecycle: RunLifecycle, ended: RunEnd, warnings: tuple[str, ...]
) -> Finished:
    return Finished(
        scenario=plan.scenario,
        fault_spans=played_spans(plan.scenario, parts.by_hand),
        first=ended.first,
        last=ended.final,
        judge=lifecycle.judge,
        verdict=ended.verdict,
        expectations=ended.expectations,
        faults=ended.faults,
        steps=ended.steps,
        outcomes=ended.outcomes,
        grades=ended.grades,
        judged=None if plan.load.judged is None else parts.book.outcomes_of(plan.load.judged),
        skipped=() if plan.cut is None else plan.cut.skipped,
        warnings=(*plan.warnings, *ended.remarks, *warnings),
        skipped_rows=plan.load.skipped_rows,
        capacity_per_s=plan.capacity_per_s,
        model=parts.slot.current.digest,
        engine=parts.slot.current.engine.kind,
        calibration=digest(plan.costs) if plan.clock == "virtual" else None,
        held_out=parts.model_changes.serving.manifest.metrics.get("test", {}),
        git=git_commit(),
        versions=versions(),
        stream=parts.stream_figures(),
        aborted=ended.aborted,
    )
