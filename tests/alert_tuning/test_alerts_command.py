"""The command ``alerts``, end to end."""

from pathlib import Path

import pytest

from sim.cli import main
from tests.support.drills import THIN

Capture = pytest.CaptureFixture[str]
OWN = THIN.replace("rate: 150", "rate: 60") + (
    'alerts:\n  - {alert: Degraded, expr: "mode.realtime_only.ratio > 5%", for: 250ms}\n'
    '  - {alert: Anything, expr: "throughput > 1", severity: info}\n'
)


@pytest.fixture
def thin(tmp_path: Path) -> Path:
    """Return the file of a thin drill with two alerts, one of which rings for nothing."""
    file = tmp_path / "thin.yaml"
    file.write_text(OWN)
    return file


@pytest.mark.slow
def test_it_tells_what_saw_the_fault_and_what_rang_for_nothing(thin: Path, world_model: Path, capsys: Capture) -> None:
    """Two seeds are four runs: detection with its spread, false alarms a run, and the picture of a threshold."""
    words = ["--model", str(world_model), "--seeds", "2", "--jobs", "1", "--tune", "Degraded"]
    assert main(["alerts", str(thin), *words]) == 0
    told = capsys.readouterr().out
    lines = [line.split() for line in told.splitlines()]
    assert "4 runs: 2 with faults, 2 without" in told
    (seen,) = [line for line in lines if line[:2] == ["store-down", "Degraded"]]
    assert seen[2:5] == ["2", "of", "2"]
    (loud,) = [line for line in lines if line[:1] == ["Anything"]]
    assert loud[1:] == ["1.00", "a", "run", "1.00", "a", "run", "0"]
    assert any(line[:1] == ["5%"] and any("*" in cell for cell in line) for line in lines)
    assert "s to detect" in told
    assert "█" in told


def test_an_alert_that_there_is_not_is_a_line_and_2(thin: Path, capsys: Capture) -> None:
    """The near one is named, and nothing is run."""
    assert main(["alerts", str(thin), "--tune", "Degarded"]) == 2
    assert capsys.readouterr().err == "--tune Degarded: is no alert of this scenario; did you mean Degraded?\n"


def test_a_threshold_that_cannot_be_moved_is_refused_before_the_runs(tmp_path: Path, capsys: Capture) -> None:
    """Whoever waits for forty runs does not learn at their end that it was for nothing."""
    file = tmp_path / "thin.yaml"
    file.write_text(THIN + 'alerts: [{alert: Restarted, expr: "restarts > 0"}]\n')
    assert main(["alerts", str(file), "--tune", "Restarted"]) == 2
    assert "restarts > 0: has no threshold to tune" in capsys.readouterr().err
