"""Cases of folders: what a run writes, who else does, and what becomes of it."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.support.cases import Case, Outcome
from tests.support.small_disk import small_disk

LONG = ["--set", "phases.calm.duration=12s"]
UNBUFFERED = {"PYTHONUNBUFFERED": "1"}


def test_picture_is_tried_before_the_run(case: Callable[[str], Case]) -> None:
    """A picture that cannot be written is one line, and nothing has run."""
    outcome = case("27").run("base", "--picture", "missing/x.svg")
    assert (outcome.code, outcome.summary) == (2, {})
    (line,) = outcome.err.splitlines()
    assert "missing/x.svg" in line


def test_earlier_run_is_replaced_with_a_word(case: Callable[[str], Case]) -> None:
    """The second run of a folder says which run was there."""
    folder = case("27")
    assert "replaced" not in folder.run("base").err
    again = folder.run("base")
    assert again.code == 0
    assert "the files of an earlier run are replaced: small, pass, ended" in again.err


def test_folder_with_other_files_is_refused_and_stays(case: Callable[[str], Case], tmp_path: Path) -> None:
    """What no run wrote is never touched."""
    folder = case("27")
    foreign = tmp_path / "foreign"
    shutil.copytree(folder.folder / "foreign", foreign)
    refused = Case(folder.folder, folder.model, foreign).run("base")
    assert refused.code == 2
    assert "it holds notes.txt" in refused.err
    assert [each.name for each in foreign.iterdir()] == ["notes.txt"]


@contextmanager
def running(case: Case, *words: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Give a run on the real clock whose pipeline has begun to work; it is killed if it does not end."""
    fixed = [sys.executable, "-m", "sim", *words, "--tui", "off", "--model", str(case.model), "--out", str(case.out)]
    run = subprocess.Popen(
        fixed,
        cwd=case.folder,
        env=case.environment | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert run.stdout is not None
        while "ledger balanced" not in run.stdout.readline():
            assert run.poll() is None, run.communicate()
        yield run
    finally:
        run.kill()
        run.communicate()


def ended(run: subprocess.Popen[str], case: Case) -> Outcome:
    """Return what a run ended with."""
    out, err = run.communicate(timeout=100)
    return case.outcome(run.returncode, out, err)


def test_second_run_in_one_folder_is_refused(case: Callable[[str], Case]) -> None:
    """The first keeps every decision; the second has written nothing."""
    folder = case("28")
    with running(folder, "run", "w.yaml", *LONG) as first:
        second = folder.run("w")
        outcome = ended(first, folder)
    assert (second.code, second.out) == (2, "")
    assert f"process {first.pid} is writing to it" in second.err
    assert outcome.code in (0, 3)
    assert len((folder.out / "decisions.jsonl").read_bytes().splitlines()) == outcome.summary["ledger"]["decided"]


def emptied(file: Path) -> None:
    os.truncate(file, 0)


def replaced_by_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize("mishap", [emptied, replaced_by_pipe])
def test_mishap_of_the_decision_log_costs_its_lines_only(
    case: Callable[[str], Case], mishap: Callable[[Path], None]
) -> None:
    """The run ends by itself, with its verdict and its summary, which says what is not whole."""
    folder = case("28")
    with running(folder, "run", "w.yaml", *LONG) as run:
        assert run.stdout is not None
        while not (folder.out / "decisions.jsonl").stat().st_size:
            run.stdout.readline()  # a second later
        mishap(folder.out / "decisions.jsonl")
        outcome = ended(run, folder)
    assert outcome.code in (0, 3), outcome.err
    assert outcome.summary["verdict"] in ("pass", "inconclusive")
    assert any(line.startswith("decisions.jsonl: was ") for line in outcome.summary["warnings"])
    assert "not whole: decisions.jsonl: was " in outcome.out


@pytest.mark.parametrize("moved", [False, True])
def test_folder_that_is_gone_never_ends_well(case: Callable[[str], Case], moved: bool) -> None:
    """There is no summary where it was asked for; all of the verdict is on the screen."""
    folder = case("28")
    with running(folder, "run", "w.yaml", *LONG) as run:
        if moved:
            folder.out.rename(folder.out.with_name("moved"))
        else:
            shutil.rmtree(folder.out)
        outcome = ended(run, folder)
    assert outcome.code in (2, 3)
    assert "✓ books " in outcome.out
    assert "balanced ✓" in outcome.out
    assert "no summary: " in outcome.out
    assert not folder.out.exists()


def traffic_of(run: subprocess.Popen[str]) -> psutil.Process:
    """Return the process that makes the traffic of a run."""
    (made,) = [each for each in psutil.Process(run.pid).children() if "--multiprocessing-fork" in each.cmdline()]
    return made


def test_traffic_that_stands_still_for_seconds_loses_nothing(case: Callable[[str], Case]) -> None:
    """Stopped and continued in the middle of a write, without a buffer, it goes on where it was."""
    folder = case("28")
    words = ["run", "w.yaml", "--set", "phases.calm.duration=15s", "--set", "phases.calm.rate=6000"]
    with running(folder, *words, **UNBUFFERED) as run:
        traffic = traffic_of(run)
        traffic.send_signal(signal.SIGSTOP)
        time.sleep(6)
        traffic.send_signal(signal.SIGCONT)
        outcome = ended(run, folder)
    assert outcome.code in (0, 3), outcome.err
    assert outcome.summary["ledger"]["balanced"]
    assert "restart" not in (folder.out / "journal.jsonl").read_text()
    assert outcome.summary["warnings"] == []


def test_traffic_that_is_killed_is_made_by_another(case: Callable[[str], Case]) -> None:
    """All of it arrives, and a line says what happened."""
    folder = case("28")
    words = ["run", "w.yaml", "--set", "phases.calm.duration=15s", "--set", "phases.calm.rate=2000"]
    with running(folder, *words) as run:
        traffic_of(run).kill()
        outcome = ended(run, folder)
    assert outcome.code in (0, 3), outcome.err
    assert outcome.summary["ledger"]["unsent"] == 0
    assert outcome.summary["ledger"]["decided"] == outcome.summary["ledger"]["offered"] > 29_000
    assert "lost: the process that makes the traffic was killed (SIGKILL)" in outcome.out


def test_worker_of_explore_that_is_killed_costs_its_own_run(case: Callable[[str], Case], tmp_path: Path) -> None:
    """Every seed is done, and the one that was hit is told."""
    folder = case("27")
    words = ["base.yaml", "--seeds", "6", "--jobs", "2", "--model", str(folder.model), "--out", str(folder.out)]
    explore = subprocess.Popen(
        [sys.executable, "-m", "sim", "explore", *words],
        cwd=folder.folder,
        env=folder.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert explore.stderr is not None
        while "of 6 runs" not in explore.stderr.readline():
            assert explore.poll() is None
        workers = [each for each in psutil.Process(explore.pid).children() if "spawn_main" in " ".join(each.cmdline())]
        workers[0].kill()
        out, err = explore.communicate(timeout=100)
    finally:
        explore.kill()
    assert explore.returncode == 0, err
    assert "6 of 6 runs: 6 passed" in out
    assert "the process that did it was killed (SIGKILL); it is done again" in err
    assert json.loads((folder.out / "explore.json").read_bytes())["done"] == 6


def test_seeds_beyond_the_last_are_refused_in_a_line(case: Callable[[str], Case]) -> None:
    """Not a letter a line, and before any run."""
    folder = case("27")
    words = [
        "--first-seed",
        "9223372036854775807",
        "--seeds",
        "2",
        "--model",
        str(folder.model),
        "--out",
        str(folder.out),
    ]
    outcome = folder.sim("explore", "base.yaml", *words)
    assert (outcome.code, outcome.out) == (2, "")
    (line,) = outcome.err.splitlines()
    assert "seeds must be below 9223372036854775808" in line


@pytest.mark.parametrize(
    ("limit", "value", "told"),
    [(resource.RLIMIT_NOFILE, 16, "open files"), (resource.RLIMIT_AS, 400_000 * 1_024, "memory")],
)
def test_what_a_shell_forbids_is_one_line(case: Callable[[str], Case], limit: int, value: int, told: str) -> None:
    """The machine lacks it, and nothing else is blamed."""
    folder = case("27")
    words = ["run", "base.yaml", "--tui", "off", "--model", str(folder.model), "--out", str(folder.out)]
    done = subprocess.run(
        [sys.executable, "-m", "sim", *words],
        cwd=folder.folder,
        env=folder.environment,
        preexec_fn=lambda: resource.setrlimit(limit, (value, value)),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert f"the machine lacks {told}" in line


def test_stripped_docstrings_are_no_obstacle(case: Callable[[str], Case]) -> None:
    """A run passes without, as it does with them."""
    folder = case("27")
    words = ["run", "base.yaml", "--tui", "off", "--clock", "virtual", "--model", str(folder.model)]
    done = subprocess.run(
        [sys.executable, "-OO", "-m", "sim", *words, "--out", str(folder.out)],
        cwd=folder.folder,
        env=folder.environment,
        check=False,
    )
    assert done.returncode == 0


def test_full_disk_is_not_a_pass(case: Callable[[str], Case], tmp_path: Path) -> None:
    """The verdict is on the screen in full, and the exit code says that there is no summary."""
    folder = case("27")
    with small_disk(tmp_path / "disk", "32k") as place:
        outcome = Case(folder.folder, folder.model, place / "run").run("base")
    assert (outcome.code, outcome.summary) == (2, {})
    assert "✓ books " in outcome.out
    assert "summary.json: cannot be written: No space left on device" in outcome.out
