"""The one line that repeats a failure."""

import shlex
from pathlib import Path

from sim.explore.attempt import Attempt
from sim.report.provenance import git_commit, versions
from sim.trials.settled import Settled

SHOWN = 16  # digits of a trace hash: no two runs of a lifetime share them


def reproduction(settled: Settled, attempt: Attempt, model: str, given: Path | None) -> str:
    """Return a command that repeats a run, and behind it what it must be run with to be the same.

    `run` repeats what its verdict shows. An invariant that the verdict knows nothing of is checked by `explore` alone.

    Args:
        settled: what was run, its overrides complete.
        attempt: what came of it.
        model: digest of the model that served.
        given: the model folder that was named on the command line.
    """
    shown = any(each.what == "expectation" or each.name == "ledger" for each in attempt.broken)
    words = ["run"] if shown else ["explore", "--as-written"]
    words.append(str(settled.file))
    words += ["--clock", "virtual", "--tui", "off"] if shown else []
    words += [] if given is None else ["--model", str(given)]
    words += [word for each in settled.overrides for word in ("--set", each)]
    words += [] if settled.duration is None else ["--duration", settled.duration]
    marks = {
        "scenario": attempt.scenario_digest,
        "model": model,
        "calibration": attempt.calibration or "none",
        "riskdrill": versions().get("riskdrill") or git_commit() or "of no known version",
        "trace": "none: it broke down" if attempt.trace_hash is None else attempt.trace_hash[:SHOWN],
    }
    return f"python -m sim {shlex.join(words)}  # {', '.join(f'{name} {mark}' for name, mark in marks.items())}"
