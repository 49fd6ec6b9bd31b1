"""Show: the Handbook's first days, trained on and replayed by the shipped scenario."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.repository import ROOT

SCENARIO = "scenarios/replay_handbook.yaml"
FIRST_DAYS = {
    "events.train": "[2018-04-04, 2018-04-10]",
    "events.test": "[2018-04-13, 2018-04-14]",
    "events.label_delay": "2d",
    "events.gates": "{roc_auc: 0.7}",
}


def sim(*arguments: str) -> str:
    """Run a command of ours in the repository; return what it printed."""
    command = [sys.executable, "-m", "sim", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_first_days_score_in_the_pipeline_as_they_did_in_training(handbook: Path, tmp_path: Path) -> None:
    """The shipped scenario, moved to the file's first days: what training promised is what the replay delivers."""
    settings = [f"{path}={value}" for path, value in {"events.file": str(handbook), **FIRST_DAYS}.items()]
    options = [word for setting in settings for word in ("--set", setting)]
    model, run = tmp_path / "model", tmp_path / "run"
    sim("train", SCENARIO, *options, "--out", str(model))
    sim("run", SCENARIO, *options, "--set", "expect=[]", "--model", str(model), "--tui", "off", "--out", str(run))
    promised: dict[str, Any] = json.loads((model / "manifest.json").read_text())["metrics"]
    delivered: dict[str, Any] = json.loads((run / "summary.json").read_text())
    assert delivered["ledger"]["balanced"]
    assert delivered["events_processed"] > 15_000
    assert delivered["modes"]["full"] > 0.99 * delivered["events_processed"]
    assert delivered["live_roc_auc"] == pytest.approx(promised["test_all_cards"]["roc_auc"], abs=1e-12)
    judged = delivered["live_on_unknown_cards"]
    assert judged["roc_auc"] == pytest.approx(promised["test"]["roc_auc"], abs=1e-12)
    assert judged["average_precision"] == pytest.approx(promised["test"]["average_precision"], abs=1e-12)
