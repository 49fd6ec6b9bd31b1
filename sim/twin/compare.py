"""From a prepared scenario to its twin: which runs are made, and what is compared with what."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from actors.core.clock import NS_PER_S
from sim.faults.fault import FaultRecord
from sim.outcomes.money import Outcomes
from sim.report.provenance import git_commit, versions
from sim.scenario.timeline import Cut, duration_ns
from sim.trials.process_pool import run_parallel, silent
from sim.trials.trial import PreparedScenario, Trial, TrialOutcome, run_trial
from sim.twin.impact import ImpactWindow, Pairs, harm, pair, window
from sim.twin.result import RUNS, FaultWindow, Twin, TwinRun, Unpaired

ALL, NONE = "all-faults", "no-faults"


class _Found(NamedTuple):
    """One fault's window.

    Attributes:
        against: the run without the fault.
        impact_window: the window.
        pairs: the run with all faults and that run.
        overlaps: faults whose windows overlap with it.
    """

    against: str
    impact_window: ImpactWindow
    pairs: Pairs
    overlaps: tuple[str, ...] = ()


def compare(prepared: PreparedScenario, folder: Path, jobs: int, lost: Callable[[str], None] = silent) -> Twin:
    """Run ``prepared`` with and without its faults and return what differs.

    Faults whose windows overlap are each left out alone in a further run.

    Args:
        prepared: what to run.
        folder: the runs' folders are made in its ``runs/``.
        jobs: runs at a time.
        lost: hears of each process that was killed, whose run is made again.

    Raises:
        InputError: the model or a folder cannot be used.
        KeyboardInterrupt: a run was interrupted.
    """
    return _Comparison(prepared, folder, jobs, lost).twin()


class _Comparison:
    def __init__(self, prepared: PreparedScenario, folder: Path, jobs: int, lost: Callable[[str], None]) -> None:
        self._prepared = prepared
        self._scenario = prepared.shorter.scenario
        self._folder = folder
        self._jobs = jobs
        self._lost = lost
        self._outcomes: dict[str, TrialOutcome] = {}

    def twin(self) -> Twin:
        self._run([ALL, NONE])
        summary, whole = self._outcomes[ALL].summary, self._pairs(NONE)
        injected = [each for each in summary.faults if each.injected_at_s is not None]
        found = self._windows(injected)
        inside = np.zeros(len(whole), dtype=np.bool_)
        for each in found.values():
            inside |= each.impact_window.rows(whole.arrival_ns)
        return Twin(
            scenario=summary.scenario,
            scenario_digest=summary.scenario_digest,
            seed=summary.seed,
            model=summary.model,
            labelled=not len(whole) or bool((whole.given.outcomes.label <= 1).any()),
            duration_s=self._run_ns(whole) / NS_PER_S,
            runs=tuple(_described(name, outcome) for name, outcome in self._outcomes.items()),
            windows=tuple(_window(each, found[each.name]) for each in injected),
            never_injected=(*(each.name for each in summary.faults if each.injected_at_s is None), *self._cut_off()),
            whole=harm(whole, np.ones(len(whole), dtype=np.bool_)),
            outside=int(np.count_nonzero(whole.differ & ~inside)),
            only_with_faults=_unpaired(whole.only_given),
            only_without_faults=_unpaired(whole.only_otherwise),
            git=git_commit(),
            versions=versions(),
        )

    def _cut_off(self) -> tuple[str, ...]:
        """Return the faults that a shorter run leaves out, for which nothing was compared."""
        lines = self._prepared.shorter.skipped
        return tuple(line.removeprefix("fault ") for line in lines if line.startswith("fault "))

    def _run(self, names: Sequence[str]) -> None:
        trials = [Trial(self._variant(name), self._prepared.model, self._folder / RUNS / name) for name in names]
        outcomes = run_parallel(run_trial, trials, self._jobs, _name, self._lost)
        self._outcomes |= zip(names, outcomes, strict=True)

    def _variant(self, name: str) -> Cut:
        """Return the scenario of a run; where a fault is missing, nothing can be expected of it."""
        if name == ALL:
            return self._prepared.shorter
        faults = self._scenario.faults
        left = tuple(each for each in faults if name not in (NONE, _without(each.name)))
        out = tuple(each for each in faults if each not in left)
        return Cut(msgspec.structs.replace(self._scenario, faults=left, expect=()), left_out=out)

    def _windows(self, injected: Sequence[FaultRecord]) -> dict[str, _Found]:
        """Return each fault's window: against no fault where it stands alone, otherwise against all others."""
        found = {each.name: self._found(each, NONE) for each in injected}
        overlaps = {name: _overlapping(name, found) for name in found}
        crowded = [each for each in injected if overlaps[each.name]]
        self._run([_without(each.name) for each in crowded])
        for each in crowded:
            found[each.name] = self._found(each, _without(each.name))._replace(overlaps=overlaps[each.name])
        return found

    def _found(self, fault: FaultRecord, against: str) -> _Found:
        pairs = self._pairs(against)
        injected_ns = _ns(fault.injected_at_s or 0.0)
        lifted_ns = injected_ns if fault.lifted_at_s is None else _ns(fault.lifted_at_s)
        return _Found(against, window(pairs, injected_ns, lifted_ns, self._run_ns(pairs)), pairs)

    def _pairs(self, against: str) -> Pairs:
        return pair(self._outcomes[ALL].record, self._outcomes[against].record)

    def _run_ns(self, pairs: Pairs) -> int:
        planned_ns = duration_ns(self._scenario)
        return int(pairs.arrival_ns.max(initial=-1)) + 1 if planned_ns is None else planned_ns


def _name(trial: Trial) -> str:
    return "a run" if trial.folder is None else f"the run {trial.folder.name}"


def _without(fault: str) -> str:
    return f"without-{fault}"


def _overlapping(name: str, found: dict[str, _Found]) -> tuple[str, ...]:
    impact_window = found[name].impact_window
    return tuple(other for other, each in found.items() if other != name and impact_window.overlaps(each.impact_window))


def _described(name: str, outcome: TrialOutcome) -> TwinRun:
    summary = outcome.summary
    return TwinRun(
        name=name,
        faults=tuple(each.name for each in summary.faults),
        trace_hash=summary.trace_hash,
        verdict=summary.verdict,
        reasons=summary.reasons,
    )


def _window(fault: FaultRecord, found: _Found) -> FaultWindow:
    impact_window, pairs = found.impact_window, found.pairs
    return FaultWindow(
        fault=fault.name,
        kind=fault.kind,
        against=found.against,
        injected_at_s=fault.injected_at_s or 0.0,
        lifted_at_s=fault.lifted_at_s,
        start_s=impact_window.start_ns / NS_PER_S,
        end_s=impact_window.end_ns / NS_PER_S,
        recovered=impact_window.recovered,
        overlaps=found.overlaps,
        touched_count=fault.touched_count,
        harm=harm(pairs, impact_window.rows(pairs.arrival_ns)),
    )


def _unpaired(outcomes: Outcomes) -> Unpaired:
    fraud = int(np.count_nonzero(outcomes.label == 1))
    return Unpaired(count=len(outcomes), amount=float(outcomes.amount.sum()), fraud=fraud)


def _ns(at_s: float) -> int:
    return round(at_s * NS_PER_S)
