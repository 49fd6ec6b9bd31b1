"""Alert rules: when they fire, who is told, and when the next in line is."""

import msgspec
import pytest

from actors.core.batches import Mode
from actors.core.clock import NS_PER_S
from actors.telemetry.alerts.built_in import DRILL, PRODUCTION, STEADY_BURN, built_in_rules, stream_rules
from actors.telemetry.alerts.engine import STEPS, AlertEngine, AlertEvent, LookBack
from actors.telemetry.alerts.rule import AlertRule, Severity
from actors.telemetry.expression.grammar import ExpressionError
from actors.telemetry.telemetry import Telemetry
from actors.telemetry.window import RECENT_S, Window
from tests.support.actors.telemetry import decide, reference, snapshot


def window(latency_us: int, at_s: float, count: int = 100) -> Window:
    """A second of transactions that all took ``latency_us``, ending at ``at_s``."""
    telemetry = Telemetry()
    older = snapshot(telemetry, at_s - 1)
    decide(telemetry, count, latency_us)
    return Window(older, snapshot(telemetry, at_s))


def drive(engine: AlertEngine, latencies_us: list[int]) -> list[AlertEvent]:
    """Evaluate once a second, from second 1."""
    events = []
    for at_s, latency_us in enumerate(latencies_us, start=1):
        events += engine.evaluate(window(latency_us, at_s, count=int(latency_us > 0)), at_s * NS_PER_S)
    return events


def line(events: list[AlertEvent]) -> list[tuple[int, str, str]]:
    """Seconds, states and who was told."""
    return [(event.at_ns // NS_PER_S, event.state + "!" * event.escalated, event.told) for event in events]


def test_an_alert_goes_through_its_states_and_tells_someone() -> None:
    """Pending, firing after ``for``, escalated when nobody acknowledges, resolved."""
    rule = AlertRule(alert="Slow", expr="latency.p95 > 50ms", for_s=2, keep_firing_for_s=1)
    engine = AlertEngine([rule], escalation_factor=0.01)
    assert line(drive(engine, [1, 60_000, 60_000, 60_000, 70_000, 70_000, 70_000, 1, 70_000, 1, 1, 1])) == [
        (2, "pending", "on-call engineer"),
        (4, "firing", "on-call engineer"),
        (7, "firing!", "second line"),
        (11, "resolved", "second line"),
    ]
    (reading,) = engine.readings()
    assert (reading.state, reading.since_ns, reading.fired_count) == ("resolved", 11 * NS_PER_S, 1)


def test_an_acknowledged_alert_is_not_escalated_until_it_fires_anew() -> None:
    """Acknowledging holds for this time only."""
    engine = AlertEngine([AlertRule(alert="Slow", expr="latency.p95 > 50ms")], escalation_factor=0.01)
    assert line(drive(engine, [60_000])) == [(1, "firing", "on-call engineer")]
    event = engine.acknowledge("Slow", "operator", 2 * NS_PER_S)
    assert event is not None
    assert line([event]) == [(2, "acknowledged", "operator")]
    assert engine.acknowledge("Slow", "operator", 3 * NS_PER_S) is None
    assert engine.readings()[0].acknowledged
    assert drive(engine, [60_000] * 9) == []
    assert line(drive(engine, [1, 60_000, 60_000, 60_000, 60_000])) == [
        (1, "resolved", "on-call engineer"),
        (2, "firing", "on-call engineer"),
        (5, "firing!", "second line"),
    ]


def test_an_event_says_what_it_rests_on() -> None:
    """The figures are those of the evaluation that changed the state."""
    engine = AlertEngine([AlertRule(alert="Slow", expr="latency.p95 > 50ms", severity=Severity.INFO)])
    (event,) = drive(engine, [63_100])
    assert event.text == "latency.p95 = 63.1 ms"
    assert (event.alert, event.severity, event.told) == ("Slow", "info", "screen only")
    assert msgspec.json.decode(msgspec.json.encode(event), type=AlertEvent) == event


def test_without_samples_an_alert_does_not_hold() -> None:
    """No traffic resolves it, as in Prometheus."""
    engine = AlertEngine([AlertRule(alert="Slow", expr="latency.p95 > 50ms")])
    events = drive(engine, [60_000, 0])
    assert [event.state for event in events] == ["firing", "resolved"]
    assert events[-1].text == "latency.p95 = no samples"


def test_two_rules_of_one_name_are_refused() -> None:
    """Else one would hide the other."""
    rule = AlertRule(alert="Slow", expr="latency.p95 > 50ms")
    with pytest.raises(ValueError, match="two alert rules are called Slow"):
        AlertEngine([rule, rule])


def test_a_rule_reads_only_its_own_window() -> None:
    """A scope means nothing to an alert."""
    with pytest.raises(ExpressionError, match="baseline is neither"):
        AlertEngine([AlertRule(alert="Slow", expr="latency.p95 > baseline.latency.p95")])


def test_built_in_rules_are_quiet_when_all_is_well() -> None:
    """A pipeline that keeps its promises raises nothing."""
    engine = AlertEngine(built_in_rules(factor=0))
    assert drive(engine, [1_000] * 5) == []
    assert {reading.state for reading in engine.readings()} == {"inactive"}


def test_built_in_rules_wait_less_in_a_drill() -> None:
    """``for`` scales by the factor, and nothing else changes."""
    production, drill = built_in_rules(), built_in_rules(factor=DRILL)
    assert [rule.for_s for rule in drill] == [rule.for_s * DRILL for rule in production]
    assert [max(rule.windows_s) for rule in drill] == [
        RECENT_S if rule.windows_s == (RECENT_S,) else max(rule.windows_s) * DRILL for rule in production
    ]
    assert [rule.expr for rule in drill] == [rule.expr for rule in production]


def test_the_burn_rate_of_days_is_for_runs_of_days() -> None:
    """A run that is shorter than its long window, at its pace, has all rules but this one."""
    days_s = 3 * 24 * 3_600.0
    for factor in (PRODUCTION, DRILL):
        long, short = (built_in_rules(factor=factor, run_s=factor * days_s - left_s) for left_s in (0.0, 1.0))
        assert {rule.alert for rule in long} - {rule.alert for rule in short} == {STEADY_BURN}
        steady = next(rule for rule in long if rule.alert == STEADY_BURN)
        assert steady.windows_s == (factor * days_s, factor * days_s / 12)


def fired(telemetry: Telemetry, mode: Mode = Mode.FULL, latency_us: int = 1_000, **counts: int) -> set[str]:
    """Which built-in rules fire at once, after these counters were set and 1,000 transactions decided."""
    older = snapshot(telemetry, 0)
    decide(telemetry, 1_000, latency_us, mode)
    for name, count in counts.items():
        setattr(telemetry.counters, name, count)
    judged = Window(older, snapshot(telemetry, 1), telemetry.reference)
    return {event.alert for event in AlertEngine(built_in_rules(factor=0)).evaluate(judged, NS_PER_S)}


def test_each_built_in_rule_fires_for_its_own_cause() -> None:
    """One thing wrong, one alert."""
    assert fired(Telemetry()) == set()
    assert fired(Telemetry(), store_rows=100, store_missing_rows=6) == {"FeatureStoreMisses"}
    assert fired(Telemetry(), mode=Mode.DEFAULT) == {"ErrorRateHigh", "PredictionVolumeLow"}
    assert fired(Telemetry(), latency_us=20_000) == {"LatencyMedianHigh"}
    assert fired(Telemetry(reference())) == set()
    assert fired(Telemetry(reference(mean=0.2))) == {"ScoreShift"}


def test_a_memory_limit_of_one_mb_alerts() -> None:
    """80 % of the limit, in the rule's own words."""
    telemetry = Telemetry(reference())
    older = snapshot(telemetry, 0)
    newer = msgspec.structs.replace(snapshot(telemetry, 1), memory_bytes=800_001)
    events = AlertEngine(built_in_rules(memory_limit_bytes=1_000_000, factor=0)).evaluate(Window(older, newer), 1)
    assert [(event.alert, event.text) for event in events] == [("MemoryHigh", "memory_mb = 0.8 MB")]


def test_only_a_firing_alert_can_be_acknowledged() -> None:
    """There is nothing to take on before it fires; an alert that does not exist is an error of the caller."""
    engine = AlertEngine([AlertRule(alert="Slow", expr="latency.p95 > 50ms", for_s=2)])
    drive(engine, [60_000])
    assert engine.acknowledge("Slow", "operator", NS_PER_S) is None
    with pytest.raises(KeyError):
        engine.acknowledge("Slwo", "operator", NS_PER_S)


def budget(errors: list[int], windows_s: tuple[float, ...] = (12.0, 2.0)) -> list[tuple[int, str, str]]:
    """What a burn-rate rule does when of 100 decisions a second so many are errors."""
    rule = AlertRule(alert="Burn", expr="error_budget.burn_rate > 14.4", windows_s=windows_s)
    engine, telemetry, events = AlertEngine([rule]), Telemetry(), []
    older = snapshot(telemetry, 0)
    for at_s, count in enumerate(errors, start=1):
        decide(telemetry, 100 - count, 1_000)
        decide(telemetry, count, 1_000, Mode.DEFAULT)
        newer = snapshot(telemetry, at_s)
        events += engine.evaluate(Window(older, newer), at_s * NS_PER_S)
        older = newer
    return line(events)


def test_a_burn_rate_must_hold_over_both_windows() -> None:
    """One bad second among many is under the long window's limit, and old errors are past the short one's."""
    assert budget([0] * 11 + [10] + [0] * 3) == []
    fired, resolved = budget([0] * 11 + [10] * 4 + [0] * 6)
    assert fired[:2] == (13, "firing")  # two bad seconds: 20 of 1,200 is a burn rate of 16.7
    assert resolved[:2] == (17, "resolved")  # two good ones, and the long window still burns


def test_a_burn_rate_tells_the_figures_of_each_window() -> None:
    """Whoever is paged sees how long it has gone on."""
    rule = AlertRule(alert="Burn", expr="error_budget.burn_rate > 1", windows_s=(12.0, 2.0))
    telemetry = Telemetry()
    engine, older = AlertEngine([rule]), snapshot(telemetry, 0)
    engine.evaluate(Window(older, older), 0)
    decide(telemetry, 98, 1_000)
    decide(telemetry, 2, 1_000, Mode.DEFAULT)
    (event,) = engine.evaluate(Window(older, snapshot(telemetry, 1)), NS_PER_S)
    assert event.text == "error_budget.burn_rate = 20 over 12 s, error_budget.burn_rate = 20 over 2 s"


def test_a_long_window_is_kept_in_few_snapshots() -> None:
    """However often it is looked at, a span takes bounded memory, and its start is found to a part in 64."""
    telemetry, look_back = Telemetry(), LookBack(640.0)
    spans = [look_back.window(snapshot(telemetry, tick / 4)).span_s for tick in range(4 * 2_000)]
    assert len(look_back._kept) <= STEPS + 2
    assert max(spans[2_600:]) <= 650
    assert min(spans[2_600:]) >= 640


def test_every_built_in_rule_has_a_runbook() -> None:
    """Whoever is told knows what it means, what to look at and what to do, in whole sentences."""
    for rule in (*built_in_rules(), *stream_rules()):
        book = rule.runbook
        assert book is not None, rule.alert
        for text in (book.means, book.look, book.do):
            assert len(text.split()) > 2
            assert text.endswith(".")
