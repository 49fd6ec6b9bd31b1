"""The twin of a whole run, end to end."""

import io
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from sim.cli import main
from sim.report.run_folder import METRICS, REPORT, SERIES, SUMMARY
from sim.run.plan import traffic_spec
from sim.scenario.loader import parse
from sim.twin.result import Twin, print_twin, twin_schema
from tests.support.drills import THIN
from tests.support.repository import ROOT

BUSY = ["world.fraud_ratio=0.3", "phases.trouble.rate=500"]
OTHER = "{name: slow, kind: model_slow, factor: 800, at: 1500ms, duration: 700ms}"


def twin_of(folder: Path, model: Path, text: str, *overrides: str) -> Twin:
    """Return what the command writes, in one process."""
    scenario = folder / "thin.yaml"
    scenario.write_text(text)
    words = [word for each in overrides for word in ("--set", each)]
    out = folder / "twin"
    code = main(["twin", str(scenario), "--model", str(model), "--jobs", "1", "--out", str(out), *words])
    assert code == 0
    return msgspec.json.decode((out / "twin.json").read_bytes(), type=Twin)


def log(run: Path) -> dict[str, dict[str, Any]]:
    """Return the decision log of a run by transaction id."""
    lines = (run / "decisions.jsonl").read_text().splitlines()
    return {line["id"]: line for line in map(json.loads, lines)}


def truths(text: str, *overrides: str) -> dict[str, tuple[int, int]]:
    """Return arrival, in ns, and truth of each transaction, from the traffic itself."""
    blocks = list(traffic_spec(parse(text, "thin.yaml", overrides)).build())
    return {
        json.loads(raw)["id"]: (int(due), int(fraud))
        for block in blocks
        if block.due_ns is not None
        for raw, due, fraud in zip(block.raws, block.due_ns, block.fraud, strict=True)
    }


@pytest.mark.slow
def test_dollars_are_the_sums_of_the_two_decision_logs(tmp_path: Path, world_model: Path) -> None:
    """What the twin says that the fault caused follows from the files and the truths alone, figure by figure."""
    found = twin_of(tmp_path, world_model, THIN, *BUSY)
    now, then = (log(tmp_path / "twin" / "runs" / name) for name in ("all-faults", "no-faults"))
    known = truths(THIN, *BUSY)
    (window,) = found.windows
    inside = [name for name in now if window.start_s <= known[name][0] / 1e9 < window.end_s]

    def total(run: dict[str, dict[str, Any]], truth: int, share: dict[str, float]) -> float:
        lines = (run[name] for name in inside if known[name][1] == truth)
        return float(sum(line["amount"] * share.get(line["decision"], 0.0) for line in lines))

    def caused(truth: int, share: dict[str, float]) -> Any:  # noqa: ANN401 - what pytest compares with
        return pytest.approx(total(now, truth, share) - total(then, truth, share), abs=1e-5)

    harm = window.harm
    assert harm.fraud_loss == caused(1, {"approve": 1.0})
    assert harm.fraud_prevented == caused(1, {"block": 1.0, "review": 0.9})
    assert harm.wrongly_blocked == caused(0, {"block": 1.0})
    assert harm.compared == len(inside)
    assert sum(harm.flips.values()) == sum(now[name]["decision"] != then[name]["decision"] for name in inside) > 0
    assert harm.fraud_let_through.count + harm.fraud_caught.count > 0
    assert found.outside == 0
    assert found.whole.fraud_loss == harm.fraud_loss


@pytest.mark.slow
def test_without_a_fault_nothing_differs(tmp_path: Path, world_model: Path) -> None:
    """A run is its own twin: every difference is exactly zero, and so is the trace."""
    found = twin_of(tmp_path, world_model, THIN, "faults=[]", "expect=[]")
    whole = found.whole
    assert (whole.differing, whole.fraud_loss, whole.fraud_prevented, whole.wrongly_blocked) == (0, 0.0, 0.0, 0.0)
    assert (whole.flips, whole.modes, found.windows, found.outside) == ({}, {}, (), 0)
    assert found.runs[0].trace_hash == found.runs[1].trace_hash
    assert whole.compared > 400
    left = {each.name for each in (tmp_path / "twin" / "runs" / "no-faults").iterdir()}
    assert SUMMARY in left
    assert not left & {METRICS, REPORT, SERIES}  # runs made in numbers leave no more than is asked of them


@pytest.mark.slow
def test_overlapping_faults_are_left_out_one_by_one(tmp_path: Path, world_model: Path) -> None:
    """Each has the window and the harm that it adds to the other."""
    text = THIN.replace("expect:", f"  - {OTHER}\nexpect:")
    found = twin_of(tmp_path, world_model, text)
    down, slow = found.windows
    assert [each.name for each in found.runs] == ["all-faults", "no-faults", "without-store-down", "without-slow"]
    assert found.runs[2].faults == ("slow",)
    assert (down.against, down.overlaps) == ("without-store-down", ("slow",))
    assert (slow.against, slow.overlaps) == ("without-slow", ("store-down",))
    assert list(down.harm.modes) == ["full_to_realtime_only"]
    assert (down.start_s, down.harm.later) == (1.0, 0)
    assert 1.8 <= down.end_s < 1.82  # the loop may be busy with a slow batch when the lift is due
    assert down.harm.modes["full_to_realtime_only"] > slow.harm.modes.get("full_to_realtime_only", 0)
    assert slow.harm.later > 50
    assert slow.end_s > 2.2
    assert found.outside == 0


@pytest.mark.slow
def test_a_fault_that_touches_nothing_is_inconclusive(tmp_path: Path, world_model: Path) -> None:
    """A twin that cannot differ proves nothing, and the exit code says so."""
    scenario = tmp_path / "thin.yaml"
    scenario.write_text(THIN)
    words = ["--model", str(world_model), "--jobs", "1", "--out", str(tmp_path / "out"), "--set", "expect=[]"]
    assert main(["twin", str(scenario), *words, "--set", "faults.store-down.duration=1ns", "--duration", "1100ms"]) == 3


@pytest.mark.slow
def test_a_fault_that_a_shorter_run_leaves_out_is_inconclusive(
    tmp_path: Path, world_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing was compared for it, and the scenario is not said to have none."""
    scenario = tmp_path / "thin.yaml"
    scenario.write_text(THIN)
    words = ["twin", str(scenario), "--model", str(world_model), "--jobs", "1", "--out", str(tmp_path / "twin")]
    assert main([*words, "--duration", "200ms"]) == 3
    assert "was never injected: the run ended before" in capsys.readouterr().out


def test_table_is_never_cut_off() -> None:
    """In a pipe of 80 columns each figure of many faults is there whole."""
    example = msgspec.json.decode((ROOT / "tests" / "twin" / "twin.json").read_bytes(), type=Twin)
    many = msgspec.structs.replace(example, windows=example.windows * 9)
    text = io.StringIO()
    print_twin(many, Console(file=text, width=80))
    assert "…" not in text.getvalue()
    assert text.getvalue().count("store-down") >= 9


def test_schema_in_the_documentation_is_that_of_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    """``docs/twin.schema.json`` is what ``python -m sim schema twin`` prints."""
    assert (ROOT / "docs" / "twin.schema.json").read_bytes() == twin_schema()
    assert main(["schema", "twin"]) == 0
    assert capsys.readouterr().out == twin_schema().decode()


def test_data_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A scenario of external data has no twin while the data is absent, and one line says so."""
    assert main(["twin", "scenarios/replay_handbook.yaml", "--set", "events.file=nowhere.csv"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "events.file must be a file" in line


@pytest.mark.slow
def test_a_fault_of_the_disk_changes_nothing_before_it_is_in(tmp_path: Path, world_model: Path) -> None:
    """The log is written in the same way with the fault and without: up to its instant every latency is equal."""
    disk = "- {name: disk, kind: slow_disk, added: 20ms, at: 1900ms, duration: 50ms}"
    text = "".join(f"  {disk}\n" if "store-down" in line else line for line in THIN.splitlines(keepends=True))
    twin_of(tmp_path, world_model, text.partition("expect:")[0], "phases.trouble.rate=9000", "phases.recovery.rate=150")
    runs = tmp_path / "twin" / "runs"
    ours, other = (log(runs / name) for name in ("all-faults", "no-faults"))
    before = [key for key, line in ours.items() if line["latency_us"] != other[key]["latency_us"]][:1]
    assert len(ours) == len(other) > 8_000
    assert not before or list(ours).index(before[0]) > 7_000
