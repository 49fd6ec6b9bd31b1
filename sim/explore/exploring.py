"""An exploration from its first run to ``explore.json``: counts, failures with their commands, and the shrunk one."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from actors.clock import NS_PER_S
from actors.lacking import lack_of
from sim.explore.reproduction import reproduction
from sim.explore.result import EXPLORE, Counterexample, Exploration, Shrunk, exploration_text
from sim.explore.search import Search, Tried
from sim.explore.shrink import Shrinker
from sim.report.folder import RunFolder
from sim.report.provenance import git_commit, versions
from sim.scenario.render import digest, resolved
from sim.scenario.timeline import duration_ns
from sim.trials.side_by_side import silent

Tell = Callable[[Tried, Counterexample | None], None]
SHRUNK = "counterexample.yaml"
FILES = frozenset({EXPLORE, SHRUNK})


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
            command = reproduction(tried.settled, tried.attempt, self.model, self.given)
            failure = Counterexample(
                seed=tried.seed, overrides=tried.settled.overrides, attempt=tried.attempt, command=command
            )
            self.failures.append(failure)
        self.tell(tried, failure)

    def shrink_first(self, folder: RunFolder) -> Shrunk | None:
        """Reduce the first failure, and write it as a scenario; None if there is none, or Ctrl-C comes first."""
        if not self.failures or self.interrupted or self.lacking:
            return None
        first, settled = self.failures[0], self.search.settled
        failing = replace(settled, overrides=()).with_overrides(first.overrides).shorter.scenario
        shrinker = Shrinker(settled.model, self.search.alter)
        try:
            smallest, attempt = shrinker.shrink(failing, first.attempt)
        except KeyboardInterrupt:
            self.interrupted = True
            return None
        header = f"# Found by explore in {settled.file}, seed {first.seed}, and reduced. It fails with\n"
        header += "".join(f"#   {each}\n" for each in attempt.broken)
        header += "# python -m sim explore --as-written checks all of it; run shows expectations and ledger.\n"
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
        scenario = self.search.settled.shorter.scenario
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
