"""Thin drills on virtual time, in this process: a few hundred transactions, so that a test may run many."""

from collections.abc import Sequence
from pathlib import Path

from actors.model.artifact import load_artifact
from sim.report.folder import RunFolder
from sim.run.execute import Result, execute
from sim.run.no_screen import NoScreen
from sim.run.prepare import prepare
from sim.scenario.cut import Cut
from sim.scenario.load import parse

# 4,000 cards are one town, the one that the model was trained on: a run then has no town to copy.
THIN = """\
version: 1
name: thin
seed: 11
clock: virtual
world: {cards: 4000, merchants: 400, fraud_ratio: 0.05}
phases:
  - {name: calm,     duration: 1s, rate: 150}
  - {name: trouble,  duration: 1s, rate: 150}
  - {name: recovery, duration: 2s, rate: 150}
faults:
  - {name: store-down, kind: feature_store_outage, at: 1s, duration: 800ms}
expect:
  - {name: errors,   during: always,     expr: "error_ratio < 0.1%"}
  - {name: degraded, during: store-down, expr: "mode.realtime_only.ratio > 0.9", within: 50ms}
  - {name: books,    during: always,     expr: "ledger.balanced == 1"}
"""


def run_thin(folder: Path, model: Path, overrides: Sequence[str] = (), text: str = THIN) -> Result:
    """Run ``text`` into ``folder``, on the clock that it names."""
    plan = prepare(Cut(parse(text, "thin.yaml", overrides)), load_artifact(model), folder)
    return execute(plan, RunFolder(folder), NoScreen())
