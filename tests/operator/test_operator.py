"""What the operator of a run is refused, in one line each, and what the screen tells in words meanwhile."""

from pathlib import Path

import pytest

from dashboard.actions import Acknowledge, Burst, Inject, Lift, Note, NotRecorded, Release, RollBack, ShiftRate
from sim.faults.registry import FAULTS
from sim.operator.menu_choices import choices, drill_choices
from sim.operator.refusals import (
    FORBIDDEN,
    MORE_ON_STREAM,
    RATE_OF_OTHERS,
    RATE_OF_REPLAY,
    VIRTUAL,
    RefusedError,
    refusal,
)
from sim.operator.typed_fault import typed_fault
from sim.operator.typed_rate import planned_rate, typed_duration, typed_times
from sim.report.run_folder import AS_PLAYED
from sim.scenario.loader import load, parse
from sim.scenario.pipeline import NOTHING_PRODUCED
from sim.world.phases import RatedPhase
from tests.support.repository import ROOT
from tests.support.sim.scripted_screen import ScriptedScreen, played

TEXT = """
version: 1
name: refused
seed: 11
clock: virtual
world: {label_delay: 1s}
phases: [{name: only, duration: 14s, rate: 200}]
faults: [{name: planned, kind: model_errors, at: 11s, duration: 1s}]
expect: [{name: books, expr: "ledger.balanced == 1"}]
"""
OUTAGE = Inject("feature_store_outage", (("duration", "6s"),))
PLAIN = parse(TEXT, "plain.yaml")
OTHERS = load(ROOT / "examples" / "own_messages.yaml")
REPLAY = load(ROOT / "scenarios" / "replay_handbook.yaml", files_required=False)
SCRIPT = (
    (1.0, Inject("earthquake"), "earthquake is not a kind of fault; python -m sim faults lists them"),
    (
        1.2,
        Inject("model_slow", (("duration", "soon"),)),
        "duration must be a duration, got soon; write a number and a unit",
    ),
    (1.4, Inject("model_slow", (("duration", "1s"), ("factor", "0"))), "factor must be"),
    (1.6, Lift(), "no fault is in"),
    (1.8, Lift("nobody"), "nobody is not in: there is nothing to lift"),
    (2.0, Burst("80x", "1s"), "rate 80x: is 80 times what is offered; at most 5 times can be"),
    (2.2, Burst("many", "1s"), "rate many: must be a rate; write 3x, or 5000"),
    (2.4, Burst("2x", "0s"), "length 0s: must be positive; write it as in 10s"),
    (2.6, Release("/nowhere"), "/nowhere: is not the folder of a model, as python -m sim train --out makes one"),
    (
        2.8,
        Inject("model_errors", (("duration", "1h"),)),
        "planned is a model_errors too and is in or",
    ),
    (3.0, OUTAGE, ""),
    (3.6, OUTAGE, "feature_store_outage-1 is a feature_store_outage too and is in or planned until"),
    (9.2, RollBack(), "no model was released before this one"),
    (9.7, Acknowledge("LatencyHigh"), "LatencyHigh"),
    (10.0, NotRecorded("No space left on device"), ""),
)


@pytest.mark.slow
def test_what_cannot_be_is_one_line_and_the_run_goes_on(
    tmp_path: Path, world_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each line says what and why; refused things leave no trace, and the words come from what is measured alone."""
    screen = ScriptedScreen([(at_s, action) for at_s, action, _ in SCRIPT])
    result = played(TEXT, world_model, tmp_path / "run", screen, monkeypatch)

    bad = [answer.text for answer in screen.answers if not answer.good]
    wanted = [line for _, _, line in SCRIPT if line]
    assert len(bad) == len(wanted)
    for text, line in zip(bad, wanted, strict=True):
        assert line in text
        assert "\n" not in text
    assert len(result.summary.by_hand) == 1
    assert result.summary.ledger.balanced
    assert any("No space left on device" in line for line in result.summary.warnings)
    told = [frame.situation for frame in screen.frames]
    assert any(text.startswith("feature store fails") and "realtime_only" in text for text in told)
    assert any(text.startswith("all as usual: 100 % full") for text in told)
    names = (*FAULTS, "feature_store_outage-1", "planned", "refused")
    assert not any(name in text for name in names for text in told)


@pytest.mark.slow
def test_a_fault_in_the_last_second_ends_with_the_run(
    tmp_path: Path, world_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is cut to what is left and lifted like any; what comes when the run is ending is refused."""
    slow = Inject("feature_store_latency", (("duration", "1h"), ("added", "1ms")))
    screen = ScriptedScreen([(13.2, slow), (13.5, ShiftRate(1))])
    result = played(TEXT, world_model, tmp_path / "run", screen, monkeypatch)
    record = next(each for each in result.summary.faults if each.name == "feature_store_latency-1")
    assert record.state == "lifted"
    assert record.lifted_at_s is not None
    assert record.lifted_at_s <= 14.1
    assert "when the run ends" in screen.answers[0].text
    assert (tmp_path / "run" / AS_PLAYED).exists()


@pytest.mark.slow
def test_a_run_that_forbids_hands_is_not_changed(
    tmp_path: Path, world_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is asked, the answer is the same, and nothing is left of it."""
    screen = ScriptedScreen([(1.0, Note("hello")), (3.0, ShiftRate(1)), (5.0, OUTAGE)])
    text = TEXT.replace("clock: virtual", "clock: virtual\ninteractive: false")
    result = played(text, world_model, tmp_path / "run", screen, monkeypatch)
    assert {(answer.text, answer.good) for answer in screen.answers} == {("forbidden", False)}
    assert not result.summary.by_hand
    assert not (tmp_path / "run" / AS_PLAYED).exists()


def test_hands_are_for_the_real_clock_where_the_scenario_lets_them() -> None:
    """Both refusals are a line that says what to do."""
    assert refusal("real", interactive=True) == ""
    assert refusal("virtual", interactive=True) == VIRTUAL
    assert refusal("real", interactive=False) == FORBIDDEN


@pytest.mark.parametrize("kind", FAULTS)
def test_every_kind_can_be_put_in_with_what_its_form_holds(kind: str, tmp_path: Path) -> None:
    """The defaults of a form make a fault, once what has none is filled in."""
    offered = next(each for each in choices(PLAIN, "", (), tmp_path).faults if each.kind == kind)
    needed = {"skew": "1h", "stall": "50ms"}
    values = tuple((each.key, each.value or needed[each.key]) for each in offered.parameters)
    fault = typed_fault(Inject(kind, values), "mine", 1_000_000_000)
    assert (fault.kind, fault.name, fault.at) == (kind, "mine", 1_000_000_000)


def test_a_run_that_cannot_be_changed_offers_no_faults(tmp_path: Path) -> None:
    """What is refused is not in the menus either."""
    offered = choices(PLAIN, VIRTUAL, (), tmp_path)
    assert (offered.refused, offered.faults) == (VIRTUAL, ())


def test_a_replay_closes_at_the_key_what_it_cannot_do(tmp_path: Path) -> None:
    """Its rate is that of its events, and fraud is its own: both are said before anything is typed."""
    offered = choices(REPLAY, "", (), tmp_path)
    assert {key for key, why in offered.closed.items() if why == RATE_OF_REPLAY} == set("b+-")
    assert drill_choices(REPLAY, tmp_path).closed["+"] == RATE_OF_REPLAY
    refused = {each.kind for each in offered.faults if each.refused}
    assert REPLAY.events is not None
    filtered = REPLAY.events.known_card_filter
    unfit = [kind for kind in FAULTS.values() if kind.needs_world or (filtered and kind.moves_arrivals)]
    assert refused == {kind.kind for kind in unfit}
    assert not any(each.refused for each in choices(PLAIN, "", (), tmp_path).faults)


def test_a_topic_of_others_closes_at_the_key_what_needs_a_producer(tmp_path: Path) -> None:
    """Nothing is produced there: the rate is that of its writers, and no fault strikes what they send."""
    offered = choices(OTHERS, "", (), tmp_path)
    assert {key for key, why in offered.closed.items() if why == RATE_OF_OTHERS} == set("b+-")
    refused = {each.kind for each in offered.faults if each.refused == NOTHING_PRODUCED}
    assert refused == {each.kind for each in FAULTS.values() if each.on_stream == "producer"} - {"refresh_failure"}
    assert refused


@pytest.mark.slow
def test_on_a_stream_the_rate_can_be_lowered_and_not_raised(
    tmp_path: Path, world_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More load needs its cards in the store before: it is refused with a line that says so, at the key or after it."""
    text = TEXT.replace("duration: 14s", "duration: 4s").partition("faults:")[0]
    screen = ScriptedScreen([(0.5, ShiftRate(-1)), (1.0, ShiftRate(1)), (1.5, ShiftRate(1)), (2.0, Burst("2x", "1s"))])
    result = played(text, world_model, tmp_path / "run", screen, monkeypatch, mirrors=0)
    assert [answer.good for answer in screen.answers] == [True, True, False, False]
    assert screen.answers[2].text == screen.answers[3].text == MORE_ON_STREAM
    assert len(result.summary.by_hand) == 2
    source = 'pipeline.source={kind: kafka, address: "kafka://127.0.0.1:19092/rd"}'
    assert choices(parse(TEXT, "plain.yaml", ["clock=real", source]), "", (), tmp_path).closed["b"] == MORE_ON_STREAM


def test_rates_are_read_as_they_are_typed() -> None:
    """A multiple, or transactions a second as a multiple of what is planned at that instant."""
    phases = (
        RatedPhase(name="a", duration_ns=10, rate=100.0, ramp_to=300.0),
        RatedPhase(name="b", duration_ns=10, rate=50.0),
    )
    assert [planned_rate(phases, at_ns) for at_ns in (0, 5, 10, 19, 20)] == [100.0, 200.0, 50.0, 50.0, 0.0]
    assert typed_times(" 2.5X ", 100.0) == 2.5
    assert typed_times("300", 200.0) == 1.5
    with pytest.raises(RefusedError, match="nothing is planned"):
        typed_times("300", 0.0)
    assert typed_duration("1500ms") == 1_500_000_000
