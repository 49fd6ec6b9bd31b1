"""What was done by hand is a scenario, which plays the same drill again without hands."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from actors.model.artifact import load_artifact
from dashboard.actions import Action, Burst, Inject, Lift, Note, Quit, RollBack, ShiftRate
from sim.report.run_folder import AS_PLAYED, DECISIONS, JOURNAL, RunFolder
from sim.run.execution import Result, execute
from sim.run.planning import prepare
from sim.run.watch import NullScreen
from sim.scenario.loader import load
from sim.scenario.timeline import Cut
from tests.support.sim.scripted_screen import ScriptedScreen, played

pytestmark = pytest.mark.slow

TEXT = """
version: 1
name: by-hand
seed: 11
clock: virtual
phases:
  - {name: calm, duration: 4s, rate: 200}
  - {name: busy, duration: 8s, rate: 200, ramp_to: 400}
faults:
  - {name: bad, kind: traffic_poison, at: 2s, duration: 6s, ratio: 0.2}
  - {name: again, kind: model_errors, at: 1s, duration: 1s, repeat: {count: 4, every: 2s}}
expect:
  - {name: settled, during: bad, within: 3s, expr: "error_ratio < 50%"}
  - {name: books, expr: "ledger.balanced == 1"}
"""
SCRIPT: Sequence[tuple[float, Action]] = (
    (1.0, ShiftRate(1)),
    (1.5, Inject("feature_store_outage", (("duration", "3s"),))),
    (2.0, Inject("traffic_duplicates", (("duration", "5s"), ("ratio", "0.5"), ("after", "200ms")))),
    (2.5, Burst("3x", "2s")),
    (3.2, Lift("again")),
    (3.5, Lift("feature_store_outage-1")),
    (4.5, ShiftRate(1)),
    (4.7, Lift("bad")),
    (6.0, Note("half way")),
    (6.5, ShiftRate(-1)),
    (6.8, ShiftRate(-1)),
    (7.0, Inject("assembler_crash")),
    (7.5, Inject("model_slow", (("duration", "1h"), ("factor", "2")))),
)
SAME = ("fault_injected", "fault_lifted", "rate_changed", "phase_started", "phase_ended")


def journal(folder: Path) -> list[dict[str, Any]]:
    """The lines of a run's journal."""
    return [json.loads(line) for line in (folder / JOURNAL).read_text(encoding="utf-8").splitlines()]


def what_happened(folder: Path) -> list[tuple[Any, ...]]:
    """What faults, rates and phases did, each with its instant to the ms."""
    return sorted((round(each["at_s"], 2), each["kind"]) for each in journal(folder) if each["kind"] in SAME)


def replayed(folder: Path, out: Path, model: Path) -> Result:
    """Run what a run has left to play it again, without hands."""
    plan = prepare(Cut(load(folder / AS_PLAYED)), load_artifact(model), out)
    with RunFolder(out) as place:
        return execute(plan, place, NullScreen())


def decided(folder: Path) -> list[tuple[str, str, float]]:
    """Every decision of a run: of what, which, and from what score."""
    lines = (folder / DECISIONS).read_text(encoding="utf-8").splitlines()
    return sorted((each["id"], each["mode"], each["amount"]) for each in map(json.loads, lines))


def test_a_drill_played_by_hand_is_played_again_without_hands(
    tmp_path: Path, world_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same faults come and go at the same instants, and the same transactions arrive."""
    screen = ScriptedScreen(SCRIPT)
    first = played(TEXT, world_model, tmp_path / "hand", screen, monkeypatch)
    second = replayed(tmp_path / "hand", tmp_path / "again", world_model)

    assert [answer.text for answer in screen.answers if not answer.good] == []
    assert len(first.summary.by_hand) == len(SCRIPT) - 1
    assert not second.summary.by_hand
    assert what_happened(tmp_path / "hand") == what_happened(tmp_path / "again")
    assert first.summary.ledger.balanced
    assert second.summary.ledger.balanced
    assert first.summary.ledger.offered == pytest.approx(second.summary.ledger.offered, rel=0.01)


def test_what_was_planned_arrives_whatever_hands_do_to_the_rate(
    tmp_path: Path, world_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More load comes beside the planned transactions; of those none is missing, and the same run again is the same."""
    calm = TEXT[: TEXT.index("faults:")] + TEXT[TEXT.index("expect:") :].replace("during: bad, ", "during: busy, ")
    script = ((1.0, ShiftRate(1)), (3.0, Burst("4x", "2s")))
    played(calm, world_model, tmp_path / "hand", ScriptedScreen(script), monkeypatch)
    played(calm, world_model, tmp_path / "calm", ScriptedScreen(()), monkeypatch)
    replayed(tmp_path / "hand", tmp_path / "again", world_model)

    planned, changed = decided(tmp_path / "calm"), decided(tmp_path / "hand")
    assert set(planned) < set(changed)
    assert all("." in name for name, *_ in set(changed) - set(planned))
    assert changed == decided(tmp_path / "again")
    assert not (tmp_path / "calm" / AS_PLAYED).exists()


FLAPPING = """
version: 1
name: flapping
seed: 11
clock: virtual
phases: [{name: only, duration: 12s, rate: 200}]
faults:
  - {name: bad, kind: traffic_poison, at: 1s, duration: 2s, ratio: 0.4, repeat: {count: 3, every: 3s}, jitter: 900ms}
expect: [{name: settled, during: bad, expr: "error_ratio < 50%"}]
"""


def test_a_repeated_fault_that_is_lifted_by_hand_draws_what_it_drew(
    tmp_path: Path, world_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is one fault, under its own name, with the injections that came; the third is cut by the end of the run."""
    screen = ScriptedScreen(((5.0, Lift("bad")), (8.5, Quit())))
    played(FLAPPING, world_model, tmp_path / "hand", screen, monkeypatch)
    replayed(tmp_path / "hand", tmp_path / "again", world_model)

    (fault,) = load(tmp_path / "hand" / AS_PLAYED).faults
    came = [round(each["at_s"], 3) for each in journal(tmp_path / "hand") if each["kind"] == "fault_injected"]
    assert (fault.name, fault.repeat, fault.jitter) == ("bad", None, 0)
    assert [round(each.inject_at / 1e9, 3) for each in fault.planned] == came
    assert len(came) == 3
    first, second = (
        [each for each in what_happened(tmp_path / place) if each[1].startswith("fault")] for place in ("hand", "again")
    )
    assert first == second
    assert decided(tmp_path / "hand") == decided(tmp_path / "again")


def test_a_fraud_wave_that_is_lifted_by_hand_is_played_again(
    tmp_path: Path, world_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shorter wave is the beginning of the longer one, fraud for fraud, and none of it comes after the lift."""
    calm = TEXT[: TEXT.index("faults:")] + TEXT[TEXT.index("expect:") :].replace("during: bad, ", "during: busy, ")
    wave = Inject("traffic_fraud_wave", (("duration", "6s"), ("rate", "40")))
    screen = ScriptedScreen(((2.0, wave), (4.2, Lift("traffic_fraud_wave-1"))))
    first = played(calm, world_model, tmp_path / "hand", screen, monkeypatch)
    played(calm, world_model, tmp_path / "calm", ScriptedScreen(()), monkeypatch)
    replayed(tmp_path / "hand", tmp_path / "again", world_model)

    assert [answer.text for answer in screen.answers if not answer.good] == []
    changed = decided(tmp_path / "hand")
    (record,) = first.summary.faults
    assert record.injected_at_s is not None
    assert record.lifted_at_s is not None
    assert record.touched_count == len(set(changed) - set(decided(tmp_path / "calm"))) > 60
    assert record.touched_count == pytest.approx(40 * (record.lifted_at_s - record.injected_at_s), abs=1)
    assert changed == decided(tmp_path / "again")


def test_faults_by_hand_are_measured_like_planned_ones(
    tmp_path: Path, world_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has its row among spans and costs, from its injection to its lift, with what happened in between."""
    script = (
        (1.5, Inject("feature_store_outage", (("duration", "3s"),))),
        (3.0, Lift("feature_store_outage-1")),
        (5.0, Lift("bad")),
        (6.0, Inject("model_errors", (("duration", "1s"), ("ratio", "1")))),
    )
    text = TEXT.replace(
        "  - {name: again, kind: model_errors, at: 1s, duration: 1s, repeat: {count: 4, every: 2s}}\n", ""
    )
    result = played(text, world_model, tmp_path / "hand", ScriptedScreen(script), monkeypatch)
    records = {each.name: each for each in result.summary.faults}
    spans = {each.name: each for each in result.summary.spans if each.kind == "fault"}
    assert set(spans) == set(records) == {"bad", "feature_store_outage-1", "model_errors-1"}
    assert {each.fault for each in result.summary.costs} == set(records)
    for name in ("feature_store_outage-1", "model_errors-1"):
        assert spans[name].start_s == pytest.approx(records[name].injected_at_s, abs=0.002)
        assert spans[name].end_s == pytest.approx(records[name].lifted_at_s, abs=0.002)
    assert spans["bad"].end_s == pytest.approx(records["bad"].lifted_at_s, abs=0.1)
    assert spans["feature_store_outage-1"].modes["realtime_only"] > 0.9
    assert spans["model_errors-1"].modes["rules"] > 0.9


def test_a_run_ended_by_hand_is_played_again_as_far_as_it_came(
    tmp_path: Path, world_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was planned for later is not part of it; a rollback with nothing before it changed nothing."""
    script = ((1.0, RollBack()), (2.0, Inject("loop_stall", (("stall", "20ms"),))), (5.0, Quit()))
    result = played(TEXT, world_model, tmp_path / "hand", ScriptedScreen(script), monkeypatch)
    scenario = load(tmp_path / "hand" / AS_PLAYED)

    assert [line.partition(": ")[2].split()[0] for line in result.summary.by_hand] == ["inject"]
    assert 5.0 <= sum(phase.duration or 0 for phase in scenario.phases) / 1e9 < 6.0
    assert [fault.name for fault in scenario.faults] == ["bad", "again", "loop_stall-1"]
    assert scenario.steps == ()
