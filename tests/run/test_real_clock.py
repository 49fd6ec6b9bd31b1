"""End to end on the real clock, as a user runs it. No timing is asserted: the machine is shared."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sim.report.run_folder import AS_PLAYED, DEBRIEF, JOB_SUMMARY, RUN_FILES
from sim.report.summary import Summary
from tests.support.model_cache import sim
from tests.support.repository import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("world_model")]

TIMED = ("latency", "throughput", "feature_store.p95")  # what a busy machine may break


def summary_of(folder: Path) -> dict[str, Any]:
    """Return the summary of a run; it must be of its declared type."""
    content = (folder / "summary.json").read_bytes()
    msgspec.json.decode(content, type=Summary)
    found: dict[str, Any] = json.loads(content)
    return found


def untimed_failures(summary: dict[str, Any]) -> list[str]:
    """Return the expectations that failed for another reason than time."""
    failed = [each for each in summary["expectations"] if each["state"] == "failed"]
    return [each["name"] for each in failed if not any(word in each["wanted"] for word in TIMED)]


def test_a_run_ends_with_a_verdict_and_its_files(tmp_path: Path) -> None:
    """Every file is there, all that was accepted is decided and logged, and the exit code is the verdict's."""
    out = tmp_path / "run"
    done = sim("run", "scenarios/burst.yaml", "--tui", "off", "--duration", "8s", "--out", str(out))

    summary = summary_of(out)
    assert done.returncode == summary["exit_code"], done.stderr
    assert {each.name for each in out.iterdir()} == RUN_FILES - {AS_PLAYED, DEBRIEF, JOB_SUMMARY}
    books = summary["ledger"]
    assert books["balanced"]
    assert books["offered"] == books["produced"] == books["decided"] == books["logged"] == books["delivered"] > 7_000
    assert len((out / "decisions.jsonl").read_bytes().splitlines()) == books["logged"]
    assert not untimed_failures(summary)
    assert summary["skipped"]
    assert "verdict" in done.stdout


def test_an_outage_is_served_on_payload_and_windows_alone(tmp_path: Path, world_model: Path) -> None:
    """While the store is gone batch features are missing, never zero, and the cost shows in recall and money."""
    out = tmp_path / "run"
    shorter = (
        "phases.baseline.duration=2s",
        "phases.outage.duration=4s",
        "phases.recovery.duration=6s",
        "faults.store-down.at=2s",
        "faults.store-down.duration=4s",
        "expect.detected.resolves_within=6s",
        "world.label_delay=3h",  # 5 s of the run, so that there are labels before it ends
        "pipeline.log.features=all",
    )
    overrides = [word for each in shorter for word in ("--set", each)]
    given = ["--model", str(world_model), "--tui", "off", "--out", str(out)]
    sim("run", "scenarios/feature_store_outage.yaml", *given, *overrides)

    summary = summary_of(out)
    during = next(each for each in summary["spans"] if each["kind"] == "fault")
    assert during["modes"]["realtime_only"] > 0.9
    assert summary["faults"][0]["touched_count"] > 1_000
    assert summary["costs"][0]["recall_during"] is not None
    lines = [json.loads(line) for line in (out / "decisions.jsonl").read_text().splitlines()]
    degraded = [line for line in lines if line["mode"] == "realtime_only"]
    assert all(line["cause"] == "missing_features" for line in degraded)
    assert all(line["features"][-5:] == [None] * 5 for line in degraded)


@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c_drains_and_leaves_the_files(tmp_path: Path, presses: int) -> None:
    """Interrupted, a run finishes what it accepted, writes everything and exits with 130; twice, it does so at once."""
    out = tmp_path / "run"
    command = [sys.executable, "-m", "sim", "run", "scenarios/steady.yaml", "--tui", "off", "--out", str(out)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if re.match(r" +0:0[2-9] ", line):  # a busy machine may print no line in the second that one waits for
                break
        for _ in range(presses):
            child.send_signal(signal.SIGINT)
            time.sleep(0.01)
        child.stdout.read()
        assert child.wait(60) == 130

    summary = summary_of(out)
    assert summary["ledger"]["balanced"]
    assert summary["ledger"]["produced"] == summary["ledger"]["decided"] == summary["ledger"]["logged"] > 0
    kinds = [json.loads(line)["kind"] for line in (out / "journal.jsonl").read_text().splitlines()]
    kinds = [kind for kind in kinds if not kind.startswith("alert_")]  # a busy machine may ring at any time
    assert kinds[-3:] == ["interrupted", "drained", "run_ended"]


def test_the_demo_writes_its_summary() -> None:
    """A thousand transactions, and every key that the summary promises."""
    done = sim("demo")
    summary = summary_of(ROOT / "results")
    assert done.returncode == summary["exit_code"]
    assert summary["events_processed"] == 1_000
    assert summary["capacity_events_per_sec"] > 1_000
    assert "; the pipeline can do " in done.stdout
    assert summary["model_roc_auc"] > 0.95
    assert "results/summary.json" in done.stdout


def test_a_full_disk_costs_log_lines_and_nothing_else(tmp_path: Path) -> None:
    """With no room for the log, every transaction is decided and delivered, the loss is counted, and the run fails."""
    room = tmp_path / "small"
    room.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(room)], check=False)
    if mounted.returncode:
        pytest.skip("only root can mount a small file system")
    try:
        out = room / "run"
        done = sim("run", "scenarios/steady.yaml", "--tui", "off", "--duration", "6s", "--out", str(out))
        assert done.returncode == 99, done.stderr
        assert "No space left on device" in done.stdout
        assert "ledger        balanced" in done.stdout
        journal = (out / "decisions.jsonl").read_bytes()
        assert journal.endswith(b"\n")
    finally:
        subprocess.run(["umount", "-l", str(room)], check=False)
