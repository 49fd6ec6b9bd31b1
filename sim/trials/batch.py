"""Several runs one after another, each in a process of its own, and what they came to in one table and one exit code.

Each has the whole process, as it would alone: its figures of memory and latency owe nothing to the run before it.
"""

import os
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from rich import box
from rich.table import Table
from rich.text import Text

from actors.core.errors import ScenarioError
from sim.exit_codes import FAILED, INCONCLUSIVE, INTERNAL, INTERRUPTED, PASS, USAGE
from sim.installation import AGAIN
from sim.report.junit import broken_suite, document, suites_of
from sim.report.run_folder import JUNIT, SUMMARY, RunFolder, read_regular
from sim.scenario.loader import load
from sim.signals import unheard

BATCH: Final = "batch.json"
RUNS: Final = "runs"
WORST_FIRST: Final = (INTERNAL, INTERRUPTED, USAGE, FAILED, INCONCLUSIVE, PASS)
_STYLES: Final = {"pass": "green", "fail": "red", "inconclusive": "yellow"}
_WORDS: Final = {INTERRUPTED: "interrupted", USAGE: "cannot run"}


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one run came to.

    Attributes:
        scenario: its name.
        file: where it is.
        number: which of its repetitions, from 1.
        verdict: pass, fail or inconclusive; in words why there is none.
        exit_code: of its process.
        reasons: of the verdict.
        folder: of its files, from that of the batch.
    """

    scenario: str
    file: str
    number: int
    verdict: str
    exit_code: int
    reasons: tuple[str, ...] = ()
    folder: str = ""


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """How many of the runs of a scenario that was repeated passed.

    Attributes:
        scenario: its name.
        passed: runs with exit code 0.
        of: runs that were made.
        ratio: their share.
    """

    scenario: str
    passed: int
    of: int
    ratio: float

    def __str__(self) -> str:
        """Return it for a reader."""
        return f"{self.passed} of {self.of} passed ({self.ratio:.0%})"


def shares(outcomes: Sequence[Outcome]) -> dict[str, Share]:
    """Return the share that passed of each scenario that was repeated, by its name."""
    found = {}
    for name in dict.fromkeys(each.scenario for each in outcomes if each.number > 1):
        own = [each for each in outcomes if each.scenario == name]
        passed = sum(each.exit_code == PASS for each in own)
        found[name] = Share(scenario=name, passed=passed, of=len(own), ratio=passed / len(own))
    return found


def called(outcome: Outcome, repeated: Container[str]) -> str:
    """Return what a run is called among the others."""
    return f"{outcome.scenario} {outcome.number}" if outcome.scenario in repeated else outcome.scenario


class _Summary(msgspec.Struct):
    verdict: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be run.

    Attributes:
        files: of the scenarios, one after the other.
        repeat: how often each.
        overrides: of each, for the check that comes before the first run.
        options: for each run, as on the command line.
        needs_model: whether scenarios must name their model where they do not train one.
    """

    files: tuple[Path, ...]
    repeat: int
    overrides: tuple[str, ...]
    options: tuple[str, ...]
    needs_model: bool

    def names(self) -> list[str]:
        """Return the scenarios' names, all of which can be read.

        Raises:
            ScenarioError: one of them cannot, or is to be repeated on the virtual clock; nothing has run.
        """
        scenarios = [load(file, self.overrides, needs_model=self.needs_model) for file in self.files]
        for file, scenario in zip(self.files, scenarios, strict=True):
            if self.repeat > 1 and scenario.clock == "virtual":
                rule = "each run on the virtual clock is the same to the last byte; explore --seeds runs others"
                raise ScenarioError(f"{file}: --repeat {self.repeat}: {rule}")
        return [scenario.name for scenario in scenarios]


def run_all(batch: Batch, names: Sequence[str], folder: RunFolder) -> Iterator[Outcome]:
    """Yield what each run came to, when it has ended; after one that was interrupted none begins."""
    taken: dict[str, int] = {}
    for file, name in zip(batch.files, names, strict=True):
        for number in range(1, batch.repeat + 1):
            taken[name] = count = taken.get(name, 0) + 1
            place = f"{RUNS}/{name}" if count == 1 else f"{RUNS}/{name}-{count}"
            outcome = _run(batch, file, name, number, folder.file(place))
            yield msgspec.structs.replace(outcome, folder=place)
            if outcome.exit_code == INTERRUPTED:
                return


def _run(batch: Batch, file: Path, name: str, number: int, place: Path) -> Outcome:
    place.parent.mkdir(exist_ok=True)
    command = (sys.executable, *AGAIN, "run", str(file), *batch.options, "--out", str(place))
    process = subprocess.Popen(command)
    try:
        code = _ended(process)
    except KeyboardInterrupt:  # before it was unheard here; the run has heard it
        code = _ended(process)
    if code < 0:
        said = f"its process was ended by signal {-code}"
        return Outcome(
            scenario=name, file=str(file), number=number, verdict="killed", exit_code=INTERNAL, reasons=(said,)
        )
    try:
        found = msgspec.json.decode(read_regular(place / SUMMARY)[0], type=_Summary)
    except (OSError, ValueError):  # it has said why on its own
        found = _Summary(_WORDS.get(code, "broke down"), ())
    return Outcome(
        scenario=name, file=str(file), number=number, verdict=found.verdict, exit_code=code, reasons=found.reasons
    )


def _ended(process: "subprocess.Popen[bytes]") -> int:
    """Wait for a run, which hears Ctrl-C by itself, as it has the same terminal; SIGTERM is passed on."""
    with unheard():
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        return process.wait()


def worst(outcomes: Sequence[Outcome]) -> int:
    """Return the exit code of all: the worst of theirs."""
    codes = {each.exit_code if each.exit_code in WORST_FIRST else INTERNAL for each in outcomes}
    return next((code for code in WORST_FIRST if code in codes), INTERNAL)


def batch_text(outcomes: Sequence[Outcome]) -> bytes:
    """Return the file of the batch."""
    told = {"exit_code": worst(outcomes), "shares": tuple(shares(outcomes).values()), "runs": outcomes}
    return msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n"


def junit_of_all(outcomes: Sequence[Outcome], folder: RunFolder) -> bytes:
    """Return the suites of all runs as one file; of a run that left none one that says so."""
    suites = []
    for each in outcomes:
        try:
            suites += suites_of(read_regular(folder.file(each.folder) / JUNIT)[0])
        except (OSError, ET.ParseError):
            suites.append(broken_suite(each.scenario, f"{each.verdict}, exit code {each.exit_code}"))
    return document(suites)


def table(outcomes: Sequence[Outcome], planned: int) -> Table:
    """Return a row a run, and below a scenario that was repeated the share of its runs that passed.

    Args:
        outcomes: in their order.
        planned: how many there should have been.
    """
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for title in ("scenario", "verdict", "exit", "first reason"):
        drawn.add_column(title, overflow="fold", justify="right" if title == "exit" else "left")
    repeated = shares(outcomes)
    for at, each in enumerate(outcomes):
        reason = each.reasons[0] if each.reasons else ""
        drawn.add_row(
            called(each, repeated),
            Text(each.verdict, _STYLES.get(each.verdict, "red")),
            str(each.exit_code),
            Text(reason),
        )
        last = at + 1 == len(outcomes) or outcomes[at + 1].scenario != each.scenario
        if last and each.scenario in repeated:
            drawn.add_row("", Text(str(repeated[each.scenario])), "", "")
    if len(outcomes) < planned:
        drawn.add_row(Text(f"{planned - len(outcomes):,} not run"), "", "", "")
    return drawn


def terminal_width() -> int | None:
    """Return how wide a table may be where nobody says: not cut at 80 columns in the log of a CI job."""
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else 160
