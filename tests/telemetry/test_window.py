"""A window holds what happened between two snapshots, and nothing else."""

import numpy as np
import pytest

from actors.core.batches import Mode
from actors.telemetry.drift import FEATURE_BUFFER, Reference
from actors.telemetry.metrics.catalogue import METRICS, find, read
from actors.telemetry.snapshot import ActorGauge, AlertReading, Gauges, MailboxGauge, Quality, Snapshot
from actors.telemetry.stages import Stage
from actors.telemetry.telemetry import Telemetry
from actors.telemetry.window import Window
from tests.support.actors.telemetry import EVEN, decide, gauges, reference, snapshot
from tests.support.documents import metrics_table


def test_rates_and_percentiles_are_of_the_window_alone() -> None:
    """What happened before the older snapshot does not count."""
    telemetry = Telemetry()
    decide(telemetry, 1_000, latency_us=50_000)
    older = snapshot(telemetry, 10)
    decide(telemetry, 300, latency_us=1_000)
    decide(telemetry, 100, latency_us=2_000, mode=Mode.RULES)
    window = Window(older, snapshot(telemetry, 12))
    assert window.span_s == 2
    assert read("throughput", window) == read("offered_rate", window) == 200
    assert read("latency.p50", window) == 1_000
    assert read("latency.max", window) == 2_000
    assert read("latency.mean", window) == 1_250
    assert read("mode.rules.ratio", window) == read("degraded_ratio", window) == 0.25
    assert read("decision.approve.ratio", window) == 1
    assert Window(older, older).latency(Stage.LATENCY).total == 0


def test_an_empty_window_has_no_samples_anywhere() -> None:
    """Every metric of a window in which nothing happened is None or a count of nothing."""
    empty = snapshot(Telemetry(), 3)
    window = Window(empty, empty)
    figures = {name: metric.read(window) for name, metric in METRICS.items()}
    counted = {name for name, figure in figures.items() if figure is not None}
    assert counted == {
        "dead_letters",
        "duplicates",
        "log_failed",
        "undelivered",
        "awaiting_delivery",
        "awaiting_log",
        "ledger.balanced",
        "feature_store.breaker_trips",
        "feature_store.refresh_failures",
        "feature_store.refreshes",
        "restarts",
        "model.errors",
        "model.refusals",
        "model.swaps",
        "gc.pauses",
        "alerts.firing",
    }
    assert {figures[name] for name in counted - {"ledger.balanced"}} == {0}


def test_the_error_ratio_leaves_invalid_input_apart() -> None:
    """Default decisions, failed logs, undelivered decisions and crashes are errors; what does not parse is not."""
    telemetry = Telemetry()
    older = snapshot(telemetry, 0)
    decide(telemetry, 90)
    decide(telemetry, 1, mode=Mode.DEFAULT)
    ledger = telemetry.ledger
    ledger.send(9)
    ledger.dead_letter("not_json", 7)
    ledger.dead_letter("poison", 2)
    ledger.log_failed(3)
    ledger.undelivered(4)
    window = Window(older, snapshot(telemetry, 1))
    assert read("error_ratio", window) == pytest.approx((1 + 2 + 3 + 4) / 100)
    assert read("dead_letters", window) == 9


def test_feature_store_metrics_are_shares_of_what_was_asked() -> None:
    """Errors of look-ups, gaps and stale rows of transactions, age in seconds."""
    telemetry = Telemetry()
    older = snapshot(telemetry, 0)
    counters = telemetry.counters
    counters.store_lookups, counters.store_errors, counters.store_calls = 10, 2, 11
    counters.store_cached_rows = 20
    counters.store_rows, counters.store_missing_rows, counters.store_stale_rows = 200, 50, 30
    counters.shed_rows = 4
    decide(telemetry, 16)
    window = Window(older, snapshot(telemetry, 1, Gauges(batch_age_s=7_200.0)))
    assert read("feature_store.error_ratio", window) == 0.2
    assert read("feature_store.calls_per_lookup", window) == 1.1
    assert read("feature_store.cached_ratio", window) == 0.1
    assert read("feature_store.miss_ratio", window) == 0.25
    assert read("feature_store.stale_ratio", window) == 0.15
    assert read("feature_store.age_s", window) == 7_200
    assert read("shed_ratio", window) == 0.25


def test_actors_and_mailboxes_are_read_by_name() -> None:
    """Depth and fill at the end of the window; blocking and work as shares of its time."""
    telemetry = Telemetry()
    box = MailboxGauge("scorer", depth=30, capacity=120, blocked_s=1.0)
    older = snapshot(telemetry, 0, Gauges(mailboxes=(box,)))
    telemetry.busy("scorer", 500_000_000, 256)
    telemetry.busy("scorer", 500_000_000, 44)
    later = MailboxGauge("scorer", depth=60, capacity=120, blocked_s=1.5)
    window = Window(
        older, snapshot(telemetry, 2, Gauges(mailboxes=(later,), actors=(ActorGauge("scorer", "running"),)))
    )
    assert read("mailbox.scorer.depth", window) == 60
    assert read("mailbox.scorer.fill_ratio", window) == 0.5
    assert read("mailbox.scorer.blocked_ratio", window) == 0.25
    assert read("actor.scorer.busy_ratio", window) == 0.5
    assert read("actor.scorer.batch_size", window) == 150
    assert read("mailbox.logger.depth", window) is None


def scored(scores: list[float]) -> Window:
    """A window in which a model gave these scores."""
    telemetry = Telemetry(reference())
    older = snapshot(telemetry, 0)
    telemetry.observe_scores(np.array(scores))
    telemetry.ledger.offer(1_000)
    return Window(older, snapshot(telemetry, 1), telemetry.reference)


def test_a_score_shift_needs_enough_scores() -> None:
    """A hundred scores have a shift, ninety-nine have none."""
    assert read("score.shift", scored([0.15] * 100)) == pytest.approx(0.5)
    assert read("score.shift_sigma", scored([0.15] * 100)) == pytest.approx(10)
    assert read("score.shift", scored([0.15] * 99)) is None
    assert read("score.shift_sigma", scored([0.15] * 99)) is None
    assert read("score.mean", scored([0.15] * 99)) == pytest.approx(0.15)


def test_scores_near_a_half_are_told_from_the_rest() -> None:
    """0.44 to 0.56, of at least a hundred scores."""
    assert read("score.near_half_ratio", scored([0.45, 0.5, 0.55, 0.43] * 25)) == 0.75
    assert read("score.near_half_ratio", scored([0.5] * 99)) is None
    assert read("volume_ratio", scored([0.5] * 99)) == 0.099


def drifted(rows: int, shift: float) -> Window:
    """A window with ``rows`` sampled, one feature moved up by ``shift``; one row in ten of it is missing."""
    telemetry = Telemetry(reference(), feature_stride=1)
    telemetry.observe_features(np.zeros((FEATURE_BUFFER, 2), dtype=np.float32))
    older = snapshot(telemetry, 0)
    even = np.resize(EVEN, rows).astype(np.float32)
    telemetry.observe_features(np.stack([even, even + np.float32(shift)], axis=1))
    return Window(older, snapshot(telemetry, 1), telemetry.reference)


def test_drift_is_measured_by_feature_and_over_the_window_alone() -> None:
    """The feature that moved scores, the other does not, and rows before the window are forgotten."""
    window = drifted(FEATURE_BUFFER * 4 * 125, 0.2)
    assert read("psi.amount", window) == pytest.approx(0, abs=1e-9)
    moved = read("psi.card_tx_1h", window)
    assert moved is not None
    assert moved > 0.2
    assert read("psi.max", window) == moved
    assert read("psi.unknown", window) is None


def test_drift_needs_enough_rows_and_a_reference() -> None:
    """A buffer's worth of rows is too few, and without a model there is nothing to compare with."""
    few = drifted(FEATURE_BUFFER, 0.5)
    assert few.psi_by_feature == {}
    assert read("psi.max", few) is None
    enough = drifted(FEATURE_BUFFER * 4, 0.5)
    assert enough.psi_by_feature
    assert Window(enough.older, enough.newer).psi_by_feature == {}


def alert(state: str, fired: int) -> AlertReading:
    """A reading of one alert."""
    return AlertReading("A", "page", state, 0, fired_count=fired)


@pytest.mark.parametrize(
    ("older", "newer", "firing"),
    [
        (("inactive", 0), ("inactive", 0), 0),
        (("inactive", 0), ("pending", 0), 0),
        (("inactive", 0), ("firing", 1), 1),
        (("firing", 1), ("resolved", 1), 1),
        (("resolved", 1), ("resolved", 1), 0),
        (("inactive", 0), ("resolved", 1), 1),
        (("resolved", 1), ("pending", 1), 0),
        (None, ("firing", 1), 1),
    ],
)
def test_an_alert_that_fired_in_between_is_counted(
    older: tuple[str, int] | None, newer: tuple[str, int], firing: int
) -> None:
    """Firing at either end or only in between counts; having fired before does not."""

    def with_alert(reading: tuple[str, int] | None) -> Snapshot:
        alerts = () if reading is None else (alert(*reading),)
        telemetry = Telemetry().snapshot(0, Gauges())
        return Snapshot(**{**{f: getattr(telemetry, f) for f in telemetry.__struct_fields__}, "alerts": alerts})

    assert read("alerts.firing", Window(with_alert(older), with_alert(newer))) == firing


def test_quality_is_the_newest_or_that_of_the_span() -> None:
    """A window reads what the run knows, or what the judge says of exactly this span."""
    telemetry = Telemetry()
    newer = telemetry.snapshot(1, Gauges(), quality=Quality(labelled=10, recall=0.8, fraud_loss=12.5))
    window = Window(snapshot(telemetry, 0), newer)
    assert (read("recall", window), read("fraud_loss", window)) == (0.8, 12.5)
    assert read("live_roc_auc", window) is None
    assert read("recall", Window(newer, newer, quality=Quality(recall=0.3))) == 0.3


def test_the_ledger_is_a_metric() -> None:
    """1 while the books balance, 0 when they do not."""
    telemetry = Telemetry()
    telemetry.ledger.offer(1)
    good, bad = (snapshot(telemetry, 1, gauges(unsent=unsent)) for unsent in (1, 0))
    assert read("ledger.balanced", Window(good, good)) == 1
    assert read("ledger.balanced", Window(good, bad)) == 0


def test_metric_names_are_words_joined_by_dots() -> None:
    """Every name can be written in an expression, is unique, and is documented."""
    table = metrics_table()
    for name, metric in METRICS.items():
        assert find(name) is metric
        assert all(part.isidentifier() for part in name.split("."))
        (row,) = (line for line in table.splitlines() if line.startswith(f"| `{name}` "))
        assert row.startswith(f"| `{name}` | {metric.unit} | ")
        assert row.endswith(f" | {metric.description} |")
    assert table.count("\n") == len(METRICS) + 2
    assert find("psi.amount") is not None
    assert find("psi.") is None
    with pytest.raises(KeyError):
        read("no.such", Window(snapshot(Telemetry(), 0), snapshot(Telemetry(), 0)))


def test_a_constant_score_in_training_makes_any_other_infinitely_far() -> None:
    """A reference without spread is no division by zero."""
    window = scored([0.15] * 100)
    flat = Reference({}, score_mean=0.1, score_std=0.0)
    assert read("score.shift_sigma", Window(window.older, window.newer, flat)) == float("inf")
