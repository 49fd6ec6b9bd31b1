"""What a command does where the machine lacks something: one line, and exit code 2."""

import errno
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import pytest

import sim.cli
from sim.cli import main
from sim.explore import search
from sim.explore.attempt import Attempt, attempt
from sim.explore.exploration import Exploration
from tests.support.drills import THIN
from tests.support.repository import ROOT, run_python

Capture = pytest.CaptureFixture[str]
SLOWER = [word for name in ("calm", "trouble", "recovery") for word in ("--set", f"phases.{name}.rate=20")]


@pytest.fixture
def thin(tmp_path: Path) -> Path:
    """Return a short scenario."""
    file = tmp_path / "thin.yaml"
    file.write_text(THIN)
    return file


def limited(*words: str, **limits: int) -> subprocess.CompletedProcess[str]:
    """Run a command of ours under limits of the shell, named as in `resource`."""

    def limit() -> None:
        for name, value in limits.items():
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))

    command = [sys.executable, "-m", "sim", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, preexec_fn=limit, timeout=120)


@pytest.mark.parametrize("command", [["list"], ["schema"], ["validate", "scenarios/burst.yaml"]])
@pytest.mark.parametrize(
    ("limits", "told"),
    [({"NOFILE": 16}, "open files: a process may have 16"), ({"AS": 100_000_000}, "memory: a process")],
)
def test_too_little_of_it_is_one_line(command: list[str], limits: dict[str, int], told: str) -> None:
    """What to allow is said, and no library ends the process in words of its own."""
    done = limited(*command, **limits)
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert f"the machine lacks {told}" in line


def test_help_needs_nothing() -> None:
    """Whoever asks what to type is told, however little there is."""
    assert limited("--help", NOFILE=16, AS=100_000_000).returncode == 0


@pytest.mark.parametrize("megabytes", [320, 400, 650])
def test_run_that_gets_no_memory_blames_the_machine(
    thin: Path, world_model: Path, tmp_path: Path, megabytes: int
) -> None:
    """Not the model: nobody is told to train again."""
    words = ["run", str(thin), "--tui", "off", "--model", str(world_model), "--out", str(tmp_path / "out")]
    done = limited(*words, AS=megabytes * 1_000_000)
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert "the machine lacks memory" in line
    assert "train" not in line


@pytest.mark.slow
def test_short_run_gets_along_with_the_least_files(thin: Path, world_model: Path, tmp_path: Path) -> None:
    """What is not refused works."""
    words = ["run", str(thin), "--tui", "off", "--model", str(world_model), "--out", str(tmp_path / "out")]
    assert limited(*words, "--clock", "real", "--duration", "1s", NOFILE=32).returncode in (0, 3)
    assert (tmp_path / "out" / "summary.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize("command", ["run", "explore", "twin", "check-determinism"])
def test_without_a_temporary_folder_there_is_one_line(
    command: str, thin: Path, world_model: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one is needed, its lack ends the command, and where not, it works without."""

    def none() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp', '/var/tmp', '/']")

    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_get_default_tempdir", none)
    words = [command, str(thin), "--model", str(world_model), *SLOWER]
    words += ["--tui", "off", "--clock", "real"] if command == "run" else []
    words += ["--out", str(tmp_path / "out")] if command != "check-determinism" else []
    words += ["--seeds", "2", "--jobs", "1"] if command == "explore" else []
    words += ["--jobs", "1"] if command == "twin" else []
    code = main(words)
    told = capsys.readouterr().err
    if command in ("run", "twin"):  # whose runs have folders of their own
        assert code in (0, 3), told
    else:
        assert code == 2
        assert "the machine lacks a temporary folder that can be written; set TMPDIR to one" in told.splitlines()[-1]


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        BlockingIOError(errno.EAGAIN, "no"),
        OSError(errno.EMFILE, "no"),
        RuntimeError("can't start new thread"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_lack_ends_with_2(error: Exception, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """At one place, whatever command it befalls."""

    def fail(*_: object) -> int:
        raise error

    monkeypatch.setattr(sim.cli, "_invoke", fail)
    assert main(["list"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("the machine lacks ")


def test_error_whose_trace_can_be_kept_nowhere_is_still_one_line(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The handler of errors has none of its own."""

    def broken(*_: object, **__: object) -> int:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(tempfile, "tempdir", "/nonexistent")
    monkeypatch.setattr(sim.cli, "_invoke", broken)
    assert main(["list"]) == 1
    assert capsys.readouterr().err == "internal error: ZeroDivisionError: ours; --debug shows it\n"


@pytest.mark.slow
@pytest.mark.parametrize(("found", "code"), [(False, 2), (True, 99)])
def test_exploration_keeps_what_it_had_when_the_machine_gives_out(
    thin: Path,
    world_model: Path,
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
    found: bool,
    code: int,
) -> None:
    """No seed is to blame for the machine; a counterexample that was found before stays one."""
    tries = [0]

    def failing(*words: object) -> Attempt:
        tries[0] += 1
        if tries[0] == 3:
            raise MemoryError
        return attempt(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(search, "attempt", failing)
    if found:
        thin.write_text(THIN.split("expect:")[0] + 'expect: [{name: few, expr: "ledger.balanced == 0"}]\n')
    words = ["--model", str(world_model), "--seeds", "5", "--jobs", "1", "--out", str(tmp_path / "out"), *SLOWER]
    assert main(["explore", str(thin), *words]) == code
    assert "the machine lacks memory" in capsys.readouterr().err
    kept = msgspec.json.decode((tmp_path / "out" / "explore.json").read_bytes(), type=Exploration)
    assert (kept.done, len(kept.failures)) == (2, 2 if found else 0)


@pytest.mark.slow
def test_run_that_breaks_down_for_want_of_memory_is_no_counterexample(
    thin: Path, world_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is looked for is what breaks by itself."""

    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("sim.trials.trial.execute", fail)
    words = ["--model", str(world_model), "--seeds", "2", "--jobs", "1", "--out", str(tmp_path / "out"), *SLOWER]
    assert main(["explore", str(thin), *words]) == 2
    kept = msgspec.json.decode((tmp_path / "out" / "explore.json").read_bytes(), type=Exploration)
    assert (kept.done, kept.failures) == (0, ())


WITH_DOCSTRINGS = [("--help",), ("run", "--help"), ("schema",), ("schema", "summary"), ("list",)]


@pytest.mark.parametrize(
    ("words", "stripped"), [*((words, "-OO") for words in WITH_DOCSTRINGS), (("schema",), "-BOO"), (("schema",), "")]
)
def test_stripped_docstrings_change_nothing(
    words: tuple[str, ...], stripped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Help and schema are made of them, and a library does not load without."""
    as_usual = run_python("-m", "sim", *words)
    if not stripped:
        monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    done = run_python(*stripped.split(), "-m", "sim", *words)
    assert (done.returncode, done.stdout, done.stderr) == (as_usual.returncode, as_usual.stdout, as_usual.stderr)
