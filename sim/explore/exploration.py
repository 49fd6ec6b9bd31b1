"""An exploration from its first run to ``explore.json``: counts, failures with their commands, and the shrunk one."""

import shlex
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import msgspec

from actors.core.clock import NS_PER_S
from actors.core.process_failures import lack_of
from sim.explore.attempt import Attempt, Broken
from sim.explore.search import Search, Tried
from sim.explore.shrink import Shrinker
from sim.installation import PROGRAM
from sim.report.provenance import git_commit, versions
from sim.report.run_folder import REPORT, RunFolder
from sim.report.summary import indented, schema_of
from sim.scenario.render import digest, resolved
from sim.scenario.timeline import duration_ns
from sim.trials.process_pool import silent
from sim.trials.trial import PreparedScenario

EXPLORE = "explore.json"


class Shrunk(msgspec.Struct, frozen=True, kw_only=True):
    """A failure reduced.

    Attributes:
        file: the runnable scenario, beside ``explore.json``.
        faults: those that are needed.
        duration_s: of the run that is left.
        trace_hash: of that run.
        broken: what does not hold in it.
        runs: that it took to reduce.
    """

    file: str
    faults: tuple[str, ...]
    duration_s: float | None
    trace_hash: str | None
    broken: tuple[Broken, ...]
    runs: int


class Counterexample(msgspec.Struct, frozen=True, kw_only=True):
    """A run in which something does not hold.

    Attributes:
        seed: of the run.
        overrides: all that differs from the file, ``PATH=VALUE`` each, seed included.
        command: one line that repeats it.
        shrunk: null unless it was asked for.
    """

    seed: int
    overrides: tuple[str, ...]
    attempt: Attempt
    command: str
    shrunk: Shrunk | None = None


class Exploration(msgspec.Struct, frozen=True, kw_only=True):
    """Many runs of one scenario.

    Attributes:
        format: of this file.
        scenario_digest: of the scenario as written.
        model: digest of the model that served.
        first_seed: of the first run; the others follow one by one.
        seeds: runs that were to be made.
        done: runs that were made.
        passed: those of them in which everything held.
        inconclusive: those in which nothing was broken, and something was not proved.
        held: those of the inconclusive in which everything was checked and held while at least one fault bit, and
            nothing is missing but the effect of other faults. The rest of the inconclusive prove nothing.
        faults: of all runs that got to their end, without those that failed in their own code untouched.
        faults_bit: those of them that had an effect.
        idle: in how many runs a fault touched nothing, by its name; what to place or turn up for runs that prove more.
        interrupted: whether Ctrl-C ended it.
        git: commit of the code; null outside a checkout.
    """

    format: Literal[1] = 1
    scenario: str
    scenario_digest: str
    model: str
    first_seed: int
    seeds: int
    done: int
    passed: int
    inconclusive: int
    held: int
    faults: int
    faults_bit: int
    idle: dict[str, int]
    failures: tuple[Counterexample, ...]
    interrupted: bool
    git: str | None = None
    versions: dict[str, str] = {}


def exploration_text(exploration: Exploration) -> bytes:
    """Return ``explore.json``."""
    return indented(exploration)


def exploration_schema() -> bytes:
    """Return the JSON Schema of ``explore.json``."""
    return schema_of(Exploration)


SHOWN = 16  # digits of a trace hash: no two runs of a lifetime share them


def reproduction(prepared: PreparedScenario, attempt: Attempt, model: str, given: Path | None) -> str:
    """Return a command that repeats a run, and behind it what it must be run with to be the same.

    `run` repeats what its verdict shows. An invariant that the verdict knows nothing of is checked by `explore` alone.

    Args:
        prepared: what was run, its overrides complete.
        attempt: what came of it.
        model: digest of the model that served.
        given: the model folder that was named on the command line.
    """
    shown = any(each.what == "expectation" or each.name == "ledger" for each in attempt.broken)
    words = ["run"] if shown else ["explore", "--as-written"]
    words.append(str(prepared.file))
    words += ["--clock", "virtual", "--tui", "off"] if shown else []
    words += [] if given is None else ["--model", str(given)]
    words += [word for each in prepared.overrides for word in ("--set", each)]
    words += [] if prepared.duration is None else ["--duration", prepared.duration]
    marks = {
        "scenario": attempt.scenario_digest,
        "model": model,
        "calibration": attempt.calibration or "none",
        "riskdrill": versions().get("riskdrill") or git_commit() or "of no known version",
        "trace": "none: it broke down" if attempt.trace_hash is None else attempt.trace_hash[:SHOWN],
    }
    return f"{PROGRAM} {shlex.join(words)}  # {', '.join(f'{name} {mark}' for name, mark in marks.items())}"


Tell = Callable[[Tried, Counterexample | None], None]
SHRUNK = "counterexample.yaml"
FILES = frozenset({EXPLORE, SHRUNK, REPORT})


def _silent(_: Tried, __: Counterexample | None) -> None:
    """Tell no one."""


@dataclass(slots=True)
class Exploring:
    """Collects what a search finds; whenever it ends, what was found so far is true.

    Attributes:
        interrupted: whether Ctrl-C ended it.
        lacking: what the machine lacked, which ended it; "" for nothing.

    Args:
        search: what is tried.
        model: digest of its model.
        given: the model folder that was named on the command line.
        tell: called after each run, and with each failure.
        lost: hears of each worker that was killed.
    """

    search: Search
    model: str
    given: Path | None = None
    tell: Tell = field(default=_silent)
    lost: Callable[[str], None] = field(default=silent)
    done: int = 0
    passed: int = 0
    inconclusive: int = 0
    held: int = 0
    bit: Counter[str] = field(default_factory=Counter)
    idle: Counter[str] = field(default_factory=Counter)
    failures: list[Counterexample] = field(default_factory=list)
    interrupted: bool = False
    lacking: str = ""

    def run(self, jobs: int) -> None:
        """Make the runs; Ctrl-C ends them early, and so does a machine that lacks something."""
        try:
            for tried in self.search.attempts(jobs, self.lost):
                self.take(tried)
        except KeyboardInterrupt:
            self.interrupted = True
        except Exception as error:
            self.lacking = lack_of(error)
            if not self.lacking:
                raise

    def take(self, tried: Tried) -> None:
        """Count a run, and keep it if something did not hold."""
        failure, proof = None, tried.attempt.proof
        self.done += 1
        self.passed += proof == "passed"
        self.held += proof == "held"
        self.inconclusive += proof in ("held", "nothing")
        self.bit.update(tried.attempt.bit)
        self.idle.update(tried.attempt.idle)
        if proof == "failed":
            command = reproduction(tried.prepared, tried.attempt, self.model, self.given)
            failure = Counterexample(
                seed=tried.seed, overrides=tried.prepared.overrides, attempt=tried.attempt, command=command
            )
            self.failures.append(failure)
        self.tell(tried, failure)

    def shrink_first(self, folder: RunFolder) -> Shrunk | None:
        """Reduce the first failure, and write it as a scenario; None if there is none, or Ctrl-C comes first."""
        if not self.failures or self.interrupted or self.lacking:
            return None
        first, prepared = self.failures[0], self.search.prepared
        failing = replace(prepared, overrides=()).with_overrides(first.overrides).shorter.scenario
        shrinker = Shrinker(prepared.model, self.search.alter)
        try:
            smallest, attempt = shrinker.shrink(failing, first.attempt)
        except KeyboardInterrupt:
            self.interrupted = True
            return None
        header = f"# Found by explore in {prepared.file}, seed {first.seed}, and reduced. It fails with\n"
        header += "".join(f"#   {each}\n" for each in attempt.broken)
        header += f"# {PROGRAM} explore --as-written checks all of it; run shows expectations and ledger.\n"
        folder.write(SHRUNK, header + resolved(smallest))
        planned_ns = duration_ns(smallest)
        shrunk = Shrunk(
            file=SHRUNK,
            faults=tuple(fault.name for fault in smallest.faults),
            duration_s=None if planned_ns is None else planned_ns / NS_PER_S,
            trace_hash=attempt.trace_hash,
            broken=attempt.broken,
            runs=shrinker.runs,
        )
        self.failures[0] = msgspec.structs.replace(first, shrunk=shrunk)
        return shrunk

    def write(self, folder: RunFolder) -> Path:
        """Write ``explore.json``; return its path."""
        return folder.write(EXPLORE, exploration_text(self.result()))

    def result(self) -> Exploration:
        """Return what was found so far."""
        scenario = self.search.prepared.shorter.scenario
        return Exploration(
            scenario=scenario.name,
            scenario_digest=digest(scenario),
            model=self.model,
            first_seed=self.search.first_seed,
            seeds=self.search.seeds,
            done=self.done,
            passed=self.passed,
            inconclusive=self.inconclusive,
            held=self.held,
            faults=self.bit.total() + self.idle.total(),
            faults_bit=self.bit.total(),
            idle=dict(self.idle.most_common()),
            failures=tuple(self.failures),
            interrupted=self.interrupted,
            git=git_commit(),
            versions=versions(),
        )
