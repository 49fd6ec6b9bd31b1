"""The example of a pipeline inside another program does what it says, on its own."""

import shlex
from pathlib import Path

import pytest

from tests.support.repository import ROOT, run_python, shown_commands

RUN_AND_TELL = """
import runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    sys.stdout.write(" ".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_pipeline_runs_without_the_laboratory(world_model: Path) -> None:
    """As the README says, it decides on each transaction; nothing of laboratory, screen or command line is imported."""
    (shown,) = shown_commands("python examples/")
    _, script, folder = shlex.split(shown)
    assert folder in next(line for line in shown_commands("python -m sim") if "train" in line and "--out" in line)
    done = run_python("-c", RUN_AND_TELL, str(ROOT / script), str(world_model), timeout_s=300)
    assert done.returncode == 0, done.stderr
    *lines, modules = done.stdout.splitlines()
    assert "actors" in modules.split()
    assert not set(modules.split()) & {"sim", "dashboard", "rich", "typer", "pytest"}
    assert [line.partition(":")[0] for line in lines] == ["Decisions", "Modes", "latency", "the last"]
    for line in lines[:2]:
        assert sum(int(each.rpartition(" ")[2].replace(",", "")) for each in line.split(", ")) == 4_000
    assert "of 4,000 transactions" in lines[2]
    assert "tx-3999" in lines[3]


@pytest.mark.parametrize("made", [False, True])
def test_folder_without_a_model_is_one_line(tmp_path: Path, *, made: bool) -> None:
    """What is wrong and what to do, exit code 2, no traceback."""
    folder = tmp_path / "no model"
    if made:
        folder.mkdir()
    done = run_python("-m", "examples.embed", str(folder))
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert str(folder) in done.stderr
    assert "train" in done.stderr
