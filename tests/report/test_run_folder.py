"""The folder of a run."""

import errno
import fcntl
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from actors.core.errors import OutputError
from sim.report.run_folder import JOURNAL, PARTIAL, ROLLBACK, RUN_FILES, SCENARIO, SUMMARY, RunFolder
from tests.support.repository import ROOT


def test_folder_is_named_after_now_and_the_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs in one second get two folders."""
    monkeypatch.chdir(tmp_path)
    names = [RunFolder.create(None, "burst", "20260105-120000").path.as_posix() for _ in range(2)]
    assert names == ["runs/20260105-120000-burst", "runs/20260105-120000-burst-2"]
    assert RunFolder.create(None, "burst").path.name.endswith("-burst")


def test_folder_of_an_earlier_run_is_replaced(tmp_path: Path) -> None:
    """What a run wrote, a run may overwrite: nothing of the old one is left to be taken for the new one's."""
    with RunFolder(tmp_path / "out") as first:
        first.write(SUMMARY, "{}")
        first.write(JOURNAL, "")
        first.file(JOURNAL + PARTIAL).write_text("half")
        first.file(ROLLBACK).touch()
    with RunFolder(tmp_path / "out") as second:
        second.clear()
        second.write(SCENARIO, "name: x")
        assert [each.name for each in second.path.iterdir()] == [SCENARIO]


def test_earlier_run_is_there_until_the_new_one_begins(tmp_path: Path) -> None:
    """A run that is refused after its folder was taken has cost the earlier one nothing."""
    with RunFolder(tmp_path / "out") as first:
        first.write(SUMMARY, "{}")
    with RunFolder(tmp_path / "out") as second:
        second.give_up()
    assert (tmp_path / "out" / SUMMARY).read_text() == "{}"


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        (
            SUMMARY,
            '{"scenario": "burst", "verdict": "pass", "more": 1}',
            r"burst, pass, ended 2\d\d\d-\d\d-\d\d \d\d:\d\d",
        ),
        ("explore.json", '{"scenario": "burst"}', r"burst, ended 2"),
        (SUMMARY, "{", "it left no summary, only summary.json"),
        (JOURNAL, "", "it left no summary, only journal.jsonl"),
    ],
)
def test_what_is_replaced_is_told_before(tmp_path: Path, name: str, content: str, told: str) -> None:
    """Whoever names the folder of an earlier run learns which one, and how it ended."""
    (tmp_path / name).write_text(content)
    with RunFolder(tmp_path, own=RUN_FILES | {name}) as folder:
        (line,) = folder.notices()
        assert re.search(f"the files of an earlier run are replaced: {told}", line)


def test_nothing_is_told_of_an_empty_folder(tmp_path: Path) -> None:
    """There is nothing to lose."""
    with RunFolder(tmp_path) as folder:
        assert folder.notices() == []


def test_folders_of_runs_are_cleared_whole_or_not_at_all(tmp_path: Path) -> None:
    """What a command with several runs made below is removed, and a file that no run wrote keeps all of it."""
    for place in ("runs/all", "runs/none"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / SUMMARY).touch()
    with RunFolder(tmp_path, own=frozenset({"twin.json"}), folders=frozenset({"runs"})) as folder:
        (tmp_path / "runs/none/notes.txt").touch()
        with pytest.raises(OutputError, match=r"holds runs/none/notes\.txt"):
            folder.clear()
        assert (tmp_path / "runs/all" / SUMMARY).exists()
        (tmp_path / "runs/none/notes.txt").unlink()
        folder.clear()
        assert list(tmp_path.iterdir()) == []


def test_folder_in_the_place_of_a_file_is_not_ours(tmp_path: Path) -> None:
    """It is found before the run, not when the summary is to be written."""
    (tmp_path / SUMMARY).mkdir()
    with pytest.raises(OutputError, match=r"is not a run's folder: it holds summary\.json"):
        RunFolder(tmp_path)


def test_second_writer_is_refused_until_the_first_is_done(tmp_path: Path) -> None:
    """One run at a time; who holds the folder is named where the system tells, and the lock leaves no trace."""
    with RunFolder(tmp_path):
        with pytest.raises(
            OutputError, match=r"(process \d+|another process) is writing to it; wait .*--out"
        ) as caught:
            RunFolder(tmp_path)
        if Path("/proc/locks").exists():
            assert f"process {os.getpid()} " in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    RunFolder(tmp_path).close()


def test_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    """However a run ends, the next one may begin; a child that it leaves behind does not hold the folder."""
    code = """
import os, subprocess, sys
from pathlib import Path
from sim.report.run_folder import RunFolder
folder = RunFolder(Path(sys.argv[1]))
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=sys.stdin, stdout=sys.stderr)
print(child.pid, flush=True)
os.kill(os.getpid(), 9)
"""
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    child = int(holder.stdout.readline())
    assert holder.wait() == -9
    os.kill(child, 0)
    RunFolder(tmp_path).close()
    holder.stdin.close()
    holder.stdout.close()


def test_folder_that_cannot_be_locked_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network file system may know no locks: the run goes on, and the user sees to it that it is alone."""

    def unsupported(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    with RunFolder(tmp_path) as folder:
        (line,) = folder.notices()
    assert "cannot be locked (No locks available): see to it that no other run" in line


@pytest.mark.parametrize("put_back", [False, True])
def test_files_go_to_the_folder_that_was_opened(tmp_path: Path, put_back: bool) -> None:
    """A folder that is moved takes its run with it; another one in its place is never written to."""
    with RunFolder(tmp_path / "out") as folder:
        assert folder.mishap() == ""
        (tmp_path / "out").rename(tmp_path / "elsewhere")
        if put_back:
            (tmp_path / "out").mkdir()
        folder.write(SUMMARY, "{}")
        assert folder.mishap().startswith("the folder was moved during the run")
    assert (tmp_path / "elsewhere" / SUMMARY).exists()
    assert not (tmp_path / "out" / SUMMARY).exists()


def test_removed_folder_is_said_and_not_made_again(tmp_path: Path) -> None:
    """Who removes the folder of a run does not want its files."""
    with RunFolder(tmp_path / "out") as folder:
        (tmp_path / "out").rmdir()
        with pytest.raises(OutputError, match=r"summary\.json: cannot be written: the folder was removed"):
            folder.write(SUMMARY, "{}")
    assert not (tmp_path / "out").exists()


def test_folder_with_anything_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A file that no run wrote is never in danger, and neither are the files beside it."""
    (tmp_path / SUMMARY).write_text("mine")
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"holds thesis\.txt; choose an empty folder with --out"):
        RunFolder(tmp_path)
    assert (tmp_path / SUMMARY).read_text() == "mine"


@pytest.mark.parametrize("below", [False, True])
def test_what_is_no_folder_is_refused_in_one_line(tmp_path: Path, below: bool) -> None:
    """A file in the place of the folder, or of one above it, is named."""
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "inside" if below else tmp_path / "file"
    with pytest.raises(OutputError, match="cannot be written: is not a folder; choose another") as caught:
        RunFolder(path)
    assert "\n" not in str(caught.value)


def test_a_place_without_room_for_a_folder_of_runs_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who names no folder learns how to name one: runs/ is a file here, or cannot be made where one stands."""
    monkeypatch.chdir(tmp_path)
    Path("runs").write_text("mine")
    with pytest.raises(OutputError) as caught:
        RunFolder.create(None, "burst")
    assert str(caught.value) == "runs: cannot be written: is not a folder; choose another folder with --out"
    assert Path("runs").read_text() == "mine"

    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", read_only)
    with pytest.raises(OutputError) as caught:
        RunFolder.create(None, "burst")
    assert str(caught.value) == "runs: cannot be written: Read-only file system; choose another folder with --out"


def test_folder_that_cannot_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Permissions and full disks are found out before the run, by writing."""

    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(RunFolder, "_open", full)
    with pytest.raises(OutputError, match="No space left on device"):
        RunFolder(tmp_path / "out")


def test_file_is_whole_or_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails leaves what was there, and nothing half-written beside it."""
    with RunFolder(tmp_path / "out") as folder:
        folder.write(SUMMARY, "old")

        def fail(*_: object, **__: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "replace", fail)
        with pytest.raises(OutputError, match=r"summary\.json: cannot be written: No space left"):
            folder.write(SUMMARY, "new")
    assert [each.read_text() for each in (tmp_path / "out").iterdir()] == ["old"]


def test_pipe_under_a_name_of_ours_is_never_opened(tmp_path: Path) -> None:
    """Nobody waits for whoever may read it: it is replaced, as a file of an earlier run is."""
    with RunFolder(tmp_path) as folder:
        os.mkfifo(tmp_path / (SUMMARY + PARTIAL))
        os.mkfifo(tmp_path / SUMMARY)
        folder.write(SUMMARY, "new")
    assert (tmp_path / SUMMARY).read_text() == "new"


def test_a_run_that_did_not_begin_leaves_nothing(tmp_path: Path) -> None:
    """What was written for it goes, with a folder that was made for it; of a run that has begun everything stays."""
    for begun in (False, True):
        folder = RunFolder(tmp_path / "run")
        folder.clear()
        folder.write("scenario.yaml", "name: it\n")
        if begun:
            folder.begin()
        folder.give_up()
        assert (tmp_path / "run").exists() == begun
