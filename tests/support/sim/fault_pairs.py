"""Faults put in together, two and more at a time, on a thin drill.

Whatever they are, none of them may fail in its own code, all are lifted in the end, and the books balance.
`python -m tests.support.sim.fault_pairs` does it at length.
"""

import argparse
import functools
import itertools
import logging
import random
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from actors.model.artifact import Artifact, load_artifact
from sim.exit_codes import FAILED, INCONCLUSIVE, PASS
from sim.faults.registry import FAULTS
from sim.report.run_folder import RunFolder
from sim.report.summary import Summary
from sim.run.execution import execute
from sim.run.planning import prepare
from sim.run.watch import NullScreen
from sim.scenario.loader import parse
from sim.scenario.timeline import Cut
from tests.support.model_cache import default_model

HEAD = """\
version: 1
name: together
seed: {seed}
clock: virtual
world: {{cards: 4000, merchants: 400, fraud_ratio: 0.05}}
phases: [{{name: only, duration: 1s, rate: 150}}]
pipeline: {{drain_timeout: 1s, restart: {{max_restarts: 40}}}}
expect: [{{name: books, expr: "ledger.balanced == 1"}}]
faults:
"""
# What a kind needs, and shares that let two faults of the traffic meet on the same transactions.
WORDS = {
    "loop_stall": "stall: 20ms",
    "mailbox_squeeze": "mailbox: scorer",
    "traffic_clock_skew": "skew: 1h",
    "traffic_poison": "ratio: 0.5",
    "traffic_duplicates": "ratio: 0.5, after: 40ms",
    "traffic_out_of_order": "ratio: 0.5, delay: 100ms",
    "traffic_volume_drop": "ratio: 0.5",
}
ORDER = 7  # of the plane whose lines are the groups: a prime, its square at least the number of kinds


def together(kinds: Sequence[str], seed: int = 11) -> str:
    """Return a scenario with a fault of each of ``kinds``, all in at once in the middle of its second."""
    lines = [_fault(number, kind) for number, kind in enumerate(kinds)]
    return HEAD.format(seed=seed) + "".join(lines)


def _fault(number: int, kind: str) -> str:
    lasts = "duration" in {field.name for field in msgspec.structs.fields(FAULTS[kind])}
    words = [f"name: f{number}", f"kind: {kind}", f"at: {200 + 30 * number}ms"]
    words += ["duration: 500ms"] if lasts else []
    words += [WORDS[kind]] if kind in WORDS else []
    return f"  - {{{', '.join(words)}}}\n"


def troubles(kinds: Sequence[str], model: Path, seed: int = 11) -> list[str]:
    """Run a drill with faults of ``kinds`` and return what is wrong with it, a line each."""
    with tempfile.TemporaryDirectory(prefix="riskdrill-together-") as folder:
        plan = prepare(Cut(parse(together(kinds, seed), "together.yaml")), _loaded(model), Path(folder))
        return list(_wrong(execute(plan, RunFolder(Path(folder)), NullScreen()).summary))


def _wrong(summary: Summary) -> Iterator[str]:
    if summary.exit_code not in {PASS, INCONCLUSIVE, FAILED}:
        yield f"exit code {summary.exit_code}"
    yield from summary.ledger.imbalances
    for fault in summary.faults:
        if fault.error or fault.state != "lifted":
            yield f"{fault.kind} is {fault.state}: {fault.error}"


@functools.cache
def _loaded(model: Path) -> Artifact:
    return load_artifact(model)


def pairs_of(subject: str) -> list[tuple[str, str]]:
    """Return the kinds of one module two by two; the first is wrapped by the second, and in `groups` wraps it."""
    kinds = [kind for kind, fault in FAULTS.items() if fault.__module__ == subject]
    return list(itertools.combinations(reversed(kinds), 2))


def groups() -> list[tuple[str, ...]]:
    """Return groups of up to seven kinds such that every two kinds are together in exactly one of them.

    Source: the lines of the affine plane of order 7, of whose 49 points some stand for no kind.
    """
    kinds = list(FAULTS)
    if len(kinds) > ORDER * ORDER:
        raise AssertionError("there are more kinds than points: take the next prime")
    around = range(ORDER)
    lines = [[(x, (slope * x + start) % ORDER) for x in around] for slope in around for start in around]
    lines += [[(x, y) for y in around] for x in around]
    placed = [tuple(kinds[x * ORDER + y] for x, y in line if x * ORDER + y < len(kinds)) for line in lines]
    return [group for group in placed if len(group) > 1]


def main() -> int:
    """Put every two kinds together in both orders, then as many threes as asked for; return how many went wrong."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--triples", type=int, default=500, help="how many groups of three, drawn at random")
    asked.add_argument("--seed", type=int, default=1, help="of the draw, and of the drills")
    given = asked.parse_args()
    chance, model = random.Random(given.seed), default_model()
    logging.disable()  # what fails on purpose
    triples = (tuple(chance.sample(list(FAULTS), 3)) for _ in range(given.triples))
    together_at_length: Iterable[tuple[str, ...]] = itertools.chain(itertools.permutations(FAULTS, 2), triples)
    count = wrong = 0
    for kinds in together_at_length:
        count += 1
        if found := troubles(kinds, model, given.seed):
            wrong += 1
            sys.stdout.write(f"{' + '.join(kinds)}: {'; '.join(found)}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{count:,} groups of faults, {wrong:,} of them wrong\n")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
