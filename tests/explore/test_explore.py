"""Exploring, end to end."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from sim.cli import main
from sim.explore import search
from sim.explore.attempt import Attempt, Broken
from sim.explore.exploration import Exploration, exploration_schema
from sim.report.summary import read_summary
from tests.support.drills import THIN
from tests.support.repository import ROOT

Capture = pytest.CaptureFixture[str]
SLOWER = ("phases.calm.rate=30", "phases.trouble.rate=60", "phases.recovery.rate=20")
TOO_MUCH = THIN.split("expect:")[0] + 'expect: [{name: few, expr: "mode.realtime_only.ratio < 0.001"}]\n'


def explore(
    folder: Path, model: Path, text: str, *words: str, slower: tuple[str, ...] = SLOWER
) -> tuple[int, Exploration]:
    """Return the exit code of the command, and what it wrote; in one process."""
    (folder / "thin.yaml").write_text(text)
    given = [str(folder / "thin.yaml"), "--model", str(model), "--jobs", "1", "--out", str(folder / "out")]
    code = main(["explore", *given, *(word for each in slower for word in ("--set", each)), *words])
    return code, msgspec.json.decode((folder / "out" / "explore.json").read_bytes(), type=Exploration)


@pytest.mark.slow
def test_nothing_found_is_0(tmp_path: Path, world_model: Path, capsys: Capture) -> None:
    """The seeds are said before the runs, what came of them after."""
    code, found = explore(tmp_path, world_model, THIN, "--seeds", "3")
    assert (code, found.done, found.passed, found.failures) == (0, 3, 3, ())
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "seeds 11 to 13"
    assert lines[1] == "3 of 3 runs: 3 passed, 0 failed, 0 held under part of their faults, 0 proved nothing"


@pytest.mark.slow
def test_each_failure_has_a_line_that_repeats_it(tmp_path: Path, world_model: Path, capsys: Capture) -> None:
    """Typed as it stands it makes the same run, to the last byte of its trace, with the same verdict."""
    code, found = explore(tmp_path, world_model, TOO_MUCH, "--seeds", "1")
    (failure,) = found.failures
    told = capsys.readouterr().out
    assert code == 99
    assert f"seed 11: expectation few: {failure.attempt.broken[0].text}\n  {failure.command}\n" in told
    assert failure.attempt.scenario_digest in failure.command

    words = shlex.split(failure.command.partition("  #")[0])
    assert words[:3] == ["python", "-m", "sim"]
    assert main([*words[3:], "--out", str(tmp_path / "again")]) == 99
    assert read_summary(tmp_path / "again").trace_hash == failure.attempt.trace_hash
    assert failure.attempt.trace_hash is not None
    assert failure.attempt.trace_hash[:16] in failure.command


@pytest.mark.slow
def test_what_was_found_is_kept_when_it_is_interrupted(
    tmp_path: Path, world_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C ends with 130 and with the runs made so far."""
    answers: Iterator[Attempt] = iter([Attempt(scenario_digest="a", trace_hash="b", broken=())] * 2)

    def attempt(*_: object) -> Attempt:
        for answer in answers:
            return answer
        raise KeyboardInterrupt

    monkeypatch.setattr(search, "attempt", attempt)
    code, found = explore(tmp_path, world_model, THIN, "--seeds", "9")
    assert (code, found.done, found.passed, found.interrupted) == (130, 2, 2, True)


NOBODY = THIN.split("expect:")[0].replace("at: 1s, duration: 800ms", "at: 1s, duration: 1us")


@pytest.mark.slow
def test_runs_in_which_no_fault_meets_anyone_prove_nothing(
    tmp_path: Path, world_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing was broken, and nothing tried: that is 3, with the fault's name, and no success."""
    code, found = explore(tmp_path, world_model, NOBODY, "--as-written")
    assert (code, found.passed, found.held, found.inconclusive) == (3, 0, 0, 1)
    assert (found.faults, found.faults_bit, found.idle) == (1, 0, {"store-down": 1})
    assert "0 of 1 faults bit; touched nothing: store-down in 1\n" in capsys.readouterr().out


@pytest.mark.slow
def test_runs_in_which_some_faults_met_someone_are_told_apart(
    tmp_path: Path, world_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Invariants were checked under the fault that bit: neither a whole success nor nothing."""
    other = "faults:\n  - {name: brief, kind: model_errors, at: 10ms, duration: 1us}"
    code, found = explore(tmp_path, world_model, THIN.replace("faults:", other), "--as-written")
    assert (code, found.passed, found.held, found.inconclusive) == (0, 0, 1, 1)
    assert (found.faults, found.faults_bit, found.idle) == (2, 1, {"brief": 1})
    told = capsys.readouterr().out
    assert "1 of 1 runs: 0 passed, 0 failed, 1 held under part of their faults, 0 proved nothing\n" in told


def test_only_idle_faults_leave_a_run_with_something_held() -> None:
    """One that failed in its own code, or an expectation without samples, casts doubt on all of it."""
    one = Attempt(scenario_digest="a", trace_hash="b", broken=(), bit=("x",))
    assert one.proof == "passed"
    assert msgspec.structs.replace(one, doubts=("y",), idle=("y",)).proof == "held"
    assert msgspec.structs.replace(one, doubts=("y",)).proof == "nothing"
    assert msgspec.structs.replace(one, doubts=("y", "z"), idle=("y",)).proof == "nothing"
    assert msgspec.structs.replace(one, doubts=("y",), idle=("y",), bit=()).proof == "nothing"
    assert msgspec.structs.replace(one, broken=(Broken("invariant", "ledger", ""),), bit=()).proof == "failed"


@pytest.mark.slow
def test_as_written_nothing_is_varied(tmp_path: Path, world_model: Path) -> None:
    """One run, with the scenario's own seed and faults: what a line that repeats a failure needs."""
    code, found = explore(tmp_path, world_model, TOO_MUCH, "--as-written")
    assert (code, found.done) == (99, 1)
    assert found.failures[0].overrides == SLOWER
    assert found.failures[0].attempt.scenario_digest == found.scenario_digest


def test_schema_in_the_documentation_is_that_of_the_code(capsys: Capture) -> None:
    """``docs/explore.schema.json`` is what ``python -m sim schema explore`` prints."""
    assert (ROOT / "docs" / "explore.schema.json").read_bytes() == exploration_schema()
    assert main(["schema", "explore"]) == 0
    assert capsys.readouterr().out == exploration_schema().decode()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["scenarios/replay_handbook.yaml", "--set", "events.file=nowhere.csv"], "events.file must be a file"),
        (["scenarios/steady.yaml", "--seeds", "0"], "--seeds"),
        (["scenarios/steady.yaml", "--model", "tests"], "this is not a model folder"),
        (["scenarios/steady.yaml", "--duration", "soon"], "--duration soon: must be a duration"),
    ],
)
def test_bad_input_is_refused_in_a_line(words: list[str], told: str, capsys: Capture) -> None:
    """What cannot be explored ends with 2 and one line."""
    assert main(["explore", *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
