"""Laws of the circuit breaker, exact on a hand-moved clock."""

from hypothesis import given
from hypothesis import strategies as st

from actors.config import BreakerConfig
from actors.resilience.breaker import BreakerState, CircuitBreaker
from tests.support.actors.actor import HandClock

CONFIG = BreakerConfig(failure_ratio=0.5, window=10, minimum_calls=4, open_for_ns=1_000, probes=2, slow_call_ns=100)


def call(breaker: CircuitBreaker, *, failed: bool = False, took_ns: int = 1) -> bool:
    """Make a call if the breaker allows it; return whether it did."""
    if not breaker.allows():
        return False
    breaker.record(failed=failed, took_ns=took_ns)
    return True


def tripped() -> tuple[CircuitBreaker, HandClock]:
    clock = HandClock()
    breaker = CircuitBreaker(CONFIG, clock)
    for _ in range(4):
        call(breaker, failed=True)
    return breaker, clock


def test_it_trips_at_the_ratio_and_not_before_enough_calls() -> None:
    """Three failures of three are too few calls; the fourth call trips it."""
    breaker = CircuitBreaker(CONFIG, HandClock())
    for _ in range(3):
        call(breaker, failed=True)
    assert breaker.state is BreakerState.CLOSED
    call(breaker)
    assert (breaker.state, breaker.trip_count) == (BreakerState.OPEN, 1)


def test_open_it_lets_nothing_through_until_its_time_is_up() -> None:
    """At one nanosecond before, refused; at the instant, probed."""
    breaker, clock = tripped()
    clock.at_ns = 999
    assert not breaker.allows()
    clock.at_ns = 1_000
    assert breaker.allows()
    assert breaker.state is BreakerState.HALF_OPEN


def test_half_open_it_lets_only_the_probes_through() -> None:
    """A probe that has not answered yet counts."""
    breaker, clock = tripped()
    clock.at_ns = 1_000
    assert [breaker.allows() for _ in range(3)] == [True, True, False]


def test_all_probes_must_succeed() -> None:
    """It closes after the last probe; one failed or slow probe opens it for its full time again."""
    breaker, clock = tripped()
    clock.at_ns = 1_000
    states = []
    for _ in range(2):
        call(breaker)
        states.append(breaker.state)
    assert states == [BreakerState.HALF_OPEN, BreakerState.CLOSED]

    for failed, took_ns in ((True, 1), (False, 101)):
        breaker, clock = tripped()
        clock.at_ns = 1_000
        call(breaker, failed=failed, took_ns=took_ns)
        assert (breaker.state, breaker.since_ns, breaker.trip_count) == (BreakerState.OPEN, 1_000, 2)


def test_calls_that_are_all_slow_trip_it() -> None:
    """A dependency that always answers too late is as bad as one that never does."""
    breaker = CircuitBreaker(CONFIG, HandClock())
    for _ in range(4):
        call(breaker, took_ns=101)
    assert breaker.state is BreakerState.OPEN


@given(st.lists(st.booleans(), max_size=60))
def test_closed_it_looks_back_no_further_than_its_window(outcomes: list[bool]) -> None:
    """It is open exactly if some window of the calls so far had the ratio, with enough calls in it."""
    breaker = CircuitBreaker(CONFIG, HandClock())
    made: list[bool] = []
    for failed in outcomes:
        if not call(breaker, failed=failed):
            break
        made.append(failed)
        recent = made[-CONFIG.window :]
        trips = len(recent) >= CONFIG.minimum_calls and sum(recent) >= CONFIG.failure_ratio * len(recent)
        assert (breaker.state is BreakerState.OPEN) == trips
