"""Cases of folders: what a run writes, who else does, and what becomes of it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.cases.running import Case


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


def test_second_run_in_one_folder_is_refused(case: Callable[[str], Case]) -> None:
    """The first keeps every decision; the second has written nothing."""
    folder = case("28")
    words = [sys.executable, "-m", "sim", "run", "w.yaml", "--tui", "off", "--model", str(folder.model), "--out"]
    first = subprocess.Popen(
        [*words, str(folder.out), "--set", "phases.calm.duration=12s"],
        cwd=folder.folder,
        env=folder.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert first.stdout is not None
    while "offered" not in first.stdout.readline():  # a line of the running pipeline
        assert first.poll() is None
    second = folder.run("w")
    first.communicate(timeout=60)
    assert (second.code, second.out) == (2, "")
    assert f"process {first.pid} is writing to it" in second.err
    summary = json.loads((folder.out / "summary.json").read_bytes())
    assert len((folder.out / "decisions.jsonl").read_bytes().splitlines()) == summary["ledger"]["decided"]
