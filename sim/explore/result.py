"""What an exploration found: ``explore.json``. Keys are stable; a new one may come, none changes its meaning."""

from typing import Literal

import msgspec

from sim.explore.attempt import Attempt, Broken
from sim.report.schema import indented, schema_of

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
