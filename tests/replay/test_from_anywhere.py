"""A replay finds its file from wherever it is run, and so does every scenario that we write of it."""

import json
from pathlib import Path

import msgspec
import pytest

from sim.cli import main
from sim.report.summary import Summary, read_summary
from tests.support.repository import ROOT
from tests.support.sim.event_files import row, write

pytestmark = pytest.mark.slow  # the first of them trains the model

SCENARIO = """\
version: 1
name: beside
clock: virtual
events:
  file: data/beside.csv
  columns: {id: TX, event_time: WHEN, card: CUSTOMER, merchant: TERMINAL, amount: AMOUNT, fraud: FRAUD}
  speed: 3600
phases: [{name: all, duration: 5s}]
faults:
  - {name: store-down, kind: feature_store_outage, at: 1s, duration: 2s}
expect:
  - {name: full, during: always, expr: "mode.realtime_only.ratio < 0.001"}
"""


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a replay beside its file; the working directory is another folder."""
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    (home / "data").mkdir(parents=True)
    elsewhere.mkdir()
    write(home / "data" / "beside.csv", [row(number) for number in range(300)])
    (home / "beside.yaml").write_text(SCENARIO)
    monkeypatch.chdir(elsewhere)
    return home / "beside.yaml"


def _run(file: Path, model: Path, out: str) -> Summary:
    assert main(["run", str(file), "--model", str(model), "--tui", "off", "--out", out]) == 99
    return read_summary(Path(out))


def test_scenario_of_a_run_is_the_same_run_from_any_folder(
    scenario: Path, world_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy in a run's folder makes the run again, to the last byte of its trace, under the same digest."""
    first = _run(scenario, world_model, "first")
    written = Path("first/scenario.yaml").absolute()
    monkeypatch.chdir(tmp_path)
    again = _run(written, world_model, "again")
    assert again.events_processed == 300
    assert (again.trace_hash, again.scenario_digest) == (first.trace_hash, first.scenario_digest)


def test_commands_that_run_it_several_times_find_its_file(
    scenario: Path, world_model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Children of ours need not stand where the scenario lies either."""
    given = [str(scenario), "--model", str(world_model)]
    assert main(["twin", *given, "--jobs", "2", "--out", "twin"]) == 0
    assert json.loads(Path("twin/twin.json").read_text())["windows"]
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    assert main(["check-determinism", *given]) == 0
    assert "identical: 300 transactions" in capsys.readouterr().out


def test_counterexample_fails_again_from_any_folder(
    scenario: Path, world_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an exploration reduced and wrote down finds the file from where it lies."""
    given = [str(scenario), "--model", str(world_model), "--seeds", "1", "--jobs", "1", "--shrink", "--out", "found"]
    assert main(["explore", *given]) == 99
    found = msgspec.json.decode(Path("found/explore.json").read_bytes())
    (failure,) = found["failures"]
    written = Path("found/counterexample.yaml").absolute()
    monkeypatch.chdir(tmp_path)
    again = _run(written, world_model, "again")
    assert again.trace_hash == failure["shrunk"]["trace_hash"]
