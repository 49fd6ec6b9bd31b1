"""The wheel, installed in an environment of its own and used from an empty folder."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import zipfile
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec
import pytest

from actors.core.jit_cache import place
from tests.support.repository import PACKAGES, ROOT, scenarios, shown_commands

SHIPPED = (*PACKAGES, "scenarios")
SETUPTOOLS = 77  # the first that understands our licence expression; pyproject.toml says so too
SEAL = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
LIVE = """\
version: 1
name: live
phases: [{name: all, duration: 100s, rate: 50}]
faults: [{name: nonsense, kind: model_bad_release, at: 1s, duration: 99s, scores: inverted}]
"""
QUICKLY = """\
from sim.calibration import measure, pace
from sim.cli import main
from sim.run import capacity
measure.SIZES = dict.fromkeys(measure.SIZES, 2)
pace.SPAN_S = 2
capacity.WARM_UP, capacity.MEASURED = 2_000, 4_000
raise SystemExit(main(["calibrate"]))
"""
TESTED = """\
import pytest

@pytest.mark.drill("burst", clock="virtual", duration="2s")
def test_it(drill):
    assert 0 < drill.metric("latency.p99") < 50_000
"""
pytestmark = pytest.mark.slow


class Installed:
    """An installed copy, and the folder that one stands in.

    Args:
        environment: where it is installed.
        folder: holds the folder that one stands in, and the user's cache.
    """

    def __init__(self, environment: Path, folder: Path) -> None:
        self.environment = environment
        self.here, self.cache = folder / "here", folder / "cache"
        self.here.mkdir()
        self._variables = {"PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(self.cache), "COLUMNS": "200"}
        self._before = (*SEAL, READ_ONLY, str(environment)) if _can_be_sealed(environment) else ()

    def keep(self, model: Path) -> Path:
        """Keep a copy of ``model`` in the user's cache, with the code that was compiled for it; return where."""
        kept = self.cache / "riskdrill"
        shutil.copytree(model, kept / "models" / model.name)
        shutil.copytree(place(), kept / "kernels")
        kept.chmod(0o755)  # code is taken from no folder that others may write to
        return kept / "models" / model.name

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start ``riskdrill`` with ``words``, and do not wait for its end."""
        return subprocess.Popen(
            [*self._before, self.environment / "bin" / "riskdrill", *words],
            cwd=self.here,
            env=self._variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __call__(self, *words: str, code: int | None = 0) -> str:
        """Return what ``riskdrill`` with ``words`` says, on either stream; ``code`` None takes any verdict."""
        return self._run("riskdrill", *words, code=code)

    def module(self, *words: str, code: int = 0) -> str:
        """Return what ``python -m sim`` with ``words`` says."""
        return self._run("python", "-m", "sim", *words, code=code)

    def script(self, text: str, code: int | None = 0) -> str:
        """Return what a program of somebody else's, which imports ours, says."""
        return self._run("python", "-c", text, code=code)

    def tests(self, text: str) -> str:
        """Return what a pytest says of a file with ``text``, all of which must pass."""
        (self.here / "test_it.py").write_text(text)
        return self._run("python", "-m", "pytest", "-p", "no:cacheprovider", code=0)

    def _run(self, program: str, *words: str, code: int | None) -> str:
        done = subprocess.run(
            [*self._before, self.environment / "bin" / program, *words],
            cwd=self.here,
            env=self._variables,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode in ((0, 3) if code is None else (code,)), said
        return said


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel that the README's commands make, built in a copy of this tree: a build leaves folders behind."""
    try:
        usable = int(version("setuptools").partition(".")[0]) >= SETUPTOOLS
    except PackageNotFoundError:
        usable = False
    if not usable:
        pytest.skip(f"no setuptools >= {SETUPTOOLS} here, and nothing is downloaded for a test")
    source = tmp_path_factory.mktemp("source")
    for name in SHIPPED:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    (build,), (install,) = shown_commands("pip wheel "), shown_commands("pip install ")
    _python("-m", *shlex.split(build), "--no-build-isolation", "--no-index", folder=source)
    (made,) = source.glob(install.split()[-1])
    return made


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an environment with the wheel in it, which borrows the libraries of this one."""
    place = tmp_path_factory.mktemp("environment")
    _python("-m", "venv", "--without-pip", place)
    _python("-m", "pip", "--python", place / "bin" / "python", "install", "--no-deps", "--no-index", wheel)
    # After the installation, which would otherwise find our editable one there.
    (packages,) = place.glob("lib/python*/site-packages")
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    return place


@cache
def _can_be_sealed(environment: Path) -> bool:
    """Return whether commands can be run with ``environment`` mounted read-only; not every system lets its users."""
    probe = (*SEAL, READ_ONLY, str(environment), "touch", str(environment / "written"))
    try:
        done = subprocess.run(probe, capture_output=True, text=True, check=False)
    except OSError:
        return False
    return "Read-only file system" in done.stderr


@pytest.fixture
def riskdrill(environment: Path, tmp_path: Path) -> Iterator[Installed]:
    """Give the installed copy, read-only where the system lets us; what is used never writes beside its own code."""
    before = _files(environment)
    yield Installed(environment, tmp_path)
    assert _files(environment) == before


def _python(*words: str | Path, folder: Path | None = None) -> None:
    done = subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _files(folder: Path) -> set[Path]:
    return {each for each in folder.rglob("*") if "__pycache__" not in each.parts}


def test_wheel_carries_all_that_a_checkout_has(wheel: Path) -> None:
    """Each file of the packages and each shipped scenario is in it, and nothing else: no tests, models or runs."""
    ours = {each.relative_to(ROOT) for name in SHIPPED for each in _files(ROOT / name) if each.is_file()}
    carried = {Path(name) for name in zipfile.ZipFile(wheel).namelist()}
    assert {each for each in carried if not each.parts[0].endswith(".dist-info")} == ours


def test_commands_work_from_an_empty_folder(riskdrill: Installed) -> None:
    """What needs no model answers at once, and takes neither code nor a commit from where one stands."""
    for package in PACKAGES:  # as in a folder of someone else's project
        (riskdrill.here / f"{package}.py").write_text("raise SystemExit('this is not riskdrill')")
    assert re.match(rf"riskdrill {re.escape(version('riskdrill'))}\n", riskdrill("--version"))
    assert [line.split()[0] for line in riskdrill("list").splitlines()] == [path.stem for path in scenarios()]
    assert "burst.yaml: valid; takes 50 s" in riskdrill("validate", "burst")
    assert "model_slow" in riskdrill("faults")
    assert msgspec.json.decode(riskdrill("schema"))["title"] == "riskdrill scenario"
    (riskdrill.here / "some.csv").write_text("id,when,card,shop,amount,fraud\n1,2026-01-05 10:00:00,a,b,3.50,0\n" * 3)
    assert "amount" in riskdrill("inspect", "some.csv")
    assert riskdrill("run", "bursst", code=2).endswith("did you mean burst?\n")


def test_it_names_itself_as_it_was_called(riskdrill: Installed) -> None:
    """Help, examples and remedies can be typed as they are printed, whichever of its two names was typed."""
    for call, name, other in ((riskdrill, "riskdrill", "python -m sim"), (riskdrill.module, "python -m sim", "zzz")):
        for words in (["--help"], ["train", "--help"], ["explore", "--help"]):
            said = " ".join(call(*words).split())
            assert f" {name} " in said
            assert other not in said
        assert f"; see {name} --help" in call("nonsense", code=2)
        assert f"; {name} list names all" in call("run", "zzz", code=2)


def test_a_run_takes_its_model_from_the_users_cache(riskdrill: Installed, world_model: Path) -> None:
    """The same code has the same model key wherever it is installed, so a kept model serves; the run goes to runs/."""
    kept = riskdrill.keep(world_model)
    words = ("--clock", "virtual", "--duration", "2s", "--tui", "off", "--set", "seed=11")
    assert "training" not in riskdrill("run", "burst", *words)
    (run,) = (riskdrill.here / "runs").iterdir()
    summary = msgspec.json.decode((run / "summary.json").read_bytes())
    (warning,) = summary["warnings"]
    assert warning.endswith(f"riskdrill calibrate --model {kept}")
    assert (summary["verdict"], summary["git"]) == ("pass", None)


def test_what_calibrate_measured_is_what_later_runs_take(riskdrill: Installed, world_model: Path) -> None:
    """The costs are kept beside the model in the user's cache, and no run calls them a guess any more."""
    kept = riskdrill.keep(world_model)
    (kept / "calibration.json").write_text("{}")
    refused = riskdrill("check-determinism", "burst", "--duration", "1s", code=2)
    assert refused.endswith("; measure it again: riskdrill calibrate\n")  # by the runs that it started, too
    measured = riskdrill.script(QUICKLY, code=None)
    assert f" in {kept / 'calibration.json'}\n" in measured
    riskdrill("check-determinism", "burst", "--duration", "1s", "--out", "twice")
    summary = msgspec.json.decode((riskdrill.here / "twice" / "first" / "summary.json").read_bytes())
    assert not any("guess" in warning for warning in summary["warnings"])


def test_a_run_is_told_to_roll_back_from_another_terminal(riskdrill: Installed, world_model: Path) -> None:
    """A second process finds the run by its folder; the model before serves again, and a second time there is none."""
    riskdrill.keep(world_model)
    (riskdrill.here / "live.yaml").write_text(LIVE)
    run = riskdrill.start("run", "live.yaml", "--tui", "off", "--out", "out")
    try:
        journal, until = riskdrill.here / "out" / "journal.jsonl", time.monotonic() + 60
        while not (journal.exists() and b"model_swapped" in journal.read_bytes()):
            assert run.poll() is None, run.communicate()[0]
            assert time.monotonic() < until
            time.sleep(0.1)
        assert re.fullmatch(r"rolled back: [0-9a-f]{12} → [0-9a-f]{12}\n", riskdrill("rollback", "out"))
        refused = "out: rollback: no model was released before this one; release a good one instead\n"
        assert riskdrill("rollback", "out", code=2) == refused
    finally:
        run.send_signal(signal.SIGINT)
        said, _ = run.communicate()
    assert run.returncode == 130, said
    summary = msgspec.json.decode((riskdrill.here / "out" / "summary.json").read_bytes())
    assert summary["ledger"]["balanced"]
    assert riskdrill("rollback", "out", code=2) == ("out: must be of a run that is under way, and this one has ended\n")


def test_a_project_that_has_it_runs_drills_as_tests(riskdrill: Installed, world_model: Path) -> None:
    """Its pytest knows the mark without a word of configuration, and the drill takes its model from the cache."""
    riskdrill.keep(world_model)
    assert " 1 passed in " in riskdrill.tests(TESTED)
