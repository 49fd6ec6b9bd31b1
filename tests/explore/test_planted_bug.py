"""A mistake planted in the pipeline is found, and reduced to what it takes."""

from pathlib import Path

import pytest

from sim.explore.exploration import Exploring
from sim.explore.search import Search
from sim.report.run_folder import RunFolder
from sim.scenario.loader import load
from sim.trials.trial import prepare_scenario
from tests.support.sim.planted_mistake import plant

SEEDS = 200
SCENARIO = """\
version: 1
name: four-outages
seed: 1
world: {cards: 4000, merchants: 400}
phases: [{name: only, duration: 2400ms, rate: 45, arrivals: constant}]
faults:
  - {name: first,  kind: feature_store_outage, at: 200ms,  duration: 150ms}
  - {name: second, kind: feature_store_outage, at: 700ms,  duration: 150ms}
  - {name: third,  kind: feature_store_outage, at: 1200ms, duration: 150ms}
  - {name: fourth, kind: feature_store_outage, at: 1700ms, duration: 150ms}
expect:
  - {name: errors, expr: "error_ratio < 0.1%"}
"""


@pytest.mark.slow
def test_a_planted_ledger_bug_is_found_and_shrunk_to_two_faults(tmp_path: Path, world_model: Path) -> None:
    """Two outages close to each other are needed; as written they are far apart, and four of them hide which two."""
    (tmp_path / "four.yaml").write_text(SCENARIO)
    prepared = prepare_scenario(tmp_path / "four.yaml", (), None, world_model, lambda _: None)
    as_written = Search(prepared, 1, 1, as_written=True, alter=plant)
    assert [tried.attempt.broken for tried in as_written.attempts(1)] == [()]

    search = Search(prepared, 1, SEEDS, alter=plant)
    exploring = Exploring(search, "model")
    for tried in search.attempts(1):
        exploring.take(tried)
        if exploring.failures:
            break
    assert exploring.failures, f"not found within {SEEDS} seeds"
    assert {(each.what, each.name) for each in exploring.failures[0].attempt.broken} == {("invariant", "ledger")}

    shrunk = exploring.shrink_first(RunFolder(tmp_path / "out", own=frozenset({"counterexample.yaml"})))
    assert shrunk is not None
    assert len(shrunk.faults) == 2
    assert shrunk.duration_s is not None
    assert shrunk.duration_s < 1.2
    assert ("invariant", "ledger") in {(each.what, each.name) for each in shrunk.broken}

    file = tmp_path / "out" / shrunk.file
    assert [fault.name for fault in load(file).faults] == list(shrunk.faults)
    again = Search(prepare_scenario(file, (), None, world_model, lambda _: None), 1, 1, as_written=True, alter=plant)
    (tried,) = again.attempts(1)
    assert (tried.attempt.trace_hash, tried.attempt.broken) == (shrunk.trace_hash, shrunk.broken)
