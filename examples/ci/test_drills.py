"""Drills as tests of pytest, for a project that has riskdrill installed: `python -m pytest test_drills.py`.

Each runs in a process of its own before the body of its test, and fails with its verdict. "burst" is the name of a
shipped scenario; of your own write the path, from the root of the project or from this file.
"""

import pytest

from sim.pytest_plugin import Drill


@pytest.mark.drill("burst", clock="virtual", duration="25s")
def test_burst(drill: Drill) -> None:
    """Eight times the load is decided in time, and what the scenario does not ask is asked here."""
    assert drill.metric("latency.p99") < 50_000  # µs, as `python -m sim metrics` lists it
    assert drill.metric("throughput", during="baseline") > 500


@pytest.mark.drill("feature_store_outage", clock="virtual", duration="12s", inconclusive="skip")
def test_feature_store_outage() -> None:
    """The scenario's own expectations are all there is to it; what proves nothing is skipped."""


# An expectation that could not fail would gate nothing: with its mitigation gone, this drill must.
@pytest.mark.drill("burst", clock="virtual", duration="5s", set="expect.median.expr=latency.p50 < 1us", verdict="fail")
def test_burst_can_fail(drill: Drill) -> None:
    """A limit that nobody can keep fails the run, and its reason says by how much."""
    assert drill.reasons[0].startswith("median: latency.p50 = ")
