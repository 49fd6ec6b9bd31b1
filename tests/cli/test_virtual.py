"""Runs on the virtual clock, as the command line ends them."""

import asyncio
import itertools
import json
import tempfile
from pathlib import Path

import msgspec
import pytest

import sim.calibration.measure as measuring
import sim.calibration.pace as pacing
import sim.run.capacity as probing
from actors.model.artifact import load_artifact
from sim.cli import main
from sim.clocks import virtual_loop
from sim.clocks.calibration_file import CALIBRATION_FILE, digest, read_calibration
from sim.clocks.costs import Costs
from sim.clocks.modelled_waits import ModelledFeatureStore
from sim.run.source import FeedSource
from tests.support.drills import THIN

pytestmark = pytest.mark.slow  # the first of them trains the model

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def model(world_model: Path, tmp_path: Path) -> Path:
    """Return a copy of the model, by links, beside which a calibration may be written."""
    copy = tmp_path / "model"
    copy.mkdir()
    for entry in world_model.iterdir():
        if entry.name != CALIBRATION_FILE:
            (copy / entry.name).symlink_to(entry)
    return copy


@pytest.fixture
def thin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a short scenario; traces of errors go beside it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    file = tmp_path / "thin.yaml"
    file.write_text(THIN)
    return file


def run(thin: Path, model: Path, *words: str) -> tuple[int, dict[str, object]]:
    """Run ``thin``; return the exit code and the summary, empty if there is none."""
    out = thin.parent / "out"
    code = main(["run", str(thin), "--model", str(model), "--tui", "off", "--out", str(out), *words])
    file = out / "summary.json"
    return code, json.loads(file.read_bytes()) if file.exists() else {}


def test_guessed_costs_are_named_and_warned_of(thin: Path, model: Path) -> None:
    """Without a calibration there is one warning, with what to type, and the digest of the guess."""
    _, summary = run(thin, model)
    assert summary["calibration"] == digest(Costs())
    assert summary["warnings"] == [f"job times are a guess, not measured: python -m sim calibrate --model {model}"]


def test_calibrated_costs_are_used(thin: Path, model: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """``calibrate`` prints a table and writes beside the model, which still proves itself; runs name its digest."""
    monkeypatch.setattr(measuring, "SIZES", dict.fromkeys(measuring.SIZES, 2))
    monkeypatch.setattr(pacing, "SPAN_S", 2)
    monkeypatch.setattr(probing, "WARM_UP", 2_000)
    monkeypatch.setattr(probing, "MEASURED", 4_000)
    code = main(["calibrate", "--model", str(model)])
    told = capsys.readouterr()
    found = read_calibration(model)
    assert found is not None
    assert code in (0, 3)  # as busy as this machine is
    assert ("they agree" in told.out) == (code == 0)
    jobs = [name.replace("_", " ") for name in Costs.__struct_fields__ if name != "pace"]
    assert [line.split("  ")[0] for line in told.out.splitlines()[1 : 1 + len(jobs)]] == jobs
    assert found.costs.pace
    assert f"calibration {digest(found.costs)} in {model / CALIBRATION_FILE}" in told.out
    assert len(told.err.splitlines()) == 3

    assert load_artifact(model).manifest.digest == found.model
    _, summary = run(thin, model)
    assert summary["calibration"] == digest(found.costs)
    assert summary["warnings"] == []


def test_costs_of_the_scenario_come_first(thin: Path, model: Path) -> None:
    """Costs given in the scenario slow the jobs they name; the digest is that of all costs together."""
    _, quick = run(thin, model)
    _, slow = run(thin, model, "--set", "machine.costs.decide={fixed: 3ms, per_row: 0s}")
    assert slow["latency_p50_ms"] > quick["latency_p50_ms"] + 2.5  # type: ignore[operator]
    assert slow["calibration"] != quick["calibration"]


def test_look_ups_take_what_the_scenario_says(thin: Path, model: Path) -> None:
    """A look-up of 2 ms shows in the stage's times and in the latency; one beyond the timeout is missing."""
    _, summary = run(thin, model, "--set", "pipeline.feature_store.look_up={kind: constant, time: 2ms}")
    assert summary["stages"]["feature_store"]["p50_ms"] == pytest.approx(2.0, rel=0.01)  # type: ignore[index]
    _, late = run(thin, model, "--set", "pipeline.feature_store.look_up={kind: constant, time: 6ms}")
    assert late["modes"]["full"] == 0  # type: ignore[index]


def test_noise_is_drawn_again_the_same(thin: Path, model: Path) -> None:
    """With noise two runs are still the same run, and another than the one without."""
    words = ("--set", "machine.noise=0.3")
    _, first = run(thin, model, *words)
    _, second = run(thin, model, *words)
    _, without = run(thin, model)
    assert first["trace_hash"] == second["trace_hash"] != without["trace_hash"]


def test_time_that_stands_still_ends_with_one_line(
    thin: Path, model: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """Endless retry at one instant is found after a bound; the line names who is at it, and the code is 1."""

    async def retry(*_: object) -> None:
        for _turn in itertools.count():
            await asyncio.sleep(0)

    monkeypatch.setattr(ModelledFeatureStore, "lookup", retry)
    monkeypatch.setattr(virtual_loop, "MOST_AT_ONE_INSTANT", 50_000)
    code, summary = run(thin, model, "--set", "pipeline.feature_store.look_up=constant")
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "internal error" in line]
    assert (code, summary) == (1, {})
    assert "internal error: time stands still at 0.0" in line
    assert "assembler at " in line
    assert "retry" in line


def test_a_deadlock_ends_with_one_line(
    thin: Path, model: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """When nothing can happen any more, the line says who waits and where, and the code is 1."""

    async def never(_: FeedSource) -> None:
        await asyncio.create_task(asyncio.Event().wait(), name="feed")

    monkeypatch.setattr(FeedSource, "prime", never)
    code, _ = run(thin, model)
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "internal error" in line]
    assert code == 1
    assert "internal error: deadlock at 0 s: nothing is due" in line
    assert "feed at Event.wait" in line


def test_a_damaged_calibration_is_refused(thin: Path, model: Path, capsys: Capture) -> None:
    """It is the user's file: one line, and exit code 2."""
    (model / CALIBRATION_FILE).write_text("{}")
    code, _ = run(thin, model)
    assert code == 2
    assert f"{model / CALIBRATION_FILE}: cannot be read" in capsys.readouterr().err


def test_costs_of_another_model_are_warned_of(thin: Path, model: Path) -> None:
    """Beside a model that was trained anew, what was measured with the old one is not used."""
    other = {"model": "another", "machine": "m", "costs": Costs(), "points": {}}
    content = msgspec.json.encode({**other, "predicted_per_s": 1.0, "measured_per_s": 1.0})
    (model / CALIBRATION_FILE).write_bytes(content)
    _, summary = run(thin, model)
    assert summary["calibration"] == digest(Costs())
    assert "measured with another model" in str(summary["warnings"])
