"""Laws of arrivals: open loop, in order, at the rate that was asked for."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.arrays import I64
from actors.core.clock import NS_PER_MS, NS_PER_S
from sim.chance import Streams
from sim.world.arrivals import arrivals, blocks_of
from sim.world.phases import Arrivals, Constant, OnOff, Poisson, RatedPhase, Sine, Spike

RATE = 2_000.0


def made(*phases: RatedPhase, seed: int = 1) -> I64:
    """Return all arrivals of ``phases``."""
    return np.concatenate([np.zeros(0, dtype=np.int64), *arrivals(phases, Streams(seed))])


def phase(arrivals: Arrivals, seconds: float = 20, rate: float = RATE, ramp_to: float | None = None) -> RatedPhase:
    """Return one phase."""
    return RatedPhase(name="x", duration_ns=round(seconds * NS_PER_S), rate=rate, ramp_to=ramp_to, arrivals=arrivals)


def counts(offsets_ns: I64, bin_ns: int, seconds: float = 20) -> I64:
    """Return the number of arrivals in each bin."""
    return np.bincount(offsets_ns // bin_ns, minlength=round(seconds * NS_PER_S) // bin_ns)


kinds = st.one_of(
    st.just(Constant()),
    st.just(Poisson()),
    st.builds(
        Spike,
        after_ns=st.none() | st.integers(0, 3 * NS_PER_S),
        width_ns=st.integers(1, 3 * NS_PER_S),
        factor=st.floats(0, 20),
    ),
    st.builds(
        OnOff,
        on_ns=st.integers(NS_PER_MS, NS_PER_S),
        off_ns=st.integers(NS_PER_MS, NS_PER_S),
        low=st.floats(0, 1),
    ),
    st.builds(Sine, period_ns=st.integers(NS_PER_MS, 5 * NS_PER_S), amplitude=st.floats(0, 1)),
)
phases = st.builds(
    RatedPhase,
    name=st.just("any"),
    duration_ns=st.integers(1, 2 * NS_PER_S),
    rate=st.floats(0, 3_000),
    ramp_to=st.none() | st.floats(0, 3_000),
    arrivals=kinds,
)


@given(st.lists(phases, min_size=1, max_size=3), st.integers(0, 2**32))
def test_arrivals_are_in_order_and_within_their_phase(plan: list[RatedPhase], seed: int) -> None:
    """Whatever the phases, arrivals never go back, and none lies outside the run."""
    offsets_ns = made(*plan, seed=seed)
    assert (np.diff(offsets_ns) >= 0).all()
    if len(offsets_ns):
        assert offsets_ns[0] >= 0
        assert offsets_ns[-1] < sum(each.duration_ns for each in plan)


@given(phases, phases, st.integers(0, 2**32))
def test_a_later_phase_does_not_move_earlier_arrivals(first: RatedPhase, second: RatedPhase, seed: int) -> None:
    """Each phase draws from its own stream."""
    alone = made(first, seed=seed)
    assert made(first, second, seed=seed)[: len(alone)].tolist() == alone.tolist()


@given(st.lists(st.integers(0, 50), max_size=8), st.integers(1, 30))
def test_blocks_hold_the_same_numbers_in_equal_parts(sizes: list[int], size: int) -> None:
    """All blocks but the last have the size asked for, and nothing is lost or added."""
    numbers = np.arange(sum(sizes))
    bounds = np.cumsum([0, *sizes])
    blocks = list(blocks_of((numbers[start:end] for start, end in pairwise(bounds)), size))
    assert [number for block in blocks for number in block.tolist()] == numbers.tolist()
    assert all(len(block) == size for block in blocks[:-1])
    assert all(0 < len(block) <= size for block in blocks)


def test_constant_arrivals_are_evenly_spaced() -> None:
    """At 2,000 a second one comes every 500 µs, the first after half of that."""
    offsets_ns = made(phase(Constant(), seconds=1))
    assert offsets_ns[0] == 250_000
    assert len(offsets_ns) == 2_000
    assert np.abs(np.diff(offsets_ns) - 500_000).max() <= 1


FAST_BURSTS = OnOff(on_ns=5 * NS_PER_MS, off_ns=15 * NS_PER_MS, low=0.1)  # 2,000 of them in 40 s


@pytest.mark.parametrize("kind", [Poisson(), Sine(period_ns=2 * NS_PER_S), FAST_BURSTS, Spike(factor=1.0)])
def test_the_mean_rate_is_the_phases_rate(kind: Arrivals) -> None:
    """Swings go around the rate, they do not add to it."""
    assert len(made(phase(kind, seconds=40))) / 40 == pytest.approx(RATE, rel=0.04)


def test_poisson_counts_have_dispersion_one() -> None:
    """Their variance equals their mean."""
    in_bins = counts(made(phase(Poisson())), 5 * NS_PER_MS)
    assert in_bins.var() / in_bins.mean() == pytest.approx(1, abs=0.08)


def test_poisson_gaps_are_exponential() -> None:
    """A share of 1/e is longer than the mean gap."""
    gaps_ns = np.diff(made(phase(Poisson())))
    assert (gaps_ns > NS_PER_S / RATE).mean() == pytest.approx(np.exp(-1), abs=0.01)


def test_a_ramp_integrates_to_its_mean_rate() -> None:
    """From 1,000 to 3,000 in 20 s come 40,000, a quarter of the way in 12,500 of each 20,000 in the first half."""
    offsets_ns = made(phase(Constant(), rate=1_000, ramp_to=3_000))
    assert len(offsets_ns) == 40_000
    halves = np.bincount(offsets_ns // (5 * NS_PER_S))
    assert halves.tolist() == [6_250, 8_750, 11_250, 13_750]


def test_a_spike_multiplies_the_rate_and_ends() -> None:
    """Five times the rate for one second in the middle, the rate itself before and after."""
    per_second = counts(made(phase(Spike(after_ns=9 * NS_PER_S))), NS_PER_S)
    assert per_second[9] == pytest.approx(5 * RATE, rel=0.05)
    assert np.delete(per_second, 9).mean() == pytest.approx(RATE, rel=0.03)


def test_a_spike_is_in_the_middle_unless_told_otherwise() -> None:
    """Without a place of its own it is centred."""
    assert counts(made(phase(Spike(), seconds=5)), NS_PER_S, seconds=5).argmax() == 2


def test_bursts_are_burstier_than_poisson() -> None:
    """Silence and twice the rate in turn make the variance of counts far larger than their mean."""
    in_bins = counts(made(phase(OnOff())), 100 * NS_PER_MS)
    assert in_bins.var() / in_bins.mean() > 20
    assert (in_bins == 0).mean() > 0.2


def test_a_sine_swings_around_the_rate() -> None:
    """A quarter of a period in, it is at its highest; three quarters in, at its lowest."""
    sine = phase(Sine(period_ns=20 * NS_PER_S, amplitude=0.5))
    per_second = counts(made(sine), NS_PER_S)
    assert per_second[5] == pytest.approx(1.5 * RATE, rel=0.07)
    assert per_second[15] == pytest.approx(0.5 * RATE, rel=0.07)


def test_no_rate_means_no_arrivals() -> None:
    """A phase at rate 0 is silent, and the next one starts in time."""
    offsets_ns = made(phase(Poisson(), seconds=1, rate=0), phase(Constant(), seconds=1, rate=10))
    assert offsets_ns.tolist() == [NS_PER_S + 50_000_000 + at * 100_000_000 for at in range(10)]


def test_a_day_of_bursts_needs_no_more_memory_than_a_second() -> None:
    """Arrivals come in parts of a few thousand, however long the phase."""
    day = phase(OnOff(on_ns=NS_PER_MS, off_ns=NS_PER_MS), seconds=86_400, rate=20)
    parts = arrivals((day,), Streams(1))
    assert max(len(next(parts)) for _ in range(50)) <= 4_096
