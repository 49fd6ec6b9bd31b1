"""The life of an alert, on time lines made by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.telemetry.alerts.life import AlertLife, AlertState

WORDS = {"i": "inactive", "p": "pending", "f": "firing", "r": "resolved"}


@pytest.mark.parametrize(
    ("for_ticks", "keep_ticks", "holds", "states"),
    [
        # No waiting: it fires and is resolved at once.
        (0, 0, "0110", "iffr"),
        # It must hold for two ticks; the first of three is only pending.
        (2, 0, "011100", "ippfrr"),
        # A break starts the wait anew.
        (2, 0, "110111", "ppippf"),
        # Kept firing: one quiet tick is not enough, and a relapse starts that wait anew too.
        (0, 2, "10100011", "fffffrff"),
        # After it was resolved it becomes pending again, and inactive if that comes to nothing.
        (1, 0, "1101011", "pfrpipf"),
        # Both waits.
        (1, 1, "1100011", "pffrrpf"),
        # Nothing ever holds.
        (3, 3, "0000", "iiii"),
    ],
)
def test_the_states_follow_the_condition(for_ticks: int, keep_ticks: int, holds: str, states: str) -> None:
    """One tick after the other: whether the condition held, and where the alert then stands."""
    life = AlertLife(for_ticks, keep_ticks)
    found = []
    for tick, bit in enumerate(holds):
        life.advance(tick, holds=bit == "1")
        found.append(life.state.value)
    assert found == [WORDS[letter] for letter in states]


@given(st.integers(0, 4), st.integers(0, 4), st.lists(st.booleans(), max_size=40))
def test_an_alert_fires_only_after_it_held_long_enough(for_ticks: int, keep_ticks: int, holds: list[bool]) -> None:
    """It fires only at the end of an unbroken stretch of ``for``, and is resolved after a quiet one of ``keep``."""
    life = AlertLife(for_ticks, keep_ticks)
    fired = 0
    for tick, held in enumerate(holds):
        before = life.state
        changed = life.advance(tick, holds=held)
        assert changed == (life.state is not before)
        if changed:
            assert life.since_ns == tick
        if changed and life.state is AlertState.FIRING:
            fired += 1
            assert tick >= for_ticks
            assert all(holds[tick - for_ticks : tick + 1])
        if changed and life.state is AlertState.RESOLVED:
            assert not any(holds[tick - keep_ticks : tick + 1])
    assert life.fired_count == fired
