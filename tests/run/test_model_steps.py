"""A model is released in the middle of a run, end to end."""

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from itertools import groupby
from pathlib import Path

import msgspec
import pytest

from actors.model.artifact import MANIFEST_FILE, load_artifact
from actors.model.manifest import read_manifest
from actors.model.policy import RuleLimits
from sim.report.summary import Summary
from sim.run.model_choice import check_trees, with_trees
from sim.scenario.problems import LateProblemError
from sim.training.cache import publish
from tests.support.drills import THIN, run_thin
from tests.support.model_cache import earlier_model, sim
from tests.support.repository import ROOT

pytestmark = pytest.mark.slow

BUSY = ("phases.calm.rate=600", "phases.trouble.rate=600", "phases.recovery.rate=600")  # so that rules fire in a second

HOURS = """\
version: 1
name: hours
seed: 11
clock: virtual
world: {cards: 4000, merchants: 400, speed: 3600}
phases: [{name: shift, duration: 20s, rate: 40}]
faults: [{name: no-refresh, kind: refresh_failure, at: 5s, duration: 6s}]
expect:
  - {name: fresh,     during: no-refresh, expr: "feature_store.refresh_failures == 1"}
  - {name: stale,     during: no-refresh, expr: "mode.stale.ratio > 99%", within: 4100ms}
  - {name: recovered, during: always,     expr: "feature_store.refreshes == 2"}
"""


def kinds(folder: Path) -> list[str]:
    """Return what the journal says of models and refreshes."""
    found = [json.loads(line)["kind"] for line in (folder / "journal.jsonl").read_text().splitlines()]
    return [kind for kind in found if kind.startswith(("model_", "refresh_", "features_"))]


def served(folder: Path) -> dict[str, int]:
    """Return how many decisions each model made, in the order of their first."""
    return Counter(json.loads(line)["model"] for line in (folder / "decisions.jsonl").read_text().splitlines())


def thin(folder: Path, model: Path, *steps: str) -> Summary:
    return run_thin(folder, model, (f"steps=[{', '.join(steps)}]",), THIN).summary


def test_decisions_carry_the_model_that_made_them(tmp_path: Path, world_model: Path) -> None:
    """From the swap on every decision names the new model, after the rollback the first one again; none is lost."""
    other = earlier_model(world_model)
    release = f"{{name: out, kind: model_release, at: 500ms, model: {other}}}"
    summary = thin(tmp_path, world_model, release, "{name: back, kind: model_rollback, at: 2500ms}")
    assert [(each.name, each.state) for each in summary.steps] == [("out", "done"), ("back", "done")]
    assert summary.steps[0].ended_at_s == 1.5
    assert kinds(tmp_path) == ["model_swapped", "model_swapped"]
    lines = [json.loads(line) for line in (tmp_path / "decisions.jsonl").read_text().splitlines()]
    names = [line["model"] for line in lines]
    first, second = dict.fromkeys(names)
    assert [name for name, _ in groupby(names)] == [first, second, first]
    assert summary.model == first
    assert summary.ledger.balanced
    assert (summary.verdict, summary.error_rate) == ("pass", 0)


def test_rules_after_a_swap_are_those_of_the_new_model(tmp_path: Path, world_model: Path) -> None:
    """A model whose rules are off decides nothing by them, from the swap on; after the rollback they are back."""
    lenient = tmp_path / "lenient"
    shutil.copytree(earlier_model(world_model), lenient)
    manifest = read_manifest(lenient / MANIFEST_FILE)
    off = RuleLimits(None, None, None, None, None)
    msgspec.structs.replace(manifest, rules=off).write(lenient / MANIFEST_FILE)
    broken = "faults=[{name: no-model, kind: model_errors, at: 0s, duration: 4s, ratio: 1.0}]"
    release = f"{{name: out, kind: model_release, at: 500ms, model: {lenient}}}"
    back = "{name: back, kind: model_rollback, at: 2750ms}"
    out = tmp_path / "run"
    run_thin(out, world_model, (broken, "expect=[]", f"steps=[{release}, {back}]", *BUSY), THIN)
    lines = [json.loads(line) for line in (out / "decisions.jsonl").read_text().splitlines()]
    spells = groupby(lines, key=lambda line: str(line["model"]))
    reasons = [{line["reason"] for line in spell} for _, spell in spells]
    assert [found != {"no_rule_fired"} for found in reasons] == [True, False, True]


def test_a_model_with_fewer_trees_is_another_one_and_needs_no_training(
    tmp_path: Path, world_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made beside the cached models, once; it takes over and is its own model, of which no metrics are claimed."""
    monkeypatch.setattr("sim.run.model_choice.model_cache", lambda: tmp_path / "models")
    release = "{name: out, kind: model_release, at: 500ms, trees: 20}"
    summary = thin(tmp_path / "run", world_model, release)
    assert (summary.steps[0].state, summary.verdict) == ("done", "pass")
    (folder,) = (tmp_path / "models").iterdir()
    made = load_artifact(folder)
    assert summary.model == made.manifest.digest
    assert folder.name.endswith("-20-trees")
    assert summary.model_roc_auc is None
    assert with_trees(load_artifact(world_model), 20) == folder
    with pytest.raises(LateProblemError, match=r"trees must be fewer than the 200 of model \w+, got 200"):
        check_trees(load_artifact(world_model), 200, "out")


def test_a_model_that_does_not_prove_itself_never_decides(tmp_path: Path, world_model: Path) -> None:
    """Refused in the child with a reason, it leaves every decision to the old one; the run goes on."""
    bad = tmp_path / "bad"
    shutil.copytree(world_model, bad)
    (bad / "model.joblib").write_bytes((bad / "model.joblib").read_bytes()[:10_000])
    out = tmp_path / "run"
    summary = thin(out, world_model, f"{{name: out, kind: model_release, at: 500ms, model: {bad}}}")
    (step,) = summary.steps
    assert (step.state, kinds(out)) == ("refused", ["model_refused"])
    assert "SHA-256" in step.detail
    assert len(served(out)) == 1
    assert summary.verdict == "pass"


def test_a_step_that_the_run_leaves_unfinished_proves_nothing(tmp_path: Path, world_model: Path) -> None:
    """A candidate still being verified at the end makes the run inconclusive, and says so."""
    other = earlier_model(world_model)
    summary = thin(tmp_path, world_model, f"{{name: late, kind: model_release, at: 3500ms, model: {other}}}")
    assert summary.verdict == "inconclusive"
    assert summary.reasons == ("step late came to no end: the run ended before",)


def test_features_turn_stale_when_a_refresh_fails_and_fresh_with_the_next(tmp_path: Path, world_model: Path) -> None:
    """At an hour a second: the refresh at 6 h fails, from 9 h on decisions are stale, at 12 h all is well again."""
    summary = run_thin(tmp_path, world_model, (), HOURS).summary
    assert summary.verdict == "pass", summary.reasons
    assert [each.touched_count for each in summary.faults] == [1]
    assert kinds(tmp_path) == ["refresh_failed", "features_refreshed", "features_refreshed"]
    assert summary.modes.stale == pytest.approx(3 * 40, rel=0.4)


def test_without_the_fault_the_same_hours_stay_fresh(tmp_path: Path, world_model: Path) -> None:
    """The expectation about staleness can fail: it is the fault that it sees."""
    result = run_thin(tmp_path, world_model, ("faults.no-refresh.at=7s", "faults.no-refresh.duration=4500ms"), HOURS)
    states = {each.name: each.state for each in result.summary.expectations}
    assert states["stale"] == "failed"
    assert result.summary.modes.stale == 0


def test_a_run_on_the_real_clock_watches_its_models_folder_and_rolls_back_on_request(
    tmp_path: Path, world_model: Path
) -> None:
    """A model published into the served folder serves within seconds; a command brings the old one back."""
    folder, out = tmp_path / "model", tmp_path / "run"
    shutil.copytree(world_model, folder)
    new = earlier_model(world_model)
    words = ["--model", str(folder), "--tui", "off", "--set", "phases.steady.duration=50s", "--out", str(out)]
    command = [sys.executable, "-m", "sim", "run", "scenarios/steady.yaml", "--set", "phases.steady.rate=200", *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if re.match(r" +0:[0-3][1-9] ", line):  # a busy machine may print no line in the second that one waits for
                break
        publish(folder, lambda draft: shutil.copytree(new, draft, dirs_exist_ok=True))
        for _ in child.stdout:
            if "model_swapped" in (out / "journal.jsonl").read_text():
                break
        done = sim("rollback", str(out))
        child.terminate()
        child.stdout.read()
        assert child.wait(60) == 130
    assert (done.returncode, done.stdout.split(":")[0]) == (0, "rolled back"), done.stderr
    assert [kind for kind in kinds(out) if kind.startswith("model_")] == ["model_swapped", "model_swapped"]
    summary = json.loads((out / "summary.json").read_text())
    assert summary["ledger"]["balanced"]
    assert len(served(out)) == 2
    again = sim("rollback", str(out))
    assert (again.returncode, "has ended" in again.stderr) == (2, True)
