"""Several runs in one call: each by itself, one table, and the worst exit code of all."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from junitparser import JUnitXml

from sim.cli import main
from sim.commands.ci import tell_batch
from sim.exit_codes import FAILED, INCONCLUSIVE, INTERNAL, INTERRUPTED, PASS, USAGE
from sim.report.run_folder import RunFolder
from sim.trials import batch
from sim.trials.batch import Outcome, worst
from tests.support.drills import THIN

GOOD = "expect: [{name: books, expr: ledger.balanced == 1}]\n"
BAD = "expect: [{name: fast, expr: latency.p50 < 1us}]\n"

Make = Callable[[str, str], Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write a thin scenario of a name, with its expectations."""

    def written(name: str, expect: str) -> Path:
        text = THIN.partition("expect:")[0].replace("name: thin", f"name: {name}") + expect
        (file := tmp_path / f"{name}.yaml").write_text(text)
        return file

    return written


def ended(*codes: int) -> list[Outcome]:
    return [Outcome(scenario="a", file="a.yaml", number=1, verdict="?", exit_code=code) for code in codes]


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ((PASS, PASS), PASS),
        ((PASS, INCONCLUSIVE), INCONCLUSIVE),
        ((INCONCLUSIVE, FAILED, PASS), FAILED),
        ((FAILED, USAGE), USAGE),
        ((USAGE, INTERRUPTED, FAILED), INTERRUPTED),
        ((INTERRUPTED, INTERNAL), INTERNAL),
        ((PASS, 139), INTERNAL),
    ],
)
def test_the_worst_exit_code_is_that_of_all(codes: tuple[int, ...], code: int) -> None:
    """Errors of ours before interrupts, input, failures and doubts; one that nobody knows is an error of ours."""
    assert worst(ended(*codes)) == code


@pytest.mark.slow
def test_each_run_is_in_the_table_and_in_the_file(
    make: Make, world_model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """One that fails costs the others nothing, and its reason is told."""
    files = [str(make("first", GOOD)), str(make("second", BAD)), str(make("third", GOOD))]
    out = tmp_path / "out"
    options = ["--model", str(world_model), "--clock", "virtual", "--tui", "off", "--out", str(out)]
    assert main(["run", *files, *options]) == FAILED
    found = json.loads((out / batch.BATCH).read_text())
    runs = [(each["scenario"], each["verdict"], each["exit_code"]) for each in found["runs"]]
    assert runs == [("first", "pass", PASS), ("second", "fail", FAILED), ("third", "pass", PASS)]
    assert found["exit_code"] == FAILED
    for each in found["runs"]:
        assert json.loads((out / each["folder"] / "summary.json").read_text())["scenario"] == each["scenario"]
    suites = {
        suite.name: (suite.failures, suite.errors) for suite in JUnitXml.fromstring((out / "junit.xml").read_bytes())
    }
    assert suites == {"first": (0, 0), "second": (1, 0), "third": (0, 0)}
    rows = [tuple(line.split()[:3]) for line in capfd.readouterr().out.splitlines()]
    assert [row for row in rows if row[:1] in {("first",), ("second",), ("third",)}] == [
        ("first", "pass", "0"),
        ("second", "fail", "99"),
        ("third", "pass", "0"),
    ]


def test_nothing_runs_if_one_of_them_cannot(make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The last file is read before the first run."""
    (broken := tmp_path / "broken.yaml").write_text("version: 1\nname: broken\n")
    out = tmp_path / "out"
    assert main(["run", str(make("first", GOOD)), str(broken), "--out", str(out)]) == USAGE
    assert not out.exists()
    assert capsys.readouterr().err.startswith(f"{broken}:1:1: phases is missing")


def test_the_same_bytes_are_not_repeated(make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On the virtual clock a repetition shows nothing new, and is refused."""
    file, out = make("first", GOOD), tmp_path / "out"
    assert main(["run", str(file), "--repeat", "3", "--clock", "virtual", "--out", str(out)]) == USAGE
    assert not out.exists()
    rule = "each run on the virtual clock is the same to the last byte; explore --seeds runs others"
    assert capsys.readouterr().err == f"{file}: --repeat 3: {rule}\n"


@pytest.mark.slow
def test_repetitions_end_with_the_share_that_passed(
    make: Make, world_model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """On the real clock one scenario may pass now and fail then."""
    file, out = make("often", GOOD), tmp_path / "out"
    options = ["--model", str(world_model), "--clock", "real", "--tui", "off", "--duration", "2s", "--out", str(out)]
    code = main(["run", str(file), "--repeat", "2", *options])
    runs = json.loads((out / batch.BATCH).read_text())["runs"]
    assert [each["number"] for each in runs] == [1, 2]
    passed = sum(each["exit_code"] == PASS for each in runs)
    assert f"{passed} of 2 passed ({passed / 2:.0%})" in capfd.readouterr().out
    assert code == worst(ended(*(each["exit_code"] for each in runs)))


def test_no_run_begins_after_an_interrupted_one(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever presses Ctrl-C does not want the next one; the table says how many were not run."""
    codes = iter((PASS, INTERRUPTED))

    class Process:
        """Ends at once."""

        def __init__(self, _: object) -> None:
            self.code = next(codes)

        def wait(self) -> int:
            """Return its exit code."""
            return self.code

    monkeypatch.setattr(subprocess, "Popen", Process)
    files = [str(make(name, GOOD)) for name in ("a", "b", "c", "d")]
    assert main(["run", *files, "--out", str(tmp_path / "out")]) == INTERRUPTED
    assert "2 not run" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("place", [True, False])
def test_a_ci_job_is_told_of_each_run(
    make: Make,
    world_model: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    place: bool,
) -> None:
    """Each failure is annotated, and the summary of all is on the job's page or in the folder; a line says where."""
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    (page := tmp_path / "page.md").write_text("before\n")
    out = tmp_path / "out"
    if place:
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    else:
        monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
        page = out / "summary.md"
    files = [str(make("first", GOOD)), str(make("second", BAD))]
    options = ["--model", str(world_model), "--clock", "virtual", "--tui", "off", "--ci", "--out", str(out)]
    assert main(["run", *files, *options]) == FAILED
    said = capfd.readouterr().out.splitlines()
    (error,) = (line for line in said if line.startswith("::"))
    assert error.startswith("::error file=second.yaml,line=12,title=second%3A fail::fast: latency.p50 = ")
    assert said[-1] == (f"job summary added to {page}" if place else f"job summary in {page}")
    told = page.read_text()
    assert told.startswith("before\n" if place else "## riskdrill\n")
    assert "| first | pass | 0 |  |\n| second | **fail** | 99 | fast: " in told
    assert told.count("### ") == 2


def test_a_ci_job_is_told_why_nothing_ran(make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A scenario that cannot be read is annotated, beside the line that everyone gets."""
    file = make("first", "expect: [{name: fast, expr: latency.p51 < 1us}]\n")
    assert main(["run", str(file), "--ci", "--out", str(tmp_path / "out")]) == USAGE
    told = capsys.readouterr()
    assert told.out.startswith("::error title=riskdrill%3A cannot run::")
    assert told.err.count("\n") == 1


def test_a_page_that_cannot_be_written_costs_the_verdict_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The summary is in the folder then, and a line says why."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "nowhere" / "page.md"))
    with RunFolder.create(tmp_path / "out", "batch", own=frozenset({"summary.md"})) as folder:
        tell_batch(ended(PASS), folder)
    told = capsys.readouterr()
    assert "page.md: cannot be written: No such file or directory; the verdict is as said" in told.err
    assert "job summary in " in told.out
    assert (tmp_path / "out" / "summary.md").read_text().startswith("## riskdrill\n")
