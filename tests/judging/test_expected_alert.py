"""An alert that must fire and resolve in time."""

import pytest

from sim.judging.expected_alert import AlertLog, ExpectedAlert
from sim.judging.result import skipped, wanted
from sim.scenario.scenario import Expectation
from sim.scenario.timeline import Span
from tests.support.sim.judged_run import Drill

S = 1_000_000_000
RULE = "alert: FeatureStoreMisses, fires_within: 2s, resolves_within: 3s"


@pytest.mark.parametrize(
    ("events", "state", "value"),
    [
        ([(13, "firing"), (17, "resolved")], "passed", "fired after 1.0 s, resolved 1.0 s after its end"),
        ([(13, "firing"), (15, "resolved")], "passed", "fired after 1.0 s, resolved before its end"),
        ([(14, "firing"), (19, "resolved")], "passed", "fired after 2.0 s, resolved 3.0 s after its end"),
        ([(15, "firing"), (17, "resolved")], "failed", "fired after 3.0 s, resolved 1.0 s after its end"),
        ([(13, "firing"), (19.5, "resolved")], "failed", "fired after 1.0 s, resolved 3.5 s after its end"),
        ([(13, "firing")], "failed", "fired after 1.0 s, not resolved"),
        ([], "failed", "never fired"),
        ([(5, "firing"), (19, "resolved")], "failed", "it was firing before"),
        ([(5, "firing"), (6, "resolved"), (13, "firing"), (17, "resolved")], "passed", None),
        ([(13, "firing"), (14, "resolved"), (15, "firing"), (19.5, "resolved")], "failed", None),
        ([(12, "firing"), (16, "resolved")], "passed", "fired after 0.0 s, resolved before its end"),
        ([(13, "firing"), (14, "resolved"), (19, "firing"), (19.5, "resolved")], "failed", None),
        ([(5, "firing"), (12, "resolved"), (13, "firing"), (17, "resolved")], "passed", None),
        ([(16, "firing"), (17, "resolved")], "failed", "fired after 4.0 s, resolved 1.0 s after its end"),
        ([(16.5, "firing"), (17, "resolved")], "failed", "never fired"),
        (
            [(13, "firing"), (17, "resolved"), (19.5, "firing")],
            "passed",
            "fired after 1.0 s, resolved 1.0 s after its end",
        ),
    ],
)
def test_alert_is_timed_from_its_cause(events: list[tuple[float, str]], state: str, value: str | None) -> None:
    """Firing counts from the injection at 12 s, resolving from the lift at 16 s."""
    drill = Drill(RULE)
    for at_s, word in events:
        drill.judge.alert("FeatureStoreMisses", word, round(at_s * S))
    result = drill.finish(drill.run())
    assert result.state == state
    assert value is None or result.value == value


def test_alert_is_waited_for_while_there_is_time() -> None:
    """Until its time is up an alert has neither failed nor passed."""
    drill = Drill(RULE)
    last = drill.run(until_s=13)
    assert drill.standing(last, 13).state == "waiting"
    drill.judge.alert("FeatureStoreMisses", "firing", 13 * S)
    assert drill.standing(last, 15).state == "waiting"
    drill.judge.alert("FeatureStoreMisses", "resolved", 17 * S)
    assert drill.standing(last, 18).state == "passed"


def test_late_alert_fails_as_soon_as_its_time_is_up() -> None:
    """What can no longer be kept is not waited for: 2 s after the injection to fire, 3 s after the lift to end."""
    drill = Drill(RULE)
    last = drill.run(until_s=13)
    standing = [drill.standing(last, at_s) for at_s in (12, 13, 14)]
    assert [(each.state, each.value) for each in standing] == [
        ("waiting", ""),
        ("waiting", "never fired"),
        ("failed", "never fired"),
    ]
    drill.judge.alert("FeatureStoreMisses", "firing", 13 * S)
    assert [drill.standing(last, at_s).state for at_s in (18, 19)] == ["waiting", "failed"]


def test_an_alert_may_fire_after_what_caused_it() -> None:
    """Where it has more time than its cause lasts, it is still in time then, and no later."""
    for at_s, state in ((17, "passed"), (18, "passed"), (18.5, "failed")):
        for rule in ("fires_within: 6s", "fires_within: 6s, resolves_within: 1s"):
            drill = Drill(f"alert: FeatureStoreMisses, {rule}")
            drill.judge.alert("FeatureStoreMisses", "firing", round(at_s * S))
            drill.judge.alert("FeatureStoreMisses", "resolved", round(at_s * S))
            assert drill.finish(drill.run()).state == state


def test_alert_of_an_interrupted_run_is_inconclusive() -> None:
    """An alert that still had time when the run was interrupted proves nothing."""
    drill = Drill(RULE)
    assert drill.finish(drill.run(until_s=13), 13).state == "inconclusive"


def test_alert_that_has_no_end_to_be_resolved_after_is_not_passed() -> None:
    """A span that lasts as long as the run, of a length that no one knows, has nothing behind it."""
    expectation = Expectation(name="a", alert="A", during="always", resolves_within=5 * S)
    for log in (AlertLog(), _firing("A")):
        assert ExpectedAlert(expectation, Span(0, None), log).result(9 * S, finished=True).state == "inconclusive"


def _firing(alert: str) -> AlertLog:
    log = AlertLog()
    log.fired(alert, 3 * S)
    return log


def test_other_alerts_do_not_count() -> None:
    """Only the alert that is named can keep the promise."""
    drill = Drill(RULE)
    drill.judge.alert("LatencyTailHigh", "firing", 13 * S)
    assert drill.finish(drill.run()).value == "never fired"


def test_log_pairs_each_firing_with_its_end() -> None:
    """A firing lasts until the next time the alert is resolved; resolving what does not fire changes nothing."""
    log = AlertLog()
    log.resolved("A", 1)
    log.fired("A", 2)
    log.resolved("A", 3)
    log.resolved("A", 4)
    log.fired("A", 5)
    assert log.firings("A") == ((2, 3), (5, None))
    assert log.firings("B") == ()


def test_rule_is_told_in_words() -> None:
    """What was wanted reads as a sentence, also for what a shortened run leaves out."""
    rule = Expectation(name="a", alert="A", during="down", fires_within=8 * S, resolves_within=15 * S)
    assert wanted(rule) == "A fires within 8s and resolves within 15s of down"
    assert (skipped(rule).state, skipped(rule).wanted) == ("skipped", wanted(rule))


@pytest.mark.parametrize(
    ("events", "state", "value"),
    [
        ([], "passed", "never fired"),
        ([(5, "firing"), (12, "resolved")], "passed", "never fired"),
        ([(16, "firing")], "passed", "never fired"),
        ([(12, "firing"), (13, "resolved")], "failed", "fired after 0.0 s"),
        ([(13, "firing"), (14, "resolved")], "failed", "fired after 1.0 s"),
        ([(5, "firing"), (14, "resolved")], "failed", "was firing before"),
        ([(13, "firing"), (14, "resolved"), (15, "firing")], "failed", "fired after 1.0 s, 2 times in all"),
    ],
)
def test_an_alert_that_never_may_fire_is_silent_all_along(
    events: list[tuple[float, str]], state: str, value: str
) -> None:
    """From 12 s to 16 s it neither begins to fire nor goes on."""
    drill = Drill("during: down, never: FeatureStoreMisses")
    for at_s, word in events:
        drill.judge.alert("FeatureStoreMisses", word, round(at_s * S))
    result = drill.finish(drill.run())
    assert (result.state, result.value) == (state, value)
    assert result.wanted == "FeatureStoreMisses never fires during down"


def test_silence_holds_while_there_is_time() -> None:
    """Before its span it waits, in it it holds, and broken it fails at once."""
    drill = Drill("during: down, never: FeatureStoreMisses")
    last = drill.run(until_s=13)
    assert [drill.standing(last, at_s).state for at_s in (12, 13, 16)] == ["waiting", "holding", "passed"]
    drill.judge.alert("FeatureStoreMisses", "firing", 13 * S)
    assert drill.standing(last, 13).state == "failed"


def test_silence_of_an_interrupted_run_is_inconclusive() -> None:
    """Nobody knows what would have rung in the rest of its span."""
    drill = Drill("never: FeatureStoreMisses")
    assert drill.finish(drill.run(until_s=13), 13).state == "inconclusive"
