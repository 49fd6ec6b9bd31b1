"""What a run does where it cannot write, as the command line ends it."""

import json
import os
import re
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.core.errors import OutputError
from sim.cli import main
from sim.report.run_folder import RunFolder
from sim.run.command import check_picture
from tests.support.drills import THIN
from tests.support.small_disk import small_disk

pytestmark = pytest.mark.slow  # the first of them trains the model

Capture = pytest.CaptureFixture[str]
QUIET = THIN.split("faults:", maxsplit=1)[0] + 'expect: [{name: books, expr: "ledger.balanced == 1"}]\n'
WRONG = QUIET.replace("== 1", "== 0")


@pytest.fixture
def drill(tmp_path: Path) -> Path:
    """Return a short scenario that passes."""
    file = tmp_path / "quiet.yaml"
    file.write_text(QUIET)
    return file


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk of 64 KiB of its own."""
    with small_disk(tmp_path / "disk", "64k") as place:
        yield place


def run(drill: Path, model: Path, out: Path, *words: str) -> int:
    """Run the drill; return the exit code."""
    return main(["run", str(drill), "--model", str(model), "--tui", "off", "--out", str(out), *words])


def test_full_disk_never_ends_well_and_the_verdict_is_on_the_screen(
    drill: Path, world_model: Path, disk: Path, capsys: Capture
) -> None:
    """Nothing of the verdict is lost with the file: expectations with their figures, the ledger, what went wrong."""
    assert run(drill, world_model, disk / "run") == 2
    told = capsys.readouterr().out
    assert not (disk / "run" / "summary.json").exists()
    assert re.search(r"✓ books +passed +1", told)
    assert "balanced ✓" in told
    assert re.search(r"not whole: decisions\.jsonl: \d+ decisions were counted, not logged: .*No space left", told)
    assert re.search(r"not whole: \S+summary\.json: cannot be written: No space left", told)
    assert "no summary: " in told


def test_failed_verdict_beats_a_summary_that_is_not_there(
    drill: Path, world_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks only whether it failed learns that it did."""

    def full(*_: object) -> Path:
        raise OutputError("no room")

    write = RunFolder.write
    monkeypatch.setattr(RunFolder, "write", lambda *each: full() if each[1] == "summary.json" else write(*each))
    assert run(drill, world_model, tmp_path / "good") == 2
    drill.write_text(WRONG)
    assert run(drill, world_model, tmp_path / "bad") == 99


def test_file_that_may_not_grow_never_ends_well(
    drill: Path, world_model: Path, tmp_path: Path, capsys: Capture
) -> None:
    """A limit of the shell on the size of files is a full disk for each of them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (6_000, hard))
    try:
        code = run(drill, world_model, tmp_path / "run")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert code == 2
    assert "summary.json: cannot be written: File too large" in capsys.readouterr().out


def test_second_run_is_refused_before_it_begins(
    drill: Path, world_model: Path, tmp_path: Path, capsys: Capture
) -> None:
    """One line says who is there; not a file of the first one changes."""
    with RunFolder(tmp_path / "out") as first:
        first.write("journal.jsonl", "mine")
        assert run(drill, world_model, tmp_path / "out") == 2
        told = capsys.readouterr()
        assert "is writing to it; wait until that has ended, or choose another with --out" in told.err
        assert (told.out, len(told.err.splitlines())) == ("", 1)
        assert [each.read_text() for each in (tmp_path / "out").iterdir()] == ["mine"]


def test_replaced_run_is_named_at_the_start_and_at_the_end(
    drill: Path, world_model: Path, tmp_path: Path, capsys: Capture
) -> None:
    """Nothing of it is left: a file that the new run does not write would be taken for the new run's."""
    assert run(drill, world_model, tmp_path / "out") == 0
    assert "earlier run" not in "".join(capsys.readouterr())
    (tmp_path / "out" / "summary.json.partial").touch()
    assert run(drill, world_model, tmp_path / "out", "--duration", "1s") == 0
    told = capsys.readouterr()
    assert "the files of an earlier run are replaced: thin, pass, ended 2" in told.err
    assert "replaced: the earlier run there: thin, pass, ended 2" in told.out
    assert not (tmp_path / "out" / "summary.json.partial").exists()
    assert json.loads((tmp_path / "out" / "summary.json").read_bytes())["events_processed"] < 200


def test_refused_run_costs_the_earlier_one_nothing(
    drill: Path, world_model: Path, tmp_path: Path, capsys: Capture
) -> None:
    """What is found wrong after the folder was taken leaves what is in it, and no new folder."""
    assert run(drill, world_model, tmp_path / "out") == 0
    before = (tmp_path / "out" / "summary.json").read_bytes()
    for out in ("out", "new"):
        assert run(drill, tmp_path / "no-model", tmp_path / out) == 2
    assert "no-model" in capsys.readouterr().err
    assert (tmp_path / "out" / "summary.json").read_bytes() == before
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("missing/x.svg", "No such file or directory"),
        ("x.png", "must be an SVG file and end in .svg; name it x.svg"),
        ("x", "must be an SVG file"),
        ("folder.svg", "is not a file"),
        ("pipe.svg", "is not a file"),
        ("quiet.yaml/x.svg", "Not a directory"),
    ],
)
def test_picture_that_cannot_be_written_is_refused_before_the_run(
    drill: Path, tmp_path: Path, capsys: Capture, name: str, told: str
) -> None:
    """One line, and nothing has run: not even the folder of the run is left."""
    (tmp_path / "folder.svg").mkdir()
    os.mkfifo(tmp_path / "pipe.svg")
    assert run(drill, tmp_path, tmp_path / "out", "--picture", str(tmp_path / name)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"--picture {tmp_path / name}: ")
    assert told in line
    assert not (tmp_path / "out").exists()


def test_trying_a_picture_leaves_no_trace(tmp_path: Path) -> None:
    """A file that was there keeps what it holds, and one that was not is not there."""
    check_picture(tmp_path / "new.svg")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "old.svg").write_text("old")
    check_picture(tmp_path / "old.svg")
    assert (tmp_path / "old.svg").read_text() == "old"


@pytest.mark.parametrize(("text", "code"), [(QUIET, 0), (WRONG, 99)])
def test_picture_that_fails_later_leaves_the_verdict(
    drill: Path,
    world_model: Path,
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    code: int,
) -> None:
    """The run is over and has its exit code; that the picture is missing is one line."""
    drill.write_text(text)
    monkeypatch.setattr("sim.run.command.check_picture", lambda _: None)
    assert run(drill, world_model, tmp_path / "out", "--picture", str(tmp_path / "missing" / "x.svg")) == code
    assert "x.svg: cannot be written: No such file or directory; the verdict is as said" in capsys.readouterr().err


def test_calibration_that_cannot_be_kept_is_refused_before_it_is_measured(
    world_model: Path, tmp_path: Path, capsys: Capture
) -> None:
    """Half a minute of measuring is not thrown away."""
    model = tmp_path / "model"
    shutil.copytree(world_model, model, ignore=shutil.ignore_patterns("calibration.json"))
    (model / "calibration.json").mkdir()
    assert main(["calibrate", "--model", str(model)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    (line,) = told.err.splitlines()
    assert line == f"{model}/calibration.json: must be writable, and is not: Is a directory; copy the model folder"


@pytest.mark.parametrize(("first", "count"), [(2**63 - 1, 2), (2**63, 1), (10**30, 200)])
def test_seeds_that_do_not_exist_are_refused_before_the_runs(
    drill: Path, world_model: Path, tmp_path: Path, capsys: Capture, first: int, count: int
) -> None:
    """One line says which would come, and up to where they go."""
    words = [
        "--model",
        str(world_model),
        "--first-seed",
        str(first),
        "--seeds",
        str(count),
        "--out",
        str(tmp_path / "x"),
    ]
    assert main(["explore", str(drill), *words]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    (line,) = told.err.splitlines()
    assert line.startswith(f"--first-seed {first}: seeds must be below 9223372036854775808, got seed")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("command", ["explore", "twin", "check-determinism"])
def test_folder_is_tried_before_a_model_is_trained_for_it(
    drill: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Whoever may not write there has not waited a minute to learn it; nothing there is touched."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sim.run.model_choice.model_cache", lambda: tmp_path / "models")  # where none is kept
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").touch()
    assert main([command, str(drill), "--out", "out", *(["--as-written"] if command == "explore" else [])]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "out: is not a run's folder: it holds notes.txt; choose an empty folder with --out"
    assert not (tmp_path / "models").exists()
