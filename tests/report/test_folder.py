"""The folder of a run."""

from pathlib import Path

import pytest

from actors.errors import OutputError
from sim.report.folder import JOURNAL, SCENARIO, SUMMARY, RunFolder


def test_folder_is_named_after_now_and_the_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs in one second get two folders."""
    monkeypatch.chdir(tmp_path)
    names = [RunFolder.create(None, "burst", "20260105-120000").path.as_posix() for _ in range(2)]
    assert names == ["runs/20260105-120000-burst", "runs/20260105-120000-burst-2"]
    assert RunFolder.create(None, "burst").path.name.endswith("-burst")


def test_folder_of_an_earlier_run_is_replaced(tmp_path: Path) -> None:
    """What a run wrote, a run may overwrite: nothing of the old one is left to be taken for the new one's."""
    first = RunFolder(tmp_path / "out")
    first.write(SUMMARY, "{}")
    first.write(JOURNAL, "")
    RunFolder(tmp_path / "out").write(SCENARIO, "name: x")
    assert [each.name for each in (tmp_path / "out").iterdir()] == [SCENARIO]


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


def test_folder_that_cannot_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Permissions and full disks are found out before the run, by writing."""

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="No space left on device"):
        RunFolder(tmp_path / "out")


def test_file_is_whole_or_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails leaves what was there, and nothing half-written beside it."""
    folder = RunFolder(tmp_path / "out")
    folder.write(SUMMARY, "old")

    def fail(_: Path, __: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OutputError, match=r"summary\.json: cannot be written: No space left"):
        folder.write(SUMMARY, "new")
    assert [each.read_text() for each in (tmp_path / "out").iterdir()] == ["old"]
