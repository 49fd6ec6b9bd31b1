"""What holds for the repository as a whole."""

import ast
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.repository import PACKAGES, ROOT, folders, place, project, run_python, tracked
from tests.support.servers import redis_server

MAX_LINES = 400  # a longer file holds more than one noun
MAX_MODULES = 18  # in a folder; more are two subjects
PRIVATE = re.compile(
    r"(?<![\w.])/(?:work|farm|root|home|Users|opt|tmp)/\w"  # a path of one machine
    r"|(?<![\d=])(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2,3}(?![\d.])"  # an address of one network
    r"|pypi\.org|files\.pythonhosted|--(?:extra-)?index-url|--find-links"  # where packages come from is the user's
)
REAL_TIME = {
    "tests/dashboard/test_terminal.py",  # a pseudo-terminal and live processes answer when they like
    "tests/cases/test_folders.py",  # stops a process for seconds
    "tests/run/test_real_clock.py",  # whole runs, interrupted from outside
    "tests/cli/test_signals.py",  # commands, interrupted from outside
    "tests/support/moments.py",  # the same, at moments drawn by chance
    "tests/cli/test_stalls.py",  # a run that the system stops for a while
    "tests/cli/test_installed.py",  # a run that another process tells to roll back
    "tests/support/model_cache.py",  # waits for another worker to train
    "tests/support/deaths.py",  # kills and stops processes again and again
    "tests/support/sim/stream_commands.py",  # waits for what commands do on real servers
}
TESTS_OF_SEVERAL = {
    "cases",  # from practice, through the commands
    "cli",  # the commands as a shell calls them
    "scenarios",  # the shipped drills
    # adapters with the servers that they are for
    "support",  # no tests: what they share
    "theory",  # queueing theory and the virtual loop
}
WALL_CLOCK = {"time.time", "time.sleep", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today"}


def pins() -> dict[str, str]:
    lines = (line.split("#")[0].strip() for line in (ROOT / "constraints.txt").read_text().splitlines())
    return {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines if line)}


def requirements() -> list[Requirement]:
    groups = [project()["dependencies"], *project()["optional-dependencies"].values()]
    return [
        requirement for group in groups for requirement in map(Requirement, group) if requirement.name != "riskdrill"
    ]


@pytest.mark.parametrize("requirement", requirements(), ids=lambda requirement: requirement.name)
def test_every_dependency_is_pinned(requirement: Requirement) -> None:
    """Each direct dependency, of every extra, has one pin that its bounds allow."""
    version = pins().get(canonicalize_name(requirement.name))
    assert version is not None, f"constraints.txt has no pin for {requirement.name}"
    assert version in requirement.specifier


@pytest.mark.parametrize("folder", folders(), ids=place)
def test_package_tells_its_story_and_imports_nothing(folder: Path) -> None:
    """A package's ``__init__`` is a docstring alone, so importing one module never drags in another."""
    body = ast.parse((folder / "__init__.py").read_text()).body
    assert len(body) == 1
    assert isinstance(body[0], ast.Expr)
    assert isinstance(body[0].value, ast.Constant)


def test_no_folder_is_crowded() -> None:
    """A folder of more than 18 modules has become two."""
    counts = {
        place(folder): len([path for path in folder.glob("*.py") if path.stem != "__init__"]) for folder in folders()
    }
    assert {name: count for name, count in counts.items() if count > MAX_MODULES} == {}


def test_no_file_is_over_long() -> None:
    """A Python file of more than 400 lines has become two."""
    lengths = {place(path): len(path.read_text().splitlines()) for path in tracked() if path.suffix == ".py"}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_no_file_names_a_private_machine() -> None:
    """No tracked text holds a path, network or package index of the machine it was written on."""
    found = []
    for path in tracked():
        if path.suffix in {".png", ".parquet", ".npz"} or path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1):
            if PRIVATE.search(line):
                found.append(f"{place(path)}:{number}: {line.strip()[:100]}")
    assert found == []


def test_tests_neither_sleep_nor_read_the_wall_clock() -> None:
    """A test that depends on time runs on the virtual clock; one that needs a file of its own gets ``tmp_path``."""
    assert [
        f"{place(path)}:{node.lineno}: {ast.unparse(node)}"
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and ast.unparse(node).removeprefix("datetime.") in WALL_CLOCK
        if place(path) not in REAL_TIME
    ] == []


def test_every_test_states_its_law() -> None:
    """A test function has a docstring, so that a failure reads as a broken law."""
    assert [
        f"{place(path)}:{node.lineno}: {node.name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        if not ast.get_docstring(node)
    ] == []


def test_tests_lie_in_folders_named_after_what_they_test() -> None:
    """A folder of tests has the name of a package, or of something that no single package is."""
    packages = {folder.name for folder in folders()}
    named = {folder.name for folder in (ROOT / "tests").iterdir() if any(folder.glob("*.py"))}
    assert named - packages == TESTS_OF_SEVERAL


def test_ci_is_what_a_user_runs() -> None:
    """CI runs the tests that need nothing, then those with servers, of which none may be skipped."""
    script = ROOT / ".ci" / "run"
    commands = [line for line in script.read_text().splitlines() if line and not line.startswith("#")]
    assert os.access(script, os.X_OK)
    assert [line for line in commands if "make" in line] == ["make test", "RISKDRILL_REQUIRE=all make test-servers"]
    assert commands[0] == "set -euo pipefail"


@pytest.mark.parametrize(("asked", "end"), [("none", pytest.skip.Exception), ("all", pytest.fail.Exception)])
def test_what_needs_a_server_is_skipped_or_fails_as_asked(
    asked: str, end: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without servers it is skipped even where there is one; with all of them a missing one is a failure."""
    monkeypatch.setenv("RISKDRILL_REQUIRE", asked)
    if asked == "all":
        monkeypatch.setenv("PATH", "")
    with pytest.raises(end, match=r"needs .*redis-server"):
        redis_server()


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("target", ["run", "test", "coverage", "bench", "demo", "soak", "clean"])
def test_help_lists_what_make_can_do(target: str) -> None:
    """``make`` alone tells every target, and each of them has a recipe that make can plan."""
    make = shutil.which("make") or "make"
    assert f"make {target}" in subprocess.run([make], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert subprocess.run([make, "--dry-run", target], cwd=ROOT, capture_output=True, check=False).returncode == 0


def test_type_information_is_published() -> None:
    """Each package says that it is typed."""
    assert all((ROOT / package / "py.typed").is_file() for package in PACKAGES)


@pytest.mark.parametrize("module", ["sim.run", "sim.cli"])
def test_run_path_imports_neither_polars_nor_scikit_learn(module: str) -> None:
    """What a run does not need is not imported on its way to the first frame."""
    heavy = ("polars", "sklearn", "pandas", "scipy", "numba")
    done = run_python("-c", f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])")
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_pipeline_knows_no_towns() -> None:
    """What is known of entities that were not seen comes through ports: `actors` speaks of no made-up world."""
    files = [file for file in (ROOT / "actors").rglob("*.py") if "town" in file.read_text().lower() + file.name]
    assert files == []


def test_screen_process_imports_no_model_library() -> None:
    """The screen's process starts before LightGBM is imported and never imports it."""
    heavy = ("lightgbm", "polars", "sklearn", "joblib", "numba")
    done = run_python("-c", f"import sys, dashboard.__main__; print([name for name in {heavy} if name in sys.modules])")
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
