"""What a run tells its endpoint is what its summary says."""

from pathlib import Path

import pytest

from actors.core.batches import Decision, Mode
from actors.model.artifact import load_artifact
from actors.telemetry.metrics.catalogue import METRICS, SERIES
from actors.telemetry.stages import Stage
from actors.telemetry.window import Window
from sim.metrics_endpoint.collector import families
from sim.metrics_endpoint.reading import MOST_NAMES, Inbox, Named, Reading, pack
from sim.metrics_endpoint.told import few
from sim.report.run_folder import RunFolder
from sim.report.summary import Summary
from sim.run.composition import Attachments
from sim.run.execution import execute
from sim.run.planning import prepare
from sim.run.watch import NullScreen
from sim.scenario.loader import parse
from sim.scenario.timeline import Cut
from tests.support.drills import THIN


class Kept:
    """Readers that want every reading."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.last: list[Reading] = []
        self.wanted = True

    def tell(self, reading: Reading) -> None:
        self.readings += Inbox().feed(pack(reading))

    def tell_now(self, reading: Reading) -> None:
        self.last += Inbox().feed(pack(reading))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, world_model: Path) -> tuple[Kept, Summary]:
    """Return all that a thin drill told, and its summary."""
    folder, kept = tmp_path_factory.mktemp("told"), Kept()
    plan = prepare(Cut(parse(THIN, "thin.yaml")), load_artifact(world_model), folder)
    result = execute(plan, RunFolder(folder), NullScreen(), Attachments(readers=kept))
    return kept, result.summary


def samples(reading: Reading) -> dict[tuple[str, ...], float]:
    """Return each sample of a reading by its name and the values of its labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families(reading)
        for sample in family.samples
    }


def test_the_last_figures_are_those_of_the_summary(told: tuple[Kept, Summary]) -> None:
    """Ledger, decisions, times, feature store and money are equal to the last digit."""
    kept, summary = told
    (last,) = kept.last
    found, ledger, worth = samples(last), summary.ledger, summary.business
    assert {
        "riskdrill_transactions_due_total": ledger.offered,
        "riskdrill_transactions_sent_total": ledger.produced,
        "riskdrill_logged_total": ledger.logged,
        "riskdrill_delivered_total": ledger.delivered,
        "riskdrill_unsent": ledger.unsent,
        "riskdrill_in_flight": ledger.in_flight,
        "riskdrill_ledger_balanced": 1,
        "riskdrill_run_seconds": summary.duration_s,
        "riskdrill_feature_store_calls_total": summary.feature_store.calls,
        "riskdrill_feature_store_missing_total": summary.feature_store.missing,
        "riskdrill_fraud_loss": worth.fraud_loss,
        "riskdrill_fraud_prevented": worth.fraud_prevented,
        "riskdrill_recall_ratio": worth.recall,
        "riskdrill_live_roc_auc": summary.live_roc_auc,
    }.items() <= {name[0]: value for name, value in found.items() if len(name) == 1}.items()
    decided = {key[1:]: value for key, value in found.items() if key[0] == "riskdrill_decisions_total"}
    assert sum(decided.values()) == ledger.decided
    assert {m.label: sum(decided[m.label, d.label] for d in Decision) for m in Mode} == {
        m.label: getattr(summary.modes, m.label) for m in Mode
    }
    for stage, times in summary.stages.items():
        assert found["riskdrill_stage_seconds_count", stage] == times.count
        if times.mean_ms is not None:
            mean_s = found["riskdrill_stage_seconds_sum", stage] / times.count
            assert mean_s == pytest.approx(times.mean_ms / 1e3, rel=1e-12)
    assert found["riskdrill_verdict", summary.verdict] == 1.0


def test_faults_and_phases_are_marked_while_they_last(told: tuple[Kept, Summary]) -> None:
    """Of each reading, the phase is the one of its instant and the fault is on between injection and lift."""
    kept, _ = told
    for reading in kept.readings:
        (fault,) = reading.faults
        assert fault.on == (1.0 <= reading.elapsed_s < 1.8)
        on = [phase.name for phase in reading.phases if phase.on]
        at = reading.elapsed_s
        assert on == (["calm"] if at < 1 else ["trouble"] if at < 2 else ["recovery"] if at < 4 else [])
    assert [each.on for each in (*kept.last[0].phases, *kept.last[0].faults)] == [False] * 4


def test_counts_never_go_down(told: tuple[Kept, Summary]) -> None:
    """Prometheus would take a count that falls for a new start."""
    kept, _ = told
    before: dict[tuple[str, ...], float] = {}
    for reading in (*kept.readings, *kept.last):
        now = {
            key: value for key, value in samples(reading).items() if key[0].endswith(("_total", "_bucket", "_count"))
        }
        assert {key: value for key, value in before.items() if now[key] < value} == {}
        before = now


def test_labels_have_few_values_and_none_of_a_transaction(told: tuple[Kept, Summary]) -> None:
    """Samples are as many with a thousand transactions as with one, and no label has what only one of them has."""
    kept, _ = told
    names = [set(samples(reading)) for reading in kept.readings if reading.snapshot and reading.snapshot.ledger.decided]
    grown = names[-1] - names[0]
    assert {name[0] for name in grown} <= {"riskdrill_psi", *(n for n, s in SERIES.items() if not s.labels)} | {
        f"riskdrill_stage_seconds{end}" for end in ("_bucket", "_count", "_sum")
    } | {"riskdrill_dead_letters_total"}
    stages = {name[-1] for name in names[-1] if name[0] == "riskdrill_stage_seconds_count"}
    assert stages <= {stage.value for stage in Stage}


def test_every_metric_is_read_from_series_that_are_served(told: tuple[Kept, Summary]) -> None:
    """A metric is a figure of counts, of a histogram or of a reading, and whatever it is of has a name outside."""
    kept, _ = told
    snapshot = kept.last[0].snapshot
    assert snapshot is not None
    for metric in METRICS.values():
        of = [each for each in (metric.part, metric.whole, metric.level) if each is not None]
        assert metric.stage is not None or of, metric.name
        assert all(each.series.name in SERIES for each in of)
        if metric.part is not None and metric.whole is not None:
            part, whole = metric.part(snapshot), metric.whole(snapshot)
            zero = kept.readings[0].snapshot
            assert zero is not None
            figure = metric.read(Window(zero, snapshot))
            assert figure == (part / whole / metric.per if whole else None)


def test_names_beyond_a_bound_are_told_as_one() -> None:
    """However many faults a scenario has, its labels are few."""
    named = [Named(f"fault-{number}", on=number == 999, kind="stall") for number in range(1_000)]
    kept = few(named)
    assert len(kept) == MOST_NAMES
    assert kept[-1] == Named("others", on=True)
    assert few(named[:MOST_NAMES]) == tuple(named[:MOST_NAMES])
