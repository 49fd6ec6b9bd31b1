"""A drill as a test of pytest, with its verdict as the failure's text: the plugin that comes with riskdrill.

::

    @pytest.mark.drill("drills/burst.yaml", clock="virtual")
    def test_burst(drill):
        assert drill.metric("latency.p99", during="burst") < 50_000

The drill runs in a process of its own, before the body of the test, with its files below ``tmp_path``; the body gets
what it came to as the fixture ``drill``. Names are ours there, whatever the project calls its own packages, and its own
here: this module imports neither the pipeline nor the laboratory.
"""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest

MARK: Final = "drill"
VERDICTS: Final = ("pass", "fail", "inconclusive", "any")
WHEN_INCONCLUSIVE: Final = ("fail", "skip", "xfail")
OPTIONS: Final = ("clock", "set", "seed", "model", "duration", "verdict", "inconclusive")
ENDED: Final = {0: "pass", 99: "fail", 3: "inconclusive"}  # exit codes of a run that came to a verdict
SHOWN_LINES: Final = 40  # of what the run said, where it came to no verdict
STOPS_WITHIN_S: Final = 30  # a run that is told to end drains and writes its files
PROGRAM: Final = "riskdrill"  # python -m sim may be the project's own
HOME: Final = Path(__file__).resolve().parents[1]  # of our packages: a checkout, or a site-packages
SUMMARY, METRICS = "summary.json", "metrics.json"  # files of a run's folder, as docs/monitoring.md promises them


class Drill:
    """What one drill came to. It runs when it is first asked, at the latest before the body of its test.

    Args:
        mark: of the test.
        folder: for the run's files.
        roots: folders in which the scenario is looked for, in their order.
    """

    def __init__(self, mark: pytest.Mark, folder: Path, roots: Sequence[Path]) -> None:
        self._mark = mark
        self._folder = folder
        self._roots = roots
        self._code: int | None = None
        self._summary: Mapping[str, Any] = {}
        self._figures: Mapping[str, Mapping[str, float | None]] = {}
        self.said = ""

    def run(self) -> None:
        """Run it, unless that was done."""
        if self._code is not None:
            return
        command = [sys.executable, "-m", "sim", *self._words()]
        with subprocess.Popen(
            command, cwd=self._roots[0], env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            try:
                said, _ = process.communicate()
            except BaseException:  # Ctrl-C, or a time limit of the test
                process.terminate()
                try:
                    process.wait(STOPS_WITHIN_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                raise
        self.said, self._code = said.decode("utf-8", "replace"), process.returncode
        if self._code in ENDED:
            self._summary = json.loads((self._folder / SUMMARY).read_bytes())
            self._figures = json.loads((self._folder / METRICS).read_bytes())

    @property
    def folder(self) -> Path:
        """The run's files."""
        self.run()
        return self._folder

    @property
    def exit_code(self) -> int:
        """Of its process: 0 pass, 99 fail, 3 inconclusive."""
        self.run()
        return -1 if self._code is None else self._code

    @property
    def verdict(self) -> str:
        """How it ended: pass, fail, inconclusive; "" where there is none."""
        self.run()
        return str(self._summary.get("verdict", ""))

    @property
    def reasons(self) -> tuple[str, ...]:
        """Of the verdict, one line each."""
        self.run()
        return tuple(self._summary.get("reasons", ()))

    @property
    def summary(self) -> Mapping[str, Any]:
        """All of ``summary.json``."""
        self.run()
        return self._summary

    def metric(self, name: str, during: str = "always") -> float:
        """Return a figure over a span, in the metric's own unit, as ``riskdrill metrics`` lists it.

        Args:
            name: of the metric, such as ``latency.p99``.
            during: a phase, fault or step of the scenario, or ``always``.

        Raises:
            LookupError: there is no such span or metric, or it has no samples there.
        """
        self.run()
        if during not in self._figures:
            raise LookupError(f"{during} is no span of this drill; it has {', '.join(self._figures)}")
        if name not in self._figures[during]:
            raise LookupError(f"{name} is not a metric; {PROGRAM} metrics lists them")
        value = self._figures[during][name]
        if value is None:
            raise LookupError(f"{name} has no samples during {during}")
        return value

    def text(self) -> str:
        """Return the verdict as a reader of the test's failure wants it: why, where the files are, how to repeat it."""
        self.run()
        again = f"again: {PROGRAM} {shlex.join(self._words()[:-2])}"
        if not self.verdict:
            lines = self.said.rstrip().splitlines()[-SHOWN_LINES:]
            return "\n".join([f"{self._scenario()}: no verdict, exit code {self.exit_code}", *lines, again])
        head = f"{self._summary['scenario']}: {self.verdict} (exit code {self.exit_code})"
        return "\n".join([head, *(f"  {each}" for each in self.reasons), f"files in {self._folder}", again])

    def _words(self) -> list[str]:
        """Return the command line of the run; the last two words are its folder's."""
        options = self._mark.kwargs
        words = ["run", self._scenario(), "--tui", "off", "--report", "off"]
        for name in ("clock", "seed", "duration"):
            words += [f"--{name}", str(options[name])] if options.get(name) is not None else []
        words += ["--model", str(self._found(str(options["model"])))] if options.get("model") is not None else []
        words += [word for each in _listed(options.get("set")) for word in ("--set", each)]
        return [*words, "--out", str(self._folder)]

    def _scenario(self) -> str:
        return self._found(str(self._mark.args[0]))

    def _found(self, path: str) -> str:
        """Return the file or folder of that name below one of the roots; else the name, as of what is shipped."""
        return next((str(root / path) for root in self._roots if (root / path).exists()), path)


def _environment() -> dict[str, str]:
    """Return that of a drill: `sim` is ours in it, though the project has one in its folder or on its path."""
    path = os.pathsep.join(filter(None, (str(HOME), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}


def _listed(given: str | Sequence[str] | None) -> Sequence[str]:
    return () if given is None else (given,) if isinstance(given, str) else given


def _wrong(mark: pytest.Mark) -> str:
    """Return what is wrong with a mark; "" for nothing."""
    if len(mark.args) != 1:
        return "takes one scenario, as in drill('drills/burst.yaml')"
    unknown = [name for name in mark.kwargs if name not in OPTIONS]
    if unknown:
        return f"{unknown[0]} is not an option; use one of {', '.join(OPTIONS)}"
    for name, known in (("verdict", VERDICTS), ("inconclusive", WHEN_INCONCLUSIVE)):
        if mark.kwargs.get(name, known[0]) not in known:
            return f"{name} must be one of {', '.join(known)}, got {mark.kwargs[name]!r}"
    return ""


def _judge(drill: Drill, mark: pytest.Mark) -> None:
    """End the test where the verdict is another than it wants."""
    wanted = mark.kwargs.get("verdict", VERDICTS[0])
    if drill.verdict and wanted in ("any", drill.verdict):
        return
    if drill.verdict == "inconclusive":
        _inconclusive(drill.text(), mark.kwargs.get("inconclusive", WHEN_INCONCLUSIVE[0]))
    more = f"\nwanted: {wanted}" if wanted != VERDICTS[0] else ""
    pytest.fail(drill.text() + more, pytrace=False)


def _inconclusive(text: str, how: str) -> NoReturn:
    if how == "skip":
        pytest.skip(text)
    if how == "xfail":
        pytest.xfail(text)
    pytest.fail(text, pytrace=False)


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    options = ", ".join(f"{name}=" for name in OPTIONS)
    config.addinivalue_line("markers", f"{MARK}(scenario, {options}): run a drill, and fail with its verdict")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give a marked test its drill, whether it asks for it by name or not."""
    names = getattr(item, "fixturenames", None)
    if names is not None and item.get_closest_marker(MARK) is not None and MARK not in names:
        names.append(MARK)


@pytest.fixture
def drill(request: pytest.FixtureRequest, tmp_path: Path) -> Drill:
    """What the drill of this test came to."""
    mark = request.node.get_closest_marker(MARK)
    if mark is None:
        pytest.fail("the fixture drill needs a mark: @pytest.mark.drill('drills/burst.yaml')", pytrace=False)
    if problem := _wrong(mark):
        pytest.fail(f"pytest.mark.drill: {problem}", pytrace=False)
    return Drill(mark, tmp_path / MARK, (request.config.rootpath, request.path.parent))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Run the drill, and judge it, before the body of its test."""
    mark, found = pyfuncitem.get_closest_marker(MARK), pyfuncitem.funcargs.get(MARK)
    if mark is not None and isinstance(found, Drill):
        found.run()
        _judge(found, mark)
    return (yield)
