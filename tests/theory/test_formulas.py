"""Laws of the closed forms themselves, before anything is held against them."""

import pytest

from tests.support.sim.queueing import (
    md1_mean_wait,
    md1_sojourn_quantile,
    mm1_mean_wait,
    mm1_sojourn_quantile,
    mmc_mean_wait,
    mmc_sojourn_quantile,
    mmc_waits_ratio,
)


def test_one_of_many_servers_is_one_server() -> None:
    """With one server, M/M/c is M/M/1."""
    assert mmc_mean_wait(0.8, 1) == pytest.approx(mm1_mean_wait(0.8))
    assert mmc_sojourn_quantile(0.8, 1, 0.99) == pytest.approx(mm1_sojourn_quantile(0.8, 0.99))
    assert mmc_waits_ratio(0.8, 1) == pytest.approx(0.8)


def test_known_figures_are_met() -> None:
    """At utilisation 0.8 and a service of 100 µs: waits of 400, 200 and 74.6 µs; p99 of 2,303, 1,136 and 689 µs."""
    assert 100 * mm1_mean_wait(0.8) == pytest.approx(400)
    assert 100 * md1_mean_wait(0.8) == pytest.approx(200)
    assert 100 * mmc_mean_wait(0.8, 4) == pytest.approx(74.6, abs=0.05)
    assert 100 * mm1_sojourn_quantile(0.8, 0.99) == pytest.approx(2303, abs=0.5)
    assert 100 * md1_sojourn_quantile(0.8, 0.99) == pytest.approx(1136, abs=0.5)
    assert 100 * mmc_sojourn_quantile(0.8, 4, 0.99) == pytest.approx(689, abs=0.5)


def test_a_constant_server_seldom_makes_wait_at_low_load() -> None:
    """In M/D/1 a transaction finds the server free with probability 1 - rho: that quantile is one bare service."""
    assert md1_sojourn_quantile(0.5, 0.4999) == pytest.approx(1.0)
    assert md1_sojourn_quantile(0.5, 0.51) > 1.0
