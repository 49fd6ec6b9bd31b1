"""A blind drill gives nothing away before it is named or over, and its debrief says what the journal says."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from actors.model.artifact import load_artifact
from dashboard.actions import Acknowledge, Action, Call, EndIncident, Inject, Lift, RollBack
from dashboard.frame import Frame, Message
from dashboard.screen import ViewState, render
from sim.drill.debrief import Debrief, Mean, debrief
from sim.drill.price import STAGES, STEPS, price
from sim.drill.printing import print_debrief
from sim.operator.blindfold import Blindfold
from sim.report.run_folder import AS_PLAYED, DEAD_LETTERS, DECISIONS, JOURNAL, SCENARIO, UNDELIVERED, RunFolder
from sim.run.execution import Result, execute
from sim.run.planning import prepare
from sim.scenario.loader import load, parse
from sim.scenario.timeline import Cut
from tests.dashboard.test_screen import text
from tests.support.sim.scripted_screen import ScriptedScreen

pytestmark = pytest.mark.slow

TEXT = """
version: 1
name: hush-hush
hypothesis: Wry words that nobody reads.
seed: 11
clock: virtual
phases:
  - {name: serene, duration: 4s, rate: 150}
  - {name: sorrow, duration: 26s, rate: 150}
faults:
  - {name: qualm, kind: feature_store_outage, at: 4s, duration: 10s}
  - {name: dread, kind: model_errors, at: 18s, duration: 5s, ratio: 1}
alerts:
  - {alert: Qualm, expr: "mode.realtime_only.ratio > 0.1"}
  - {alert: Backlog, expr: "error_ratio > 0.9"}
expect:
  - {name: vow, expr: "ledger.balanced == 1"}
"""
HIDDEN = ("hush-hush", "Wry words", "serene", "sorrow", "qualm", "dread", "Qualm", "vow")
SCRIPT: Sequence[tuple[float, Action]] = (
    (2.0, Call("disk")),
    (5.0, Inject("model_slow", (("duration", "3s"),))),
    (6.0, Lift("qualm")),
    (7.0, Acknowledge("alert-1")),
    (8.0, Call("feature_store", "feature_store_errors")),
    (9.0, Call("feature_store", "feature_store_timeout")),
    (11.0, Call("feature_store", "feature_store_outage")),
    (20.0, Call("model")),
    (22.0, EndIncident()),
)


class Watching(ScriptedScreen):
    """A scripted screen that looks into the run's folder each time it is shown something."""

    def __init__(self, script: Sequence[tuple[float, Action]], folder: Path) -> None:
        super().__init__(script)
        self._folder = folder
        self.files: set[str] = set()

    def show(self, message: Message) -> None:
        """Remember what stands in each file."""
        super().show(message)
        for file in self._folder.iterdir():
            content = file.read_text(encoding="utf-8", errors="replace")
            self.files |= {word for word in HIDDEN if word in f"{file.name} {content}"}


@dataclass(frozen=True)
class Drilled:
    """A drill that was played, with what its screen showed."""

    result: Result
    screen: Watching
    told: Debrief
    folder: Path

    def journal(self, kind: str) -> list[dict[str, Any]]:
        """The entries of a kind."""
        lines = (self.folder / JOURNAL).read_text(encoding="utf-8").splitlines()
        return [entry for line in lines if (entry := json.loads(line))["kind"] == kind]


@pytest.fixture(scope="module")
def drilled(world_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Drilled:
    """Return the drill, played on virtual time so that every instant is exact."""
    folder = tmp_path_factory.mktemp("drill")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.run.lifecycle.refusal", lambda _clock, **_: "")
        plan = prepare(Cut(parse(TEXT, "hush.yaml")), load_artifact(world_model), folder)
        screen = Watching(SCRIPT, folder)
        with RunFolder(folder) as place:
            result = execute(replace(plan, by_hand=True, blind=Blindfold()), place, screen)
    assert result.incident is not None
    return Drilled(
        result, screen, debrief(plan.scenario, result.summary, result.journal, result.incident, hints=False), folder
    )


LOUD = """
version: 1
name: hush-hush
seed: 11
clock: virtual
phases: [{name: serene, duration: 8s, rate: 150}]
faults:
  - {name: qualm, kind: traffic_fraud_wave, at: 1s, duration: 5s, rate: 20}
  - {name: dread, kind: assembler_crash, at: 2s, repeat: {count: 6, every: 5ms}}
  - {name: gloom, kind: traffic_poison, at: 1s, duration: 3s, ratio: 0.2}
  - {name: woe, kind: sink_errors, at: 3s, duration: 3s, ratio: 1}
expect: [{name: vow, expr: "ledger.balanced == 1"}]
"""


def test_no_log_of_the_run_names_what_strikes_what_is_in_it(world_model: Path, tmp_path: Path) -> None:
    """Ids of added fraud, dead letters of crashes and of rubbish, and undelivered decisions tell of no fault."""
    hidden = ("hush-hush", "serene", "qualm", "dread", "gloom", "vow")
    plan = prepare(Cut(parse(LOUD, "loud.yaml")), load_artifact(world_model), tmp_path)
    with RunFolder(tmp_path) as place:
        result = execute(replace(plan, by_hand=True, blind=Blindfold()), place, Watching((), tmp_path))
    assert {each.name for each in result.summary.faults if each.first_effect_at_s is not None} == set(hidden[2:5]) | {
        "woe"
    }
    logs = {name: (tmp_path / name).read_text(encoding="utf-8") for name in (DECISIONS, DEAD_LETTERS, UNDELIVERED)}
    assert '"poison"' in logs[DEAD_LETTERS]
    assert '"not_json"' in logs[DEAD_LETTERS]
    assert all(logs.values())
    assert {word for text in logs.values() for word in hidden if word in text} == set()


ROLLED_BACK = """
version: 1
name: hush-hush
seed: 11
clock: virtual
phases: [{name: serene, duration: 14s, rate: 100}]
faults: [{name: qualm, kind: model_bad_release, at: 1s, duration: 12s, scores: inverted}]
expect: [{name: vow, expr: "ledger.balanced == 1"}]
"""


def test_a_bad_release_is_over_when_it_is_rolled_back(world_model: Path, tmp_path: Path) -> None:
    """Whoever rolls back has recovered then, and not when the scenario would have ended it; so it is played again."""
    plan = prepare(Cut(parse(ROLLED_BACK, "back.yaml")), load_artifact(world_model), tmp_path)
    with pytest.MonkeyPatch.context() as patch, RunFolder(tmp_path) as place:
        patch.setattr("sim.run.lifecycle.refusal", lambda _clock, **_: "")
        called = Call("model", "model_bad_release")
        screen = Watching(((0.5, RollBack()), (6.0, RollBack()), (9.0, called)), tmp_path)
        result = execute(replace(plan, by_hand=True, blind=Blindfold()), place, screen)
    assert result.incident is not None
    (fault,) = debrief(plan.scenario, result.summary, result.journal, result.incident, hints=False).faults
    swapped = [each.at_s for each in result.journal if each.kind == "model_swapped"]
    assert [each.text for each in screen.answers if "no model" in each.text]
    assert [step.name for step in load(tmp_path / AS_PLAYED).steps] == ["model_rollback-2"]
    found = price(tmp_path / AS_PLAYED, world_model, lambda *_: None)
    assert found.whole.compared == pytest.approx(1_400, rel=0.1)
    assert sum(found.whole.flips.values()) < 0.6 * found.whole.compared
    assert fault.over_at_s == swapped[1]
    assert 6.0 <= swapped[1] < 8.0
    assert not any("qualm" in f"{frame}" for frame in screen.frames if _at(frame) < 9.0)
    named = screen.frames[-1].timeline
    assert named is not None
    assert [(each.name, each.state, each.end_s) for each in named.faults] == [("qualm", "replaced", swapped[1])]


def _at(frame: Frame) -> float:
    return frame.header.elapsed_s


def test_a_drill_that_ended_before_its_first_fault_says_so(world_model: Path, tmp_path: Path) -> None:
    """In words: what was to come and when, what was called, what rang; no empty table, and nothing is priced."""
    text = TEXT.replace("alerts:\n", 'alerts:\n  - {alert: Nervous, expr: "offered_rate > 1"}\n')
    plan = prepare(Cut(parse(text, "hush.yaml")), load_artifact(world_model), tmp_path)
    with pytest.MonkeyPatch.context() as patch, RunFolder(tmp_path) as place:
        patch.setattr("sim.run.lifecycle.refusal", lambda _clock, **_: "")
        screen = Watching(((2.5, Call("disk")), (3.0, EndIncident())), tmp_path)
        result = execute(replace(plan, by_hand=True, blind=Blindfold()), place, screen)
    assert result.incident is not None
    told = debrief(plan.scenario, result.summary, result.journal, result.incident, hints=False)
    assert [(each.fault, each.planned_at_s, each.injected_at_s) for each in told.faults] == [
        ("qualm", 4.0, None),
        ("dread", 18.0, None),
    ]
    assert "Nervous" in {each.alert for each in told.fired}
    out = io.StringIO()
    print_debrief(told, "", Console(file=out, width=200))
    _, title, *lines = out.getvalue().splitlines()
    assert title.endswith("played until the operator ended it")
    planned = "the first fault, qualm (feature_store_outage), was to come at 4.0 s"
    assert lines[0] == f"nothing was injected: {planned}, and the drill ended at {told.duration_s:.1f} s"
    called = f"1 false call: the disk at {told.calls[0].at_s:.1f} s"
    rang = ", ".join(f"{each.alert} at {each.fired_at_s:.1f} s" for each in told.fired)
    assert lines[1] == f"{called}; alerts that fired all the same: {rang}"
    assert lines[2].startswith("next: ")
    assert len(lines) == 4


def test_no_frame_holds_a_hidden_name_before_it_is_named(drilled: Drilled) -> None:
    """Every frame before the naming is searched; afterwards it holds what was named, and nothing else."""
    for frame in drilled.screen.frames:
        named = {"qualm"} if _at(frame) >= 11.0 else set()
        assert [word for word in HIDDEN if word in repr(frame) and word not in named] == [], _at(frame)
    assert "qualm" in repr(drilled.screen.frames[-1])


def test_no_file_holds_a_hidden_name_before_the_end(drilled: Drilled) -> None:
    """The folder of the run is searched at every frame; at the end it has the scenario and the journal."""
    assert drilled.screen.files == set()
    assert "qualm" in (drilled.folder / SCENARIO).read_text(encoding="utf-8")
    assert len(drilled.journal("run_started")) == 1


def test_last_frame_hides_nothing(drilled: Drilled) -> None:
    """When the run is over everything may be seen."""
    shown = repr(drilled.result.frame)
    assert [word for word in HIDDEN if word not in shown] == []


def test_built_in_alerts_keep_their_names(drilled: Drilled) -> None:
    """They are the signal; of the scenario's own, one that gives a fault away is numbered, and no other."""
    names = {row.name for frame in drilled.screen.frames for row in frame.alerts}
    assert {"FeatureStoreMisses", "alert-1", "Backlog"} <= names


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (200, 60)])
def test_no_picture_tells_how_many_rules_there_are(drilled: Drilled, width: int, height: int) -> None:
    """More than the built-in ones would be a clue; once the run is over their count is there as ever."""
    pictures = [text(render(frame, width, height, ViewState(page=6))) for frame in drilled.screen.frames]
    assert "no alert has fired" in pictures[0]
    assert not any("rules quiet" in each or " phases " in each for each in pictures)  # nor a line for hidden phases
    assert "rules quiet" in text(render(drilled.result.frame, width, height, ViewState(page=6)))


def test_debrief_has_the_instants_of_the_journal(drilled: Drilled) -> None:
    """Injections, effects, lifts and alerts are those of the journal, to the last digit."""
    for kind, key in (
        ("fault_injected", "injected_at_s"),
        ("fault_first_effect", "first_effect_at_s"),
        ("fault_lifted", "over_at_s"),
    ):
        told = {each.fault: getattr(each, key) for each in drilled.told.faults}
        assert told == {entry["name"]: pytest.approx(entry["at_s"]) for entry in drilled.journal(kind)}
    first = next(entry for entry in drilled.journal("alert_firing") if entry["at_s"] > 4)
    qualm, _ = drilled.told.faults
    assert qualm.alert == first["name"]
    assert qualm.alerted_at_s == pytest.approx(first["at_s"])


def test_debrief_has_the_calls_of_the_journal(drilled: Drilled) -> None:
    """Each call is an entry, at the same instant and with the same verdict."""
    entries = [entry for entry in drilled.journal("operator") if entry["name"] == "call"]
    assert [entry["at_s"] for entry in entries] == [pytest.approx(each.at_s) for each in drilled.told.calls]
    verdicts = [entry["detail"].rpartition(": ")[2] for entry in entries]
    assert verdicts == ["wrong", "half", "wrong", "right", "half"] == [each.verdict for each in drilled.told.calls]


def test_the_right_part_alone_counts_half(drilled: Drilled) -> None:
    """One fault was named, of the other the part alone; two calls were false, one of them before anything came."""
    qualm, dread = drilled.told.faults
    assert (qualm.score, dread.score, drilled.told.score, drilled.told.most) == (1.0, 0.5, 1.5, 2)
    assert drilled.told.false_calls == 2
    assert qualm.called_at_s == qualm.part_at_s == drilled.told.calls[1].at_s
    assert qualm.named_at_s == drilled.told.calls[3].at_s
    assert dread.named_at_s is None


def test_acknowledging_a_numbered_alert_means_the_alert(drilled: Drilled) -> None:
    """The operator sees a number, the journal and the debrief the alert."""
    qualm, _ = drilled.told.faults
    assert qualm.acknowledged_at_s is not None
    assert 7.0 <= qualm.acknowledged_at_s < 8.0


def test_people_stand_beside_alerts(drilled: Drilled) -> None:
    """Mean times count from the injection, each over the faults that have one."""
    qualm, dread = drilled.told.faults
    assert drilled.told.people.diagnose.of == 1
    assert drilled.told.people.diagnose.mean_s == pytest.approx((qualm.named_at_s or 0) - 4.0)
    assert drilled.told.people.detect.of == 2
    assert drilled.told.people.recover.mean_s == pytest.approx((10.0 + (dread.over_at_s or 0) - 18.0) / 2)
    assert drilled.told.alerts.acknowledge == drilled.told.alerts.diagnose == Mean(None, 0)


def test_injecting_and_lifting_are_refused(drilled: Drilled) -> None:
    """A name would name it: the answers say so, and the run has no other fault than the scenario's."""
    bad = [each.text for each in drilled.screen.answers if not each.good]
    wrong = [text for text in bad if text.startswith("that is not it")]  # no success either
    refused = [text for text in bad if text not in wrong]
    assert len(wrong) == drilled.told.false_calls
    assert [text.partition(";")[0].partition(":")[0] for text in refused] == [
        "in a blind drill nothing is injected by hand",
        "in a blind drill nothing is lifted",
    ]
    assert {each.name for each in drilled.result.summary.faults} == {"qualm", "dread"}


def test_end_of_the_incident_ends_the_run_and_judges_what_was_seen(drilled: Drilled) -> None:
    """An expectation over the whole run is judged up to there; nobody was interrupted."""
    assert drilled.told.ended == "operator"
    assert drilled.told.duration_s == pytest.approx(22.3, abs=0.3)
    assert drilled.result.exit_code == 0, drilled.result.summary.reasons
    assert [each.state for each in drilled.result.summary.expectations] == ["passed"]


def test_price_is_the_sum_of_its_minutes(drilled: Drilled, world_model: Path) -> None:
    """What was played is played again with its faults and without, and each transaction costs in one minute."""
    heard: list[tuple[str, int, int]] = []
    found = price(drilled.folder / AS_PLAYED, world_model, lambda *words: heard.append(words))
    assert [minute.start_s for minute in found.minutes] == [0.0]
    assert sum(minute.harm.compared for minute in found.minutes) == found.whole.compared > 3_000
    assert sum(minute.harm.fraud_loss for minute in found.minutes) == pytest.approx(found.whole.fraud_loss)
    assert found.whole.modes["full_to_realtime_only"] > 1_000
    assert [words for words in heard if words[1] == STEPS][-1] == (STAGES[1], STEPS, STEPS)
