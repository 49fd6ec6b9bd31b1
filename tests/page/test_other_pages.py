"""Pages of a twin, an exploration and a drill, and how pages are opened."""

import io
import os
import re
import shutil
import signal
import webbrowser
from html import unescape
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from actors.core.errors import OutputError
from sim.cli import main
from sim.page.recorded import TAG, read_run
from sim.page.writing import page_of, put, rebuild, report_of
from sim.report.run_folder import DEBRIEF, JOURNAL, LATENCY, METRICS, REPORT, SERIES, SUMMARY, RunFolder
from sim.run.command import Request, run_scenario
from sim.twin.result import Twin, print_twin

HERE = Path(__file__).parent


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("twin.json", ("What the faults caused", "fraud let through", "0213c8a3161b018e")),
        ("explore.json", ("Seed 4: what does not hold", "python -m sim run thin --clock virtual --set seed=4")),
    ],
)
def test_a_page_of_many_runs_has_no_need_of_a_script(tmp_path: Path, file: str, said: tuple[str, ...]) -> None:
    """A twin and an exploration are tables: what was caused, what failed, and the line that repeats it."""
    shutil.copy(HERE / file, tmp_path / file)
    page = rebuild(tmp_path).read_text()
    assert "<script" not in page
    for words in said:
        assert words in page


def test_terminal_and_page_tell_a_twin_alike(tmp_path: Path) -> None:
    """The words of each row, and each figure as it is written there, are those of the page too."""
    shutil.copy(HERE / "twin.json", tmp_path / "twin.json")
    page = unescape(rebuild(tmp_path).read_text())
    text = io.StringIO()
    print_twin(msgspec.json.decode((HERE / "twin.json").read_bytes(), type=Twin), Console(file=text, width=200))
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.getvalue().splitlines() if "│" in line]
    told = [row for row in rows if row[0] not in {"felt from", "until"}]  # instants, in whole milliseconds there
    assert len(told) > 8
    assert [cell for row in told for cell in row if f">{cell}<" not in re.sub(r">\s+", ">", page)] == []


def test_a_drill_has_its_debrief_in_the_page(run_folder: Path, tmp_path: Path) -> None:
    """When each fault came, was seen and was named."""
    folder = tmp_path / "drill"
    shutil.copytree(run_folder, folder)
    shutil.copy(HERE / "debrief.json", folder / DEBRIEF)
    page = rebuild(folder).read_text()
    assert "Score 1 of 1, with 0 false calls." in page


@pytest.mark.parametrize("name", [SUMMARY, DEBRIEF, "twin.json", "explore.json", "journal.jsonl"])
def test_a_file_of_another_version_is_refused(run_folder: Path, tmp_path: Path, name: str) -> None:
    """One line names the file."""
    folder = tmp_path / "other"
    shutil.copytree(run_folder, folder)
    (folder / name).write_text('{"format": 99, "at_s": "soon"}\n')
    with pytest.raises(OutputError, match=re.escape(name)):
        rebuild(folder)


@pytest.mark.parametrize("name", [SUMMARY, SERIES, JOURNAL, LATENCY])
def test_a_pipe_in_the_place_of_a_file_is_refused(run_folder: Path, tmp_path: Path, name: str) -> None:
    """It is not waited for."""
    shutil.copytree(run_folder, tmp_path / "piped")
    (tmp_path / "piped" / name).unlink()
    os.mkfifo(tmp_path / "piped" / name)
    with pytest.raises(OutputError, match=f"{re.escape(name)}: cannot be read: is no file that a run has written"):
        page_of(tmp_path / "piped")


def test_latencies_that_were_changed_are_refused(run_folder: Path, tmp_path: Path) -> None:
    """A page with those that are left would be wrong; a last line that is cut off is left out, as after a kill."""
    shutil.copytree(run_folder, tmp_path / "run")
    file = tmp_path / "run" / LATENCY
    lines = file.read_bytes().splitlines()
    known = [number for number, line in enumerate(lines) if line.startswith(TAG)]
    lines = lines[: known[-1] + 1]
    file.write_bytes(b"\n".join(lines)[:-20])
    assert len(read_run(file.parent).intervals) == len(known) - 1
    lines[known[0]] = lines[known[0]][:-20]
    file.write_bytes(b"\n".join(lines))
    with pytest.raises(OutputError, match=f"{LATENCY}:{known[0] + 1}: is damaged"):
        read_run(file.parent)


@pytest.mark.parametrize("name", [JOURNAL, LATENCY, SERIES])
def test_a_page_says_which_file_of_its_run_is_missing(run_folder: Path, tmp_path: Path, name: str) -> None:
    """What is left is shown, and above it what cannot be."""
    shutil.copytree(run_folder, tmp_path / "run")
    (tmp_path / "run" / name).unlink()
    page = page_of(tmp_path / "run")
    assert page.count('role="note"') == (run_folder / REPORT).read_text().count('role="note"') + 1


def test_a_run_is_unharmed_by_a_page_that_cannot_be_written(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A disk that is full, a summary that is gone: a line, no error, and nothing half."""
    folder = tmp_path / "run"
    shutil.copytree(run_folder, folder)
    (folder / REPORT).unlink()
    (folder / SUMMARY).write_text("{")
    with RunFolder(folder) as place:
        report_of(place)
    assert capsys.readouterr().err.startswith("no report: ")
    assert not (folder / REPORT).exists()


THIN = "version: 1\nname: thin\nclock: virtual\nphases: [{name: calm, duration: 1s, rate: 50}]\n"


@pytest.mark.parametrize(
    "instant", ["sim.run.execution.summary_text", "sim.run.command._last_words", "sim.page.writing.read_run"]
)
def test_ctrl_c_after_the_end_of_a_run_leaves_the_page_out(
    instant: str, world_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pressed once, while files, verdict or page are written: the verdict stands, and how to have the page is said."""
    module, _, name = instant.rpartition(".")
    rightly = getattr(import_module(module), name)

    def pressed(*given: Any) -> Any:  # noqa: ANN401 - whatever it is given
        signal.raise_signal(signal.SIGINT)
        return rightly(*given)

    monkeypatch.setattr(instant, pressed)
    (tmp_path / "thin.yaml").write_text(THIN)
    out = tmp_path / "a run"
    assert run_scenario(Request(tmp_path / "thin.yaml", world_model, out=out, tui="off", report=report_of)) == 0
    said = capsys.readouterr().err
    assert f"no report: interrupted; python -m sim report '{out}' makes it" in said
    assert {SUMMARY, METRICS} <= {each.name for each in out.iterdir()}
    assert not (out / REPORT).exists()
    assert not list(out.glob("*.partial"))
    monkeypatch.undo()
    assert rebuild(out, tmp_path / "page.html").is_file()


def test_a_page_that_cannot_be_put_leaves_the_old_one(tmp_path: Path) -> None:
    """Where the name is that of a folder or a pipe, or the place is none."""
    (tmp_path / "page.html").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "page.html", tmp_path / "pipe", tmp_path / "file" / "page.html"):
        with pytest.raises(OutputError, match=r"cannot be written: .*name another file with --out"):
            put(place, "text")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "page.html", "pipe"]
    assert (tmp_path / "pipe").is_fifo()


def test_the_latest_run_is_opened_without_an_argument(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest folder with something to show; without one it is said."""
    monkeypatch.chdir(tmp_path)
    assert main(["open"]) == 2
    for at_s, name in enumerate(("old", "new", "empty")):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        if name != "empty":
            (folder / REPORT).write_text(name)
        os.utime(folder, (1_000_000 + at_s,) * 2)
    shown: list[str] = []

    def browser(address: str) -> bool:
        shown.append(address)
        return True

    monkeypatch.setattr(webbrowser, "open", browser)
    assert main(["open"]) == 0
    assert shown == [(tmp_path / "runs" / "new" / REPORT).as_uri()]
