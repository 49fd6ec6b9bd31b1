"""The binomial tail is scipy's, which only tests import."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import binom

from sim.judging.significance import upper_tail

SHARES = st.sampled_from([0.5, 0.05, 0.01, 0.001, 0.95, 0.99, 0.999])


@given(st.integers(0, 3_000).flatmap(lambda n: st.tuples(st.integers(-1, n + 1), st.just(n))), SHARES)
@example((1, 0), 0.5)
def test_the_tail_is_the_reference_one(pair: tuple[int, int], share: float) -> None:
    """For every k and n, on both sides of the mean."""
    least, trials = pair
    assert upper_tail(least, trials, share) == pytest.approx(binom.sf(least - 1, trials, share), rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("share", [0.5, 0.05, 0.01, 0.001, 0.95])
@pytest.mark.parametrize("sigma", [-3, 0, 1, 2.3, 3, 6])
def test_a_hundred_million_trials_are_exact_enough(share: float, sigma: float) -> None:
    """Where the verdict turns, six digits are right."""
    trials = 100_000_000
    least = round(trials * share + sigma * (trials * share * (1 - share)) ** 0.5)
    assert upper_tail(least, trials, share) == pytest.approx(binom.sf(least - 1, trials, share), rel=1e-5)


@given(st.integers(1, 2_000), SHARES, st.data())
def test_more_on_the_wrong_side_are_less_likely_chance(trials: int, share: float, data: st.DataObject) -> None:
    """The tail never grows with k."""
    least = data.draw(st.integers(0, trials - 1))
    assert upper_tail(least + 1, trials, share) <= upper_tail(least, trials, share) + 1e-12
