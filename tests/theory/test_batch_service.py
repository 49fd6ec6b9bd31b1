"""Batch service: a batch of n takes a + b·n, so that the stage can do limit / S(limit) and no more."""

import numpy as np
import pytest

from sim.chance import Streams
from sim.clocks.costs import Cost, Costs
from tests.support.sim.station import Observed, observe

FIXED_US, PER_ROW_US, LIMIT = 40.0, 6.0, 64
COSTS = Costs(score_in_executor=Cost(FIXED_US, PER_ROW_US))
MOST_PER_US = LIMIT / (FIXED_US + PER_ROW_US * LIMIT)
COUNT = 60_000


def at(load: float, limit: int = LIMIT, seed: int = 1) -> Observed:
    """Let Poisson arrivals come at ``load`` times the most that batches of ``LIMIT`` can take."""
    gaps = Streams(seed)["arrivals"].exponential(1 / (load * MOST_PER_US), COUNT)
    return observe(np.cumsum(np.rint(gaps * 1e3).astype(np.int64)), None, COSTS, limit=limit)


def test_just_below_the_limit_the_backlog_stays() -> None:
    """At 97 % of limit / S(limit) no more is left at the end than a few batches."""
    seen = at(0.97)
    assert seen.left < 20 * LIMIT
    assert seen.mean_inside < 20 * LIMIT


@pytest.mark.parametrize("load", [1.03, 1.2])
def test_just_above_the_limit_the_backlog_grows_by_the_excess(load: float) -> None:
    """What is left at the end is the arrivals' rate less limit / S(limit), over the whole time."""
    seen = at(load)
    span_us = (seen.arrival_ns[-1] - seen.arrival_ns[0]) / 1e3
    excess = COUNT - MOST_PER_US * span_us
    assert seen.left == pytest.approx(excess, rel=0.05, abs=2 * LIMIT)


def test_batches_carry_a_load_that_single_transactions_cannot() -> None:
    """At half of what batches can do, one at a time falls behind: it can do 1 / S(1)."""
    assert at(0.5).left < LIMIT
    alone = at(0.5, limit=1)
    span_us = (alone.arrival_ns[-1] - alone.arrival_ns[0]) / 1e3
    assert alone.left == pytest.approx(COUNT - span_us / (FIXED_US + PER_ROW_US), rel=0.05)


def test_batches_grow_with_the_load_and_no_larger_than_needed() -> None:
    """A quiet stage serves single transactions at S(1), with no wait for company."""
    seen = at(0.02)
    alone_us = FIXED_US + PER_ROW_US
    assert np.median(seen.sojourn_us) == alone_us
    assert np.percentile(at(0.9).sojourn_us, 50) > 2 * alone_us
