"""Every shipped scenario passes its own expectations on virtual time, the longest one thinned."""

from pathlib import Path

import pytest

from sim.scenario.loader import load
from tests.support.repository import scenarios
from tests.support.shipped import Drilled, drill

THINNED = {
    "day": (  # a thirtieth of its 1.7 million transactions, with cards as busy, and no training for what it releases
        "phases.day.rate=0.6",
        "world.cards=12000",
        "world.merchants=1200",
        "steps.noon-release={name: noon-release, kind: model_release, at: 12h, trees: 150}",
    ),
}
SHIPPED = [path.stem for path in scenarios() if not load(path, files_required=False).external]


SEEN: dict[str, dict[str, tuple[str, float]]] = {  # by fault: the alert that is to fire for it, and within how many s
    "bad_release": {"nonsense": ("BlocksHigh", 10)},
    "black_friday": {"ring": ("ScoreShift", 10), "slow-store": ("FeatureStoreMisses", 8)},
    "burst_5x": {"large-model": ("LatencyMedianHigh", 5)},
    "cascading": {"store-hangs": ("AssemblerBacklog", 2)},
    "day": {"no-refresh": ("BatchFeaturesOld", 245 * 60)},
    "disk_full": {"no-room": ("ErrorBudgetBurnFast", 1)},
    "feature_store_flaky": {"many-bad": ("FeatureStoreMisses", 7)},
    "feature_store_outage": {"store-down": ("FeatureStoreMisses", 8)},
    "feature_store_slow": {"store-slow": ("FeatureStoreMisses", 8)},
    "feature_store_tail": {"all-slow": ("FeatureStoreSlow", 6)},
    "feature_store_wrong": {"store-zeroed": ("BatchFeaturesWrong", 8)},
    "fraud_wave": {
        "store-down": ("FeatureStoreMisses", 8),
        "ring-attack": ("ScoreShift", 10),
        "model-down": ("PredictionVolumeLow", 12),
    },
    "model_errors": {"no-model": ("PredictionVolumeLow", 13)},
    "model_saturated": {"no-spread": ("ScoresClustered", 10)},
    "model_slow": {"heavy-model": ("LatencyMedianHigh", 6)},
    "morning_shift": {"store-refuses": ("FeatureStoreMisses", 8), "partner-cut-off": ("OfferedLow", 9)},
    "night_shift": {"release-upside-down": ("BlocksHigh", 10), "sender-garbled": ("Rejects", 5)},
    "traffic_drift": {"cents": ("FeatureDrift", 9)},
    "traffic_duplicates": {"retries": ("RetryStorm", 6)},
    "traffic_poison": {"broken-encoder": ("DeadLetters", 5)},
    "traffic_volume_drop": {"partner-gone": ("OfferedVolumeLow", 8)},
}


@pytest.fixture(scope="module", params=SHIPPED)
def drilled(request: pytest.FixtureRequest, world_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Drilled:
    """Return what each came to, run once."""
    name = request.param
    return drill(name, world_model, tmp_path_factory.mktemp(name) / "run", *THINNED.get(name, ()))


@pytest.mark.slow
def test_it_passes(drilled: Drilled) -> None:
    """Everything expected holds, and nothing is left unproved."""
    assert not drilled.unproved
    assert (drilled.summary.verdict, drilled.summary.exit_code) == ("pass", 0)


@pytest.mark.slow
def test_its_alerts_fire_for_its_faults_and_for_nothing_else(drilled: Drilled, request: pytest.FixtureRequest) -> None:
    """The alert that should fires within its bound, nothing fires before; what a mitigation hides wakes nobody."""
    name = request.node.callspec.params["drilled"]
    grades, expected = drilled.summary.alert_grades, SEEN.get(name, {})
    assert [(rule.alert, rule.false) for rule in grades.rules if rule.false] == []
    assert [rule.alert for rule in grades.rules if rule.silent] == []
    for fault in grades.faults:
        if fault.fault in expected:
            alert, within_s = expected[fault.fault]
            after_s = {each.alert: each.detected_after_s for each in fault.alerts}
            assert 0 < after_s[alert] <= within_s
    bitten = {fault.fault for fault in grades.faults if fault.first_effect_at_s is not None}
    assert {fault.fault for fault in grades.faults if fault.missed} == bitten - set(expected)
