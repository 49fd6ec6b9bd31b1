"""Drills as tests of pytest, for a project that has riskdrill installed: `python -m pytest test_drills.py`.

Each runs in a process of its own before the body of its test, and fails with its verdict. "burst" is the name of a
shipped scenario; of your own write the path, from the root of the project or from this file.
"""

import pytest

from riskdrill_pytest.plugin import Drill


@pytest.mark.drill("feature_store_outage", clock="virtual")
def test_feature_store_outage(drill: Drill) -> None:
    """The scenario's own expectations hold, and what it does not ask is asked here."""
    assert drill.metric("latency.p99", during="store-down") < 50_000  # µs, as `python -m sim metrics` lists it
    assert drill.metric("throughput", during="baseline") > 500


@pytest.mark.drill("steady", clock="virtual", duration="10s", inconclusive="skip")
def test_steady() -> None:
    """Its own expectations are all there is to it; what proves nothing is skipped."""


# A gate that cannot close is none: with a limit that nobody can keep, the same drill must fail.
@pytest.mark.drill("burst", clock="virtual", duration="3s", set="expect.errors.expr=latency.p50 < 1us", verdict="fail")
def test_burst_can_fail(drill: Drill) -> None:
    """Its reason says by how much."""
    assert drill.reasons[0].startswith("errors: latency.p50 = ")
