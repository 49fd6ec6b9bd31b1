"""Tuning a rule: on what it read in a run, every other threshold and wait is judged as a run with it would be."""

from pathlib import Path

import pytest

from actors.core.clock import NS_PER_S
from actors.core.errors import InputError
from actors.model.artifact import load_artifact
from actors.telemetry.alerts.rule import AlertRule
from actors.telemetry.alerts.series import RuleSeries
from actors.telemetry.expression.expression import Expression
from sim.alert_tuning.alert_runs import RuleRecording, tunable
from sim.alert_tuning.thresholds import candidates, moved, threshold
from sim.report.run_folder import RunFolder
from sim.report.summary import Summary
from sim.run.composition import Attachments
from sim.run.execution import execute
from sim.run.planning import prepare
from sim.run.watch import NullScreen, rules_of
from sim.scenario.loader import parse
from sim.scenario.timeline import Cut
from tests.support.drills import THIN

OWN = THIN + 'alerts: [{alert: Degraded, expr: "mode.realtime_only.ratio > 5% and throughput > 1", for: 250ms}]\n'


def run_recorded(folder: Path, model: Path, alert: str, *overrides: str) -> tuple[Summary, RuleSeries]:
    """Run the thin drill and record what ``alert`` reads."""
    plan = prepare(Cut(parse(OWN, "thin.yaml", overrides)), load_artifact(model), folder)
    recording = RuleRecording(alert)
    summary = execute(plan, RunFolder(folder), NullScreen(), Attachments(alerts=recording)).summary
    assert recording.series is not None
    return summary, recording.series


def firings(summary: Summary, alert: str) -> list[tuple[float, float | None]]:
    """From when to when it fired."""
    return [firing for each in summary.alerts if each.alert == alert for firing in each.firings]


def in_s(found: list[tuple[int, int | None]]) -> list[tuple[float, float | None]]:
    """The same in seconds."""
    return [(fired / NS_PER_S, None if over is None else over / NS_PER_S) for fired, over in found]


@pytest.mark.parametrize(("limit", "wait_s", "keep_s"), [("1%", 0.0, 0.0), ("20%", 0.5, 0.25), ("60%", 1.0, 0.0)])
def test_another_threshold_on_what_was_read_is_a_run_with_it(
    tmp_path: Path, world_model: Path, limit: str, wait_s: float, keep_s: float
) -> None:
    """The firings found in one run's figures are those of a run with that rule, to the tick."""
    _, series = run_recorded(tmp_path / "once", world_model, "Degraded")
    expr = f"mode.realtime_only.ratio > {limit} and throughput > 1"
    words = (f"for={wait_s}s", f"keep_firing_for={keep_s}s", f"expr={expr}")
    again, _ = run_recorded(tmp_path / "again", world_model, "Degraded", *(f"alerts.Degraded.{each}" for each in words))
    found = in_s(series.firings(Expression.parse(expr), wait_s, keep_s))
    assert found == firings(again, "Degraded")
    assert bool(found) is (limit != "60%")  # so that something was compared


def test_a_recorded_rule_with_two_windows_fires_as_it_did(tmp_path: Path, world_model: Path) -> None:
    """A burn rate is read over both of its windows, and found again in what was read."""
    down = "faults.store-down={name: store-down, kind: disk_full, at: 1s, duration: 800ms}"
    summary, series = run_recorded(tmp_path / "run", world_model, "ErrorBudgetBurnFast", down, "expect=[]")
    assert in_s(series.firings(Expression.parse("error_budget.burn_rate > 14.4"), 0.0)) == firings(
        summary, "ErrorBudgetBurnFast"
    )
    assert {len(figures) for figures in series.figures} == {2}


@pytest.mark.parametrize(
    ("expr", "limit", "doubled"),
    [
        ("latency.p95 > 50ms", "50ms", "latency.p95 > 100ms"),
        ("throughput < 0.5 * offered_rate", "0.5", "throughput < 1 * offered_rate"),
        ("score.shift > 20% and score.shift_sigma >= 5", "20%", "score.shift > 40% and score.shift_sigma >= 5"),
        ("feature_store.age_s > 32400s", "32400s", "feature_store.age_s > 6.48e+04s"),
        ("restarts > 0 and error_ratio > 1%", "1%", "restarts > 0 and error_ratio > 2%"),
    ],
)
def test_the_threshold_is_the_first_number_that_is_not_0(expr: str, limit: str, doubled: str) -> None:
    """It is moved where it stands, in the unit in which it was written."""
    assert threshold(Expression.parse(expr)).text == limit
    found = moved(AlertRule(alert="A", expr=expr), 2.0)
    assert found is not None
    assert found.expression == Expression.parse(doubled)


def test_thresholds_that_say_nothing_are_left_out() -> None:
    """A share cannot be over 100 %; the rule as it is is among the candidates, once."""
    found = candidates(AlertRule(alert="A", expr="mode.full.ratio < 60%", for_s=2.0))
    assert {each.limit for each in found} == {"15%", "30%", "45%", "60%", "90%"}
    assert [(each.limit, each.for_s) for each in found if each.present] == [("60%", 2.0)]


def test_a_rule_without_a_threshold_cannot_be_tuned() -> None:
    """A comparison with 0 has nothing to move."""
    with pytest.raises(InputError, match="has no threshold to tune"):
        candidates(AlertRule(alert="A", expr="restarts > 0"))


def test_what_the_run_waits_for_cannot_be_tuned() -> None:
    """With another threshold the step would come at another time, and the figures would be other ones."""
    steps = (
        "steps:\n  - {name: new, kind: model_release, at: 1s, trees: 50}\n"
        "  - {name: back, kind: model_rollback, at: 2s, when: Degraded}\n"
    )
    scenario = parse(OWN + steps, "thin.yaml")
    with pytest.raises(InputError, match="step back waits for it"):
        tunable(scenario, rules_of(scenario), "Degraded")
    with pytest.raises(InputError, match="did you mean Degraded"):
        tunable(scenario, rules_of(scenario), "Degarded")
