"""Watching a run: every tick to the screen, the logs, the journal and the judge."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import msgspec

from actors.core.batches import Decision
from actors.core.clock import NS_PER_S, US_PER_S, Clock
from actors.telemetry.alerts.built_in import DRILL, PRODUCTION, RECOVERY_S, built_in_rules
from actors.telemetry.alerts.engine import ACKNOWLEDGED, AlertEngine, AlertEvent
from actors.telemetry.alerts.rule import AlertRule, Severity
from actors.telemetry.monitor import TICK_S, Monitor
from actors.telemetry.snapshot import Alarms, Gauges, Quality, Snapshot
from actors.telemetry.window import RECENT_S, Window
from dashboard import frame as show
from dashboard.actions import Action
from dashboard.choices import Choices
from dashboard.frame import Message
from dashboard.panels.grades import Graded, GradedFault
from sim.journal import JournalKind
from sim.judging.alert_grades import AlertGrader, AlertGrades
from sim.judging.judge import Judge
from sim.judging.result import ExpectationResult
from sim.judging.situation import Found, Situation
from sim.operator.operator import Operator
from sim.outcomes.money import Outcomes
from sim.outcomes.quality_tracker import QualityTracker
from sim.run.plan import Plan, planned_ns
from sim.run_parts import RunParts
from sim.scenario.scenario import Scenario
from sim.scenario.timeline import duration_ns
from sim.screen_frames.frame_builder import FrameBuilder
from sim.screen_frames.inputs import FrameInputs, RunFacts

MOST_TICKS = 2_400  # of a run that is planned: ten minutes at four a second, and a day at one in 36 s
DRIFT_S = 60.0  # PSI over the last minute: enough rows even at a low rate
ALERT_ENTRIES: dict[str, JournalKind] = {
    "pending": "alert_pending",
    "firing": "alert_firing",
    "resolved": "alert_resolved",
}


class AnyScreen(Protocol):
    """A live screen or plain lines."""

    @property
    def ready(self) -> bool:
        """Whether a message shown now would be seen."""
        ...

    def show(self, message: show.Message) -> None:
        """Hand over what to show."""
        ...

    def offer(self, choices: Choices) -> None:
        """Tell what can be asked of the run."""
        ...

    def actions(self) -> list[Action]:
        """Return what was asked since the last call."""
        ...

    def fileno(self) -> int | None:
        """Return a descriptor that can be read when something was asked; None where nothing will be."""
        ...


def alert_engine(plan: Plan, more: Callable[[float], Sequence[AlertRule]] = lambda _factor: ()) -> AlertEngine:
    """Return the built-in rules, at the pace of a drill or, for hours, of production, and those of the scenario.

    Args:
        plan: what is run.
        more: given the pace, returns built-in rules that not every run has.
    """
    scenario = plan.scenario
    factor = pace(scenario)
    return AlertEngine((*rules_of(scenario), *more(factor)), plan.artifact.feature_names, factor)


def _own(scenario: Scenario) -> tuple[AlertRule, ...]:
    return tuple(
        AlertRule(
            alert=alert.alert,
            expr=alert.expr,
            for_s=alert.for_ / NS_PER_S,
            keep_firing_for_s=alert.keep_firing_for / NS_PER_S,
            severity=Severity(alert.severity),
        )
        for alert in scenario.alerts
    )


def rules_of(scenario: Scenario) -> tuple[AlertRule, ...]:
    """Return the alert rules of a run in this process."""
    run_s = (duration_ns(scenario) or 0) / NS_PER_S
    built_in = built_in_rules(scenario.pipeline.memory_limit_bytes, factor=pace(scenario), run_s=run_s)
    return (*built_in, *_own(scenario))


def pace(scenario: Scenario) -> float:
    """Return by how much alerts wait less than in production: not at all in a run of hours."""
    return PRODUCTION if _tick_s(scenario) > TICK_S else DRILL


def tick_s(plan: Plan) -> float:
    """Return how often the run is looked at: as often as production is, or 2,400 times in a run of hours."""
    return _tick_s(plan.scenario)


def _tick_s(scenario: Scenario) -> float:
    said_ns = duration_ns(scenario)
    return TICK_S if said_ns is None else max(TICK_S, said_ns / NS_PER_S / MOST_TICKS)


class Watch:
    """The monitor of a run, and everyone who listens to it.

    Attributes:
        state: how the run stands, in the screen's words; set by the lifecycle.
        warnings: shown on the screen.
        monitor: takes the snapshots.
        quality: follows the labels.
        alerts: the rules.
        grader: follows the alerts, and says how they did.

    Args:
        plan: what is run.
        parts: what is watched.
        judge: of the expectations.
        clock: the run's clock.
        screen: shown a frame whenever it can take one.
        memory: gives resident memory at an instant; None on a virtual clock.
        operator: does what is asked at the screen.
    """

    def __init__(
        self,
        plan: Plan,
        parts: RunParts,
        judge: Judge,
        clock: Clock,
        screen: AnyScreen,
        memory: Callable[[int], int] | None,
        operator: Operator,
    ) -> None:
        self._plan = plan
        self._parts = parts
        self._heard_on: int | None = None
        speed = plan.load.speed
        self._situation = Situation(None if speed is None else plan.label_delay_us / US_PER_S / speed)
        self._situation_now = ""
        self._latest: show.Frame | None = None
        self._judge = judge
        self._screen = screen
        self._operator = operator
        self._breaker = "closed"
        self.state: show.RunState = "running"
        self.warnings = list(plan.warnings)
        self.quality = QualityTracker(parts.book, plan.label_delay_us)
        self.frames = FrameBuilder(_facts(plan))
        self.alerts = engine = alert_engine(plan, parts.alert_rules)
        self.grader = AlertGrader(
            plan.scenario, parts.faults.records, engine.windows_s(), RECOVERY_S * pace(plan.scenario)
        )
        self._grades: Graded | None = None
        self.monitor = Monitor(
            parts.telemetry,
            clock,
            parts.gauges,
            engine,
            tick_s=tick_s(plan),
            memory=memory,
            quality=self._update_quality if plan.load.labelled else None,
            alarms=self._grade,
        )
        self.monitor.alert_listeners.append(self._hear_alert)
        self.monitor.listeners.append(self._hear_tick)

    def frame(self, verdict: show.VerdictWord, expectations: tuple[ExpectationResult, ...]) -> show.Frame:
        """Return the frame of the latest tick."""
        monitor = self.monitor
        frame = self.frames.build(
            FrameInputs(
                state=self.state,
                verdict=verdict,
                recent=monitor.window(RECENT_S),
                whole=monitor.whole_run(),
                drift=monitor.window(DRIFT_S),
                quality=self.quality.money,
                rolling_auc=self.quality.rolling_auc,
                expectations=expectations,
                parts=self._parts,
                warnings=tuple(self.warnings),
            )
        )
        frame = msgspec.structs.replace(frame, answer=self._operator.answer(), situation=self._situation_now)
        return frame.showing(self._grades)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Do what is asked at the screen at once, not at the next tick; on a virtual clock that is soon enough."""
        descriptor = self._screen.fileno() if self._plan.clock == "real" else None
        if descriptor is None:
            yield
            return
        loop = asyncio.get_running_loop()
        loop.add_reader(descriptor, self._answer_at_once)
        self._heard_on = descriptor
        try:
            yield
        finally:
            self._stop_listening()

    def _listen(self) -> None:
        for action in self._screen.actions():
            self._operator.obey(action)
        if self._screen.fileno() is None:
            self._stop_listening()

    def _answer_at_once(self) -> None:
        """Obey, and say what came of it on the latest frame: the next tick may be far."""
        self._listen()
        if self._latest is not None and self._screen.ready:
            answered = msgspec.structs.replace(self._latest, answer=self._operator.answer())
            self._screen.show(self._unless_hidden(answered))

    def _stop_listening(self) -> None:
        if self._heard_on is not None:
            asyncio.get_running_loop().remove_reader(self._heard_on)
            self._heard_on = None

    def conclude(self, outcomes: Outcomes, remarks: Sequence[str], grades: AlertGrades) -> None:
        """Let the next frame be the last: with every truth, whenever it would have become known, and ``remarks``."""
        self._grades = _graded(grades)
        self.quality.conclude(outcomes)
        self.warnings += remarks

    def _grade(self, events: Sequence[AlertEvent]) -> Alarms:
        self.grader.hear(events, self._parts.journal.start_ns)
        return self.grader.alarms()

    def _update_quality(self, gauges: Gauges) -> Quality:
        ledger = self._parts.telemetry.ledger
        settled = ledger.produced - gauges.waiting.in_flight
        reviews = ledger.decision_count(Decision.REVIEW)
        return self.quality.update(self._parts.event_time.now_us(), settled, reviews)

    def _hear_alert(self, event: AlertEvent) -> None:
        journal = self._parts.journal
        if event.state == ACKNOWLEDGED:
            journal.add("alert_acknowledged", event.alert, f"by {event.told}; {event.text}", at_ns=event.at_ns)
            return
        if not event.escalated:
            self._judge.alert(event.alert, event.state, event.at_ns - journal.start_ns)
        if event.state in ALERT_ENTRIES:
            detail = f"{event.severity}: {event.told} is told; {event.text}"
            journal.add(ALERT_ENTRIES[event.state], event.alert, detail, at_ns=event.at_ns)

    def _hear_tick(self, snapshot: Snapshot, _recent: Window) -> None:
        self._note_breaker(snapshot)
        elapsed_ns = snapshot.at_ns - snapshot.started_ns
        self._judge.tick(elapsed_ns, snapshot)
        self.frames.run_series.add(snapshot, snapshot.quality)
        self._listen()
        money = self.quality.money
        known = Found(money.fraud_count, money.detected_count) if self._plan.load.labelled else None
        self._situation_now = self._situation.read(elapsed_ns / NS_PER_S, self.monitor.window(RECENT_S), known)
        if self._screen.ready:
            standing = self._judge.standing(snapshot, elapsed_ns)
            self._latest = self.frame(_so_far(standing), standing)
            self._screen.show(self._unless_hidden(self._latest))

    def _unless_hidden(self, frame: show.Frame) -> show.Frame:
        """Return what may be seen of a frame while the run lasts."""
        blind = self._plan.blind
        return frame if blind is None else blind.frame(frame, self._plan.scenario, self._operator.named)

    def _note_breaker(self, snapshot: Snapshot) -> None:
        state = snapshot.gauges.breaker
        if state != self._breaker:
            self._parts.journal.add("breaker", "feature_store", f"{self._breaker} → {state}")
            self._breaker = state


def _facts(plan: Plan) -> RunFacts:
    return RunFacts(
        scenario=plan.scenario,
        clock=plan.clock,
        memory_limit_bytes=plan.scenario.pipeline.memory_limit_bytes,
        capacity_per_s=plan.capacity_per_s,
        labelled=plan.load.labelled,
        planned_ns=planned_ns(plan.scenario, plan.load),
        skipped_rows=plan.load.skipped_rows,
    )


def _so_far(expectations: tuple[ExpectationResult, ...]) -> show.VerdictWord:
    """Return the verdict that the expectations judged so far allow."""
    states = {each.state for each in expectations}
    if "failed" in states:
        return "fail"
    return "undecided" if states - {"passed", "skipped"} or not states else "pass"


def _graded(grades: AlertGrades) -> Graded:
    """Return how the alerts did as the verdict shows it."""
    faults = tuple(
        GradedFault(
            fault=fault.fault,
            alert=alert.alert,
            detected_after_s=alert.detected_after_s,
            resolved_after_s=alert.resolved_after_s,
            lasts=fault.lifted_at_s is not None,
        )
        for fault in grades.faults
        for alert in fault.alerts
    )
    unseen = tuple(fault.fault for fault in grades.faults if fault.missed)
    silent = tuple((fault.fault, alert) for fault in grades.faults for alert in fault.silent)
    loud = tuple((rule.alert, rule.false, rule.flaps) for rule in grades.rules if rule.false or rule.flaps)
    return Graded(faults, unseen, silent, loud)


class NullScreen:
    """An `AnyScreen` that shows nothing and has no keys."""

    @property
    def ready(self) -> bool:
        """Never, so that no frame is made."""
        return False

    def show(self, message: Message) -> None:
        """Show nothing."""

    def offer(self, choices: Choices) -> None:
        """Offer nothing."""

    def actions(self) -> list[Action]:
        """Return nothing."""
        return []

    def fileno(self) -> int | None:
        """Return None: nothing will be asked."""
        return None
