"""What befalls the files of a run while it goes on."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actors.model.artifact import load_artifact
from dashboard.actions import Action
from sim.report.run_folder import ALERTS, DEAD_LETTERS, DECISIONS, JOURNAL, LATENCY, SCENARIO, UNDELIVERED, RunFolder
from sim.run.execution import Result, execute
from sim.run.planning import prepare
from sim.run.watch import NullScreen
from sim.scenario.loader import parse
from sim.scenario.timeline import Cut

Mishap = Callable[[Path], object]

TEXT = """\
version: 1
name: mishap
seed: 11
clock: virtual
world: {cards: 4000, merchants: 400, fraud_ratio: 0.05, label_delay: 1s}
phases: [{name: only, duration: 1s, rate: 100}]
faults: [{name: poison, kind: traffic_poison, at: 200ms, duration: 600ms, ratio: 0.2}]
expect:
  - {name: errors, expr: "error_ratio < 0.1%"}
  - {name: books,  expr: "ledger.balanced == 1"}
"""
LOGS = (DECISIONS, JOURNAL, DEAD_LETTERS, ALERTS, LATENCY, UNDELIVERED)


class Befalling(NullScreen):
    """Does something once, half way through: the run asks for actions at each tick."""

    def __init__(self, mishap: Callable[[], object], tick: int = 3) -> None:
        self._mishap, self._left = mishap, tick

    def actions(self) -> list[Action]:
        """Count down."""
        self._left -= 1
        if self._left == 0:
            self._mishap()
        return []


def ran(folder: Path, model: Path, mishap: Callable[[], object] = lambda: None) -> Result:
    """Run the drill into ``folder``; ``mishap`` comes half way."""
    plan = prepare(Cut(parse(TEXT, "mishap.yaml")), load_artifact(model), folder)
    with RunFolder(folder) as place:
        return execute(plan, place, Befalling(mishap))


def without_files(result: Result) -> dict[str, Any]:
    """Return the summary as JSON without what tells of files."""
    summary = {name: getattr(result.summary, name) for name in result.summary.__struct_fields__}
    return {name: value for name, value in summary.items() if name not in ("warnings", "trace_hash")}


@pytest.fixture(scope="module")
def undisturbed(world_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Return the run to which nothing happens."""
    return ran(tmp_path_factory.mktemp("undisturbed") / "run", world_model)


def empty(file: Path) -> None:
    os.truncate(file, 0)


def shorten(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def scribble(file: Path) -> None:
    with file.open("ab") as out:
        out.write(b"what is this?")


def replace_by_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def replace_by_folder(file: Path) -> None:
    file.unlink()
    (file / "deep").mkdir(parents=True)


def replace_by_link(file: Path) -> None:
    file.unlink()
    file.symlink_to("/dev/zero")


def replace_by_file(file: Path) -> None:
    mine = file.with_suffix(".mine")
    mine.write_text("mine\n")
    mine.rename(file)


def move(file: Path) -> None:
    file.rename(file.with_suffix(".moved"))


MISHAPS: tuple[tuple[Mishap, str], ...] = (
    (Path.unlink, "was removed or moved away"),
    (move, "was removed or moved away"),
    (replace_by_pipe, "was replaced by a pipe"),
    (replace_by_folder, "was replaced by a folder"),
    (replace_by_link, "was replaced by a link"),
    (replace_by_file, "was replaced by another file"),
)
CHANGES: tuple[tuple[Mishap, str], ...] = (
    (empty, "was changed by others"),
    (shorten, "was changed by others"),
    (scribble, "was changed by others"),
)


@pytest.mark.parametrize(("mishap", "told"), [*MISHAPS, *CHANGES], ids=lambda each: getattr(each, "__name__", ""))
def test_mishaps_cost_what_the_files_held_and_nothing_else(
    tmp_path: Path, world_model: Path, undisturbed: Result, mishap: Mishap, told: str
) -> None:
    """Verdict, figures and exit code stay; the summary is there, and says of each file that it is not whole."""
    folder, lost = tmp_path / "run", set[str]()

    def befall() -> None:
        for name in (*LOGS, SCENARIO):
            if (folder / name).stat().st_size or mishap not in (empty, shorten):  # of nothing, nothing is lost
                lost.add(name)
                mishap(folder / name)

    result = ran(folder, world_model, befall)
    assert without_files(result) == without_files(undisturbed)
    assert result.exit_code == undisturbed.exit_code == 0
    summary = json.loads((folder / "summary.json").read_bytes())
    assert {DECISIONS, JOURNAL, SCENARIO} <= lost
    for name in lost:
        assert any(line.startswith(f"{name}: {told}") for line in summary["warnings"]), name
        assert mishap is not replace_by_file or (folder / name).read_text() == "mine\n"
    assert set(summary["warnings"]) >= set(result.problems)


def test_hash_is_told_of_what_was_written_or_not_at_all(tmp_path: Path, world_model: Path, undisturbed: Result) -> None:
    """A log that is gone is still known to the run that wrote it; of one that is changed there is no hash."""
    moved = ran(tmp_path / "a", world_model, lambda: move(tmp_path / "a" / DECISIONS))
    assert moved.summary.trace_hash == undisturbed.summary.trace_hash is not None
    changed = ran(tmp_path / "b", world_model, lambda: empty(tmp_path / "b" / DECISIONS))
    assert changed.summary.trace_hash is None
    assert "no trace hash: decisions.jsonl is not what the run wrote" in changed.problems


def test_emptied_log_goes_on_with_whole_lines(tmp_path: Path, world_model: Path) -> None:
    """What comes after is there, from the begin of the file, and each line can be read."""
    ran(tmp_path / "run", world_model, lambda: empty(tmp_path / "run" / JOURNAL))
    lines = (tmp_path / "run" / JOURNAL).read_text().splitlines()
    assert [json.loads(line)["kind"] for line in lines][-1] == "run_ended"


@pytest.mark.parametrize("then", ["nothing", "another"])
def test_removed_folder_never_ends_well(tmp_path: Path, world_model: Path, undisturbed: Result, then: str) -> None:
    """A run that passed and whose summary is nowhere ends with 2; all of its verdict is in what it returns."""
    folder = tmp_path / "run"

    def remove() -> None:
        shutil.rmtree(folder)
        if then == "another":
            folder.mkdir()

    result = ran(folder, world_model, remove)
    assert (result.written, result.exit_code) == (False, 2)
    assert result.summary.exit_code == 0
    assert without_files(result) == without_files(undisturbed)
    assert f"{folder}: the folder was removed during the run" in result.problems
    assert not folder.exists() or not list(folder.iterdir())


def test_moved_folder_takes_the_summary_along(tmp_path: Path, world_model: Path) -> None:
    """It is not where it was asked for, so the run does not end with 0; where it is, it is whole."""
    folder = tmp_path / "run"
    result = ran(folder, world_model, lambda: folder.rename(tmp_path / "elsewhere"))
    assert (result.written, result.exit_code) == (False, 2)
    assert json.loads((tmp_path / "elsewhere" / "summary.json").read_bytes())["verdict"] == "pass"
    assert not folder.exists()


def test_summary_that_cannot_take_its_name_is_said(tmp_path: Path, world_model: Path) -> None:
    """A folder of that name is left alone, and so is what is in it."""
    folder = tmp_path / "run"
    result = ran(folder, world_model, lambda: (folder / "summary.json" / "mine").mkdir(parents=True))
    assert (result.written, result.exit_code) == (False, 2)
    assert any("summary.json: cannot be written" in line for line in result.problems)
    assert (folder / "summary.json" / "mine").is_dir()
