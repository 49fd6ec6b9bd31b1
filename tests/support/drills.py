"""Thin drills on virtual time, in this process: a few hundred transactions, so that a test may run many."""

import math
from collections.abc import Sequence
from pathlib import Path

from actors.model.artifact import load_artifact
from sim.report.run_folder import RunFolder
from sim.run.execution import Result, execute
from sim.run.planning import prepare
from sim.run.watch import NullScreen
from sim.scenario.loader import load, parse
from sim.scenario.timeline import Cut, duration_ns
from sim.steps.registry import ModelRelease
from sim.steps.step import ScenarioStep
from sim.units import NS_PER, render_duration

# 4,000 cards are one town, the one that the model was trained on: a run then has no town to copy.
THIN = """\
version: 1
name: thin
seed: 11
clock: virtual
world: {cards: 4000, merchants: 400, fraud_ratio: 0.05}
phases:
  - {name: calm,     duration: 1s, rate: 150}
  - {name: trouble,  duration: 1s, rate: 150}
  - {name: recovery, duration: 2s, rate: 150}
faults:
  - {name: store-down, kind: feature_store_outage, at: 1s, duration: 800ms}
expect:
  - {name: errors,   during: always,     expr: "error_ratio < 0.1%"}
  - {name: degraded, during: store-down, expr: "mode.realtime_only.ratio > 0.9", within: 50ms}
  - {name: books,    during: always,     expr: "ledger.balanced == 1"}
"""


def run_thin(folder: Path, model: Path, overrides: Sequence[str] = (), text: str = THIN) -> Result:
    """Run ``text`` into ``folder``, on the clock that it names."""
    plan = prepare(Cut(parse(text, "thin.yaml", overrides)), load_artifact(model), folder)
    return execute(plan, RunFolder(folder), NullScreen())


def thinning(scenario: Path, span: str = "1s", most_per_s: float = 150.0, candidate: Path | None = None) -> list[str]:
    """Return overrides that make a shipped scenario a thin drill: shorter, slower, and with nothing expected of it.

    Args:
        scenario: the file.
        span: how long it is to last.
        most_per_s: the highest rate.
        candidate: folder of the model that its steps release.
    """
    whole = load(scenario, files_required=False)
    planned_ns = duration_ns(whole)
    assert planned_ns is not None, f"{scenario} lasts as long as its events"
    factor = min(1.0, float(span.removesuffix("s")) * NS_PER["s"] / planned_ns)
    words = ["expect=[]", "world.cards=4000", "world.merchants=400"]
    for phase in whole.phases:
        words.append(f"phases.{phase.name}.duration={render_duration(math.ceil((phase.duration or 0) * factor))}")
        for key, rate in (("rate", phase.rate), ("ramp_to", phase.ramp_to)):
            if rate is not None:
                words.append(f"phases.{phase.name}.{key}={min(most_per_s, rate.per_s or most_per_s)}")
    for fault in whole.faults:
        words.append(f"faults.{fault.name}.at={render_duration(round(fault.at * factor))}")
        if fault.lift_at is not None:
            words.append(f"faults.{fault.name}.duration={render_duration(int((fault.lift_at - fault.at) * factor))}")
        if fault.jitter:
            words.append(f"faults.{fault.name}.jitter={render_duration(int(fault.jitter * factor))}")
        if fault.repeat is not None:
            words.append(f"faults.{fault.name}.repeat.every={render_duration(int(fault.repeat.every * factor))}")
    words += [f"steps.{step.name}={_thin_step(step, factor, candidate)}" for step in whole.steps]
    return words


def _thin_step(step: ScenarioStep, factor: float, candidate: Path | None) -> str:
    """Return the step, earlier; what it releases is ``candidate``, so that nothing must be trained for it."""
    released = f", model: {candidate}" if isinstance(step, ModelRelease) else ""
    return f"{{name: {step.name}, kind: {step.kind}, at: {render_duration(round(step.at * factor))}{released}}}"
