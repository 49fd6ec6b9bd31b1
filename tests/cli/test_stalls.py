"""A run that the system stops for seconds goes on: it is late, says so, and loses nothing. On the real clock."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.support.repository import ROOT

pytestmark = pytest.mark.slow

SCENARIO = """\
version: 1
name: stalled
phases: [{name: only, duration: 8s, rate: 4000}]
expect: [{name: books, expr: "ledger.balanced == 1"}]
"""
STOPPED_S = 4


@pytest.mark.parametrize("stopped", ["run", "traffic", "both"])
def test_a_run_that_was_stopped_goes_on_and_loses_nothing(stopped: str, tmp_path: Path, world_model: Path) -> None:
    """Of the run, of the process that makes its traffic, or of both: no restart, no error, and books that balance."""
    scenario, out = tmp_path / "stalled.yaml", tmp_path / "run"
    scenario.write_text(SCENARIO)
    words = ["run", str(scenario), "--tui", "off", "--model", str(world_model), "--out", str(out)]
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "sim", *words]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if " 0:0" in line and "0:00" not in line:
                break
        run = psutil.Process(child.pid)
        traffic = [each for each in run.children() if each.status() != psutil.STATUS_ZOMBIE]
        held = {"run": [run], "traffic": traffic, "both": [run, *traffic]}[stopped]
        for process in held:
            process.send_signal(signal.SIGSTOP)
        time.sleep(STOPPED_S)
        for process in held:
            process.send_signal(signal.SIGCONT)
        child.stdout.read()
        code = child.wait(120)
    summary = json.loads((out / "summary.json").read_text())
    assert code == summary["exit_code"]
    assert code in {0, 3}
    books = summary["ledger"]
    assert books["balanced"]
    assert books["produced"] == books["decided"] == books["logged"] == books["delivered"] > 20_000
    assert '"restart"' not in (out / "journal.jsonl").read_text()
    if stopped != "traffic":  # which is ahead by seconds
        assert code == 3
        assert any("the producer was late" in reason for reason in summary["reasons"])
