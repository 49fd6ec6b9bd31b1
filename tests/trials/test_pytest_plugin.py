"""A drill as a test of pytest: what a project that uses riskdrill writes, run by a pytest of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.drills import THIN
from tests.support.pytest_plugin import LOADED, MODULE
from tests.support.repository import ROOT

HEAD = "import pytest\n"
PASSES = "expect=[{name: books, expr: ledger.balanced == 1}]"
FAILS = "expect=[{name: fast, expr: latency.p50 < 1us}]"
DOUBTS = "expect=[{name: tail, expr: latency.p99_9 < 1s}]"


class Project:
    """A project of someone else, with a scenario, tests, and packages that are called as ours are.

    Args:
        folder: of it.
        model: for its drills.
    """

    def __init__(self, folder: Path, model: Path) -> None:
        self.folder, self._model = folder, model
        (folder / "drills").mkdir(parents=True)
        (folder / "drills" / "thin.yaml").write_text(THIN)
        (folder / "sim").mkdir()
        (folder / "sim" / "__init__.py").write_text("OWN = True\n")
        (folder / "actors.py").write_text("raise SystemExit('this is not riskdrill')\n")
        (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")

    def mark(self, *words: str) -> str:
        """Return a mark with ``words``."""
        return (
            f"@pytest.mark.drill('drills/thin.yaml', model={str(self._model)!r}, duration='1s', {', '.join(words)})\n"
        )

    def test(self, text: str, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run pytest over a file with ``text``; its temporary folders lie in the project."""
        (self.folder / "test_it.py").write_text(HEAD + text)
        options = ("-p", LOADED, "-p", "no:cacheprovider", "--basetemp", "runs", "-rA", *words)
        return subprocess.run(
            [sys.executable, "-m", "pytest", *options],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": f"{self.folder}{os.pathsep}{ROOT}", "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=540,
            check=False,
        )


@pytest.fixture
def project(tmp_path: Path, world_model: Path) -> Project:
    """A project that uses riskdrill."""
    return Project(tmp_path / "project", world_model.resolve())


def outcome(done: "subprocess.CompletedProcess[str]") -> str:
    """Return the last line, without the time that it took."""
    return done.stdout.splitlines()[-1].strip("= ").partition(" in ")[0]


@pytest.mark.slow
def test_a_drill_that_passes_is_a_test_whose_body_reads_its_figures(project: Project) -> None:
    """Metrics of any span, verdict, folder and summary are there; the project's own packages are what its tests get."""
    done = project.test(
        project.mark(f"set=[{PASSES!r}]", "seed=12") + "def test_it(drill):\n"
        "    import sim\n"
        "    assert sim.OWN\n"
        "    assert drill.verdict == 'pass' and drill.exit_code == 0 and drill.reasons == ()\n"
        "    assert 0 < drill.metric('latency.p99') < 50_000\n"
        "    assert drill.metric('mode.full.ratio', during='calm') == 1\n"
        "    assert drill.summary['seed'] == 12\n"
        "    assert (drill.folder / 'decisions.jsonl').exists()\n"
        "    for name, during in (('latency.p98', 'always'), ('latency.p99', 'nowhere'), ('feature_store.p99', 'x')):\n"
        "        with pytest.raises(LookupError):\n"
        "            drill.metric(name, during)\n"
    )
    assert outcome(done) == "1 passed", done.stdout


@pytest.mark.slow
def test_a_drill_that_fails_has_its_verdict_as_its_text(project: Project) -> None:
    """No trace of anyone's code, but why, where the files are, and the line that repeats it; the body is not run."""
    done = project.test(project.mark(f"set={FAILS!r}", "clock='virtual'") + "def test_it():\n    raise ValueError\n")
    assert outcome(done) == "1 failed"
    assert "Traceback" not in done.stdout
    assert "ValueError" not in done.stdout
    lines = done.stdout.splitlines()
    at = lines.index("thin: fail (exit code 99)")
    assert lines[at + 1].startswith("  fast: latency.p50 = ")
    assert lines[at + 2].startswith(f"files in {project.folder}/runs/")
    assert lines[at + 3].startswith("again: riskdrill run ")
    assert "verdict" not in done.stdout  # of what the run itself has printed
    assert any(line.startswith("FAILED test_it.py::test_it - Failed: thin: fail (exit code 99)") for line in lines)


@pytest.mark.slow
def test_what_proves_nothing_may_fail_skip_or_be_expected(project: Project) -> None:
    """Whoever writes the test chooses; a drill that is to fail passes when it does."""
    text = ""
    for number, more in enumerate(("", "inconclusive='skip'", "inconclusive='xfail'")):
        text += project.mark(f"set={DOUBTS!r}", more) + f"def test_{number}():\n    pass\n"
    text += (
        project.mark(f"set={FAILS!r}", "verdict='fail'") + "def test_fails(drill):\n    assert drill.exit_code == 99\n"
    )
    text += project.mark(f"set={PASSES!r}", "verdict='fail'") + "def test_passes():\n    pass\n"
    done = project.test(text, "-n", "2")
    assert outcome(done) == "2 failed, 1 passed, 1 skipped, 1 xfailed", done.stdout
    assert "too few samples: latency.p99_9" in done.stdout
    assert "wanted: fail" in done.stdout


@pytest.mark.parametrize(
    ("mark", "text"),
    [
        ("drill()", "takes one scenario, as in drill('drills/burst.yaml')"),
        (
            "drill('burst', sed=1)",
            "sed is not an option; use one of clock, set, seed, model, duration, verdict, inconclusive",
        ),
        ("drill('burst', inconclusive='pass')", "inconclusive must be one of fail, skip, xfail, got 'pass'"),
        ("drill('nowhere.yaml')", "nowhere.yaml: no such file"),
        ("drill('drills/thin.yaml', set='phases=1')", "phases must be a list"),
    ],
)
def test_a_wrong_mark_is_told_in_a_line(tmp_path: Path, mark: str, text: str) -> None:
    """What cannot run fails the test with what is wrong, and no trace."""
    done = Project(tmp_path / "project", tmp_path).test(f"@pytest.mark.{mark}\ndef test_it():\n    pass\n")
    assert text in done.stdout, done.stdout
    assert "Traceback" not in done.stdout
    assert outcome(done) in {"1 failed", "1 error"}


def test_the_fixture_needs_its_mark(tmp_path: Path) -> None:
    """Without one there is nothing to run."""
    done = Project(tmp_path / "project", tmp_path).test("def test_it(drill):\n    pass\n")
    assert "the fixture drill needs a mark: @pytest.mark.drill('drills/burst.yaml')" in done.stdout
    assert outcome(done) == "1 error"


def test_collecting_imports_nothing_that_takes_its_time() -> None:
    """The plugin is loaded by every pytest where riskdrill is installed, whether it has drills or not."""
    load = f"import sys, pytest; before = set(sys.modules); import {MODULE}"
    code = f"{load}; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["riskdrill_pytest", MODULE]
