"""Whoever sits at the screen of a run: does what is asked there, or says why not, and remembers what was done.

Everything that is done is an entry ``operator`` of the journal, and is carried out by what carries out a scenario, so
that it is lifted at the end like all else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from actors.core.clock import NS_PER_MS, NS_PER_S, Clock
from dashboard.actions import (
    Acknowledge,
    Action,
    Burst,
    Call,
    Inject,
    Lift,
    Note,
    NotRecorded,
    Quit,
    Release,
    RollBack,
    ShiftRate,
)
from dashboard.choices import Answer
from sim.faults.registry import FAULTS
from sim.injection.rate_changes import RateChanges
from sim.installation import PROGRAM
from sim.operator.incident import Incident
from sim.operator.refusals import MORE_ON_STREAM, NOBODY, RATE_OF_REPLAY, RefusedError
from sim.operator.typed_fault import check_fault, told, typed_fault
from sim.operator.typed_rate import planned_rate, typed_duration, typed_times
from sim.report.run_folder import AS_PLAYED
from sim.run_parts import ChangeableFaults, RunParts
from sim.scenario.scenario import Scenario
from sim.steps.registry import MOST_TIMES, ModelRelease, ModelRollback, RateChange
from sim.units import spoken_duration
from sim.world.phases import RatedPhase

MOST_ACTIONS: Final = 1_000  # of one run: a person does not come that far, and each costs a little for ever
MOST_MEASURED: Final = 200  # ends of spans by hand: a snapshot each, kept to the end of the run
ANSWER_NS: Final = 8 * NS_PER_S  # how long an answer stays on the screen
BY: Final = "operator"
TENTHS: Final = 10  # of the planned rate, which it is shifted by


@dataclass(frozen=True, slots=True)
class RunControls:
    """What may be asked of a run.

    Attributes:
        scenario: as run.
        planned_ns: when it ends, from its start; None where nobody knows.
        refused: why nothing may be changed; "" where it may.
        quit: ends the run.
        draining: whether it is ending already.
        acknowledge: takes note that someone, by name, is on an alert; returns whether it needed someone.
        phases: the planned load of the synthetic world; () of a replay.
        incident: of a blind drill; None in any other run.
        most_times: how many times the planned rate can be offered.
        measure: has a snapshot taken so many ns after the start, for figures of the span that begins or ends there.
    """

    scenario: Scenario
    planned_ns: int | None
    refused: str
    quit: Callable[[], None]
    draining: Callable[[], bool]
    acknowledge: Callable[[str, str], bool]
    phases: tuple[RatedPhase, ...] = ()
    incident: Incident | None = None
    most_times: float = MOST_TIMES
    measure: Callable[[int], None] = lambda _: None


class Operator:
    """Obeys the screen of one run.

    Args:
        asked: what may be.
        parts: of the run.
        clock: the run's clock.
    """

    def __init__(self, asked: RunControls, parts: RunParts, clock: Clock) -> None:
        self._asked = asked
        self._parts = parts
        self._clock = clock
        self._count = 0
        self._answer: Answer | None = None
        self._number = 0  # of the latest action that is answered
        self._answered_ns = 0
        self._changes: list[tuple[str, str]] = []  # what was done, a line each, with the step of the model behind it
        self._losses: list[str] = []
        self._obeyed: dict[type, Callable[[Any], str]] = {
            Inject: self._inject,
            Lift: self._lift,
            Burst: self._burst,
            ShiftRate: self._shift,
            Release: self._release,
            RollBack: self._roll_back,
            Acknowledge: self._acknowledge,
            Note: self._note,
        }
        self._measured = 0
        self._shifted = 0  # tenths of the planned rate
        self._shift_step = ""
        self._step = ""  # a change of the model, of which something will come

    @property
    def named(self) -> frozenset[str]:
        """The faults that were named in a blind drill."""
        return frozenset() if self._asked.incident is None else self._asked.incident.named

    @property
    def changes(self) -> tuple[str, ...]:
        """What was done to the run, a line each; notes, acknowledgements and what was refused change nothing."""
        refused = {each.name for each in self._parts.steps.records() if each.state == "refused"}
        return tuple(line for step, line in self._changes if step not in refused)

    def answer(self) -> Answer | None:
        """Return what was said to the latest action, for as long as it is news."""
        if self._clock.now_ns() - self._answered_ns >= ANSWER_NS:
            return None
        came = next((each for each in self._parts.steps.records() if each.name == self._step and each.detail), None)
        if came is None:
            return self._answer
        return Answer(f"{came.name}: {came.detail}", good=came.state == "done", number=self._number)

    def remarks(self) -> tuple[str, ...]:
        """Return what whoever reads the verdict should know: that it was changed, and what the screen lost."""
        changes = self.changes
        if not changes:
            return tuple(self._losses)
        times = "once" if len(changes) == 1 else f"{len(changes):,} times, first"
        return (f"changed by hand {times} at {changes[0]}; {AS_PLAYED} plays this drill again", *self._losses)

    def obey(self, action: Action) -> None:
        """Do what is asked, or remember why not; whatever it is, it raises nothing."""
        if isinstance(action, Quit):
            self._asked.quit()
            return
        if isinstance(action, NotRecorded):
            self._losses.append(f"the recording of the screen ended early: {action.why}; the run went on")
            return
        self._step = ""
        self._number += 1
        try:
            self._check()
            said = self._obey(action)
        except RefusedError as refusal:
            self._answer = Answer(str(refusal), good=False, key=refusal.key, number=self._number)
        else:
            self._answer = Answer(said, good=not self._called_wrong(action), number=self._number)
        self._answered_ns = self._clock.now_ns()

    def _obey(self, action: Action) -> str:
        incident = self._asked.incident
        if incident is None:
            return self._do(action)
        return incident.obey(action) or self._do(incident.meant(action))

    def _called_wrong(self, action: Action) -> bool:
        incident = self._asked.incident
        return isinstance(action, Call) and incident is not None and incident.calls[-1].verdict == "wrong"

    def _check(self) -> None:
        if self._asked.refused:
            raise RefusedError(self._asked.refused)
        if self._asked.draining():
            raise RefusedError("the run is ending; nothing can be changed any more")
        self._count += 1
        if self._count > MOST_ACTIONS:
            raise RefusedError(f"{MOST_ACTIONS:,} actions were taken by hand in this run; that is the most")

    def _do(self, action: Action) -> str:
        obeyed = self._obeyed.get(type(action))
        if obeyed is None:
            raise RefusedError("this cannot be done by hand")
        return obeyed(action)

    def _note(self, asked: Note) -> str:
        self._journal("note", asked.text)
        return "noted"

    # ------------------------------------------------------------------ faults

    def _inject(self, asked: Inject) -> str:
        faults, kind = self._faults(), FAULTS.get(asked.kind)
        at_ns = self._now_ns() if kind is None else faults.next_ns(kind)
        fault = typed_fault(asked, self._name(asked.kind), at_ns)
        check_fault(fault, [played for played, _ in faults.played()], self._asked.scenario)
        planned_ns = self._asked.planned_ns
        left = fault if planned_ns is None else fault.cut(planned_ns)
        if left is None:
            raise RefusedError(f"{asked.kind} comes too late: the run ends before it could begin")
        faults.add(left)
        self._measure(left.at, left.lift_at)
        length = "" if left.lift_at is None else f" for {spoken_duration(left.lift_at - left.at)}"
        shorter = "" if left is fault else ", when the run ends"
        words = told(left)
        self._changed("inject", f"{left.name}{length}{shorter}{f' ({words})' if words else ''}")
        return f"{left.name} goes in{length}{shorter}"

    def _lift(self, asked: Lift) -> str:
        faults, name = self._faults(), asked.fault
        names = [name] if name else [each.name for each in faults.records() if each.state == "injected"]
        lifted = []
        for each in names:
            if (at_ns := faults.lift_now(each)) is not None:
                lifted.append(each)
                self._measure(at_ns)
        if not lifted:
            raise RefusedError(f"{name} is not in: there is nothing to lift" if name else "no fault is in")
        for each in lifted:
            self._changed("lift", each)
        return f"lifted {', '.join(lifted)}"

    def _measure(self, *instants_ns: int | None) -> None:
        for at_ns in instants_ns:
            if at_ns is not None and self._measured < MOST_MEASURED:
                self._measured += 1
                self._asked.measure(at_ns)

    def _faults(self) -> ChangeableFaults:
        faults = self._parts.by_hand
        if faults is None:
            raise RefusedError(NOBODY)
        return faults

    # ------------------------------------------------------------------ the rate

    def _burst(self, asked: Burst) -> str:
        changes, at_ns, until_ns = self._rates()
        duration_ns = min(typed_duration(asked.length), until_ns - at_ns)
        planned_now = planned_rate(self._asked.phases, at_ns) * changes.factor_at(at_ns)
        factor = typed_times(asked.rate, planned_now)
        self._change_rate(changes, at_ns, factor, duration_ns)
        words = f"{factor:.3g} times the rate for {spoken_duration(duration_ns)}"
        self._changed("burst", words)
        return f"a burst: {words}"

    def _shift(self, asked: ShiftRate) -> str:
        changes, at_ns, until_ns = self._rates()
        shift = self._shifted + asked.tenths
        others = changes.factor_at(at_ns) / (1 + self._shifted / TENTHS)
        most = self._asked.most_times
        if shift <= -TENTHS or (1 + shift / TENTHS) * others > most:
            if shift > 0 and most < MOST_TIMES:
                raise RefusedError(MORE_ON_STREAM)
            raise RefusedError(f"by hand the rate can be from a tenth of the planned one to {most:g} times it")
        if self._shift_step:
            changes.end(self._shift_step, at_ns)
            self._parts.steps.end(self._shift_step, at_ns)
        self._shifted, self._shift_step = shift, ""
        if shift:
            self._shift_step = self._change_rate(changes, at_ns, 1 + shift / TENTHS, until_ns - at_ns)
        words = f"{1 + shift / TENTHS:.1f} times the planned one" if shift else "as planned again"
        self._changed("rate", words)
        return f"the offered rate is {words}"

    def _rates(self) -> tuple[RateChanges, int, int]:
        """Return what changes the rate, from when on it can, and until when."""
        faults, until_ns = self._faults(), self._asked.planned_ns
        if faults.rate_changes is None or until_ns is None:
            raise RefusedError(RATE_OF_REPLAY)
        at_ns = faults.next_of_traffic_ns()
        if at_ns >= until_ns:
            raise RefusedError("too late: the run ends before the rate could change")
        return faults.rate_changes, at_ns, until_ns

    def _change_rate(self, changes: RateChanges, at_ns: int, factor: float, duration_ns: int) -> str:
        if factor * changes.factor_at(at_ns) > (most := self._asked.most_times):
            if most < MOST_TIMES:
                raise RefusedError(MORE_ON_STREAM, "rate")
            raise RefusedError(f"together that is more than {most:g} times the planned rate, which is the most", "rate")
        step = RateChange(name=self._name("rate_change"), at=at_ns, factor=round(factor, 6), duration=duration_ns)
        changes.add(step)
        self._parts.steps.add(step)
        return step.name

    # ------------------------------------------------------------------ the model

    def _release(self, asked: Release) -> str:
        folder = asked.folder
        place = Path(folder).expanduser().absolute()
        if not place.is_dir():
            raise RefusedError(f"{folder}: is not the folder of a model, as {PROGRAM} train --out makes one", "folder")
        step = ModelRelease(name=self._name("model_release"), at=self._now_ns(), model=str(place))
        self._parts.steps.add(step, place)
        self._step = step.name
        self._changed("release", f"{step.name} from {place}", step.name)
        return f"{step.name} is being verified"

    def _roll_back(self, _: RollBack) -> str:
        step = ModelRollback(name=self._name("model_rollback"), at=self._now_ns())
        self._parts.steps.add(step)
        self._step = step.name
        self._changed("roll back", step.name, step.name)
        return f"{step.name} is asked for"

    # ------------------------------------------------------------------ alerts

    def _acknowledge(self, asked: Acknowledge) -> str:
        try:
            needed = self._asked.acknowledge(asked.alert, BY)
        except KeyError:
            raise RefusedError(f"there is no alert {asked.alert}") from None
        if not needed:
            raise RefusedError(f"{asked.alert} is not firing, or someone is on it already")
        self._journal("acknowledge", asked.alert)
        return f"{asked.alert} is acknowledged"

    # ------------------------------------------------------------------ what all of them share

    def _now_ns(self) -> int:
        """Return the instant from the start of the run, in whole ms, rounded up."""
        return -(-(self._clock.now_ns() - self._parts.journal.start_ns) // NS_PER_MS) * NS_PER_MS

    def _name(self, kind: str) -> str:
        """Return a name that nothing in this run has."""
        taken = {each.name for each in self._parts.faults.records()}
        taken |= {each.name for each in self._parts.steps.steps}
        taken |= {each.name for each in self._asked.scenario.phases}
        return next(name for number in range(1, len(taken) + 2) if (name := f"{kind}-{number}") not in taken)

    def _changed(self, what: str, detail: str, step: str = "") -> None:
        self._changes.append((step, f"{self._now_ns() / NS_PER_S:.3f} s: {what} {detail}"))
        self._journal(what, detail)

    def _journal(self, what: str, detail: str) -> None:
        self._parts.journal.add(BY, what, detail)
