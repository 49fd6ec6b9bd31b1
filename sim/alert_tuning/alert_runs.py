"""Runs of one scenario with and without its faults, seed after seed, and what its alerts did in them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import msgspec

from actors.core.errors import InputError
from actors.telemetry.alerts.engine import AlertEngine
from actors.telemetry.alerts.rule import AlertRule
from actors.telemetry.alerts.series import RuleSeries
from sim.faults.fault import FaultRecord
from sim.judging.alert_grades import AlertGrader, AlertGrades
from sim.scenario.problems import remedy_for
from sim.scenario.scenario import Expectation, Scenario
from sim.scenario.timeline import Cut, fault_spans
from sim.trials.process_pool import ProcessPool, silent
from sim.trials.trial import PreparedScenario, Trial, run_trial


@dataclass(frozen=True, slots=True)
class Watched:
    """One run to be made; can be sent to another process.

    Attributes:
        seed: of the run.
        faulty: whether its faults are in it.
        tune: the alert whose figures are recorded; None: no alert's.
    """

    seed: int
    faulty: bool
    trial: Trial
    tune: str | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """What the alerts did in one run.

    Attributes:
        rules: of the run, in their order.
        series: what the recorded alert read; None where none is.
    """

    seed: int
    faulty: bool
    scenario: Scenario
    grades: AlertGrades
    faults: tuple[FaultRecord, ...]
    rules: tuple[AlertRule, ...]
    series: RuleSeries | None = None

    def grader(self, recovery_s: float) -> AlertGrader:
        """Return what grades other firings in this run."""
        windows = {rule.alert: max(rule.windows_s) for rule in self.rules}
        return AlertGrader(self.scenario, lambda: self.faults, windows, recovery_s)


@dataclass(slots=True)
class RuleRecording:
    """Hears which rules a run has, and has the figures of one recorded."""

    tune: str | None
    rules: tuple[AlertRule, ...] = ()
    series: RuleSeries | None = None

    def __call__(self, engine: AlertEngine) -> None:
        """Take the rules of a run that is about to begin."""
        self.rules = engine.rules
        if self.tune is not None:
            self.series = engine.record(self.tune)


def observe(watched: Watched) -> Observed:
    """Return what the alerts did in a run; otherwise as `sim.trials.trial.run_trial`."""
    recording = RuleRecording(watched.tune)
    trial = watched.trial
    outcome = run_trial(Trial(trial.shorter, trial.model, alerts=recording))
    return Observed(
        seed=watched.seed,
        faulty=watched.faulty,
        scenario=trial.shorter.scenario,
        grades=outcome.summary.alert_grades,
        faults=outcome.summary.faults,
        rules=recording.rules,
        series=recording.series,
    )


def without_faults(shorter: Cut) -> Cut:
    """Return the scenario with none of its faults, and with those expectations that do not speak of them."""
    scenario = shorter.scenario
    gone = set(fault_spans(scenario))
    kept = tuple(each for each in scenario.expect if not _about(each, gone))
    calm = msgspec.structs.replace(scenario, faults=(), expect=kept)
    return Cut(calm, left_out=scenario.faults)


def _about(expectation: Expectation, faults: set[str]) -> bool:
    if expectation.expr is not None or expectation.during in faults:
        return True
    return expectation.during is None and expectation.alert is not None


def tunable(scenario: Scenario, rules: Sequence[AlertRule], alert: str) -> AlertRule:
    """Return the rule called ``alert``, unless there is none, or the run itself depends on it.

    Raises:
        InputError: it cannot be tuned.
    """
    known = {rule.alert: rule for rule in rules}
    if alert not in known:
        raise InputError(f"--tune {alert}: is no alert of this scenario; {remedy_for(alert, known)}".rstrip("; "))
    waiting = next((step.name for step in scenario.steps if step.awaits == alert), None)
    if waiting is not None:
        raise InputError(f"--tune {alert}: step {waiting} waits for it, so another threshold would be another run")
    return known[alert]


@dataclass(slots=True)
class AlertRuns:
    """Makes the runs and keeps what was observed; whenever it ends, what was found so far is true.

    Attributes:
        observed: of the runs made so far.

    Args:
        prepared: what is run.
        first_seed: of the first pair; the others follow one by one.
        seeds: how many pairs.
        tune: the alert whose figures are recorded.
        tell: called after each run.
        lost: hears of each worker that was killed.
    """

    prepared: PreparedScenario
    first_seed: int
    seeds: int
    tune: str | None = None
    tell: Callable[[], None] = field(default=lambda: None)
    lost: Callable[[str], None] = field(default=silent)
    observed: list[Observed] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many runs it takes: two a seed, one where the scenario has no faults."""
        return self.seeds * (2 if self.prepared.shorter.scenario.faults else 1)

    def run(self, jobs: int) -> None:
        """Make the runs, ``jobs`` at a time."""
        pool: ProcessPool[Watched, Observed] = ProcessPool(observe, jobs, _named, self.lost)
        for observed in pool.results(self._watched()):
            self.observed.append(observed)
            self.tell()

    def _watched(self) -> Iterator[Watched]:
        make = partial(Trial, model=self.prepared.model)
        for seed in range(self.first_seed, self.first_seed + self.seeds):
            shorter = self.prepared.with_overrides([f"seed={seed}"]).shorter
            if shorter.scenario.faults:
                yield Watched(seed, faulty=True, trial=make(shorter), tune=self.tune)
            yield Watched(seed, faulty=False, trial=make(without_faults(shorter)), tune=self.tune)


def _named(watched: Watched) -> str:
    return f"seed {watched.seed} {'with' if watched.faulty else 'without'} faults"
