"""Laws of chance: streams are independent, named, and the same everywhere."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.chance import Streams, key_of, uniform, uniforms


def test_a_stream_starts_anew_each_time_it_is_asked_for() -> None:
    """The same name gives the same numbers."""
    streams = Streams(7)
    assert streams["arrivals"].random(5).tolist() == streams["arrivals"].random(5).tolist()


def test_a_stream_is_the_same_in_every_process() -> None:
    """Python's text hash, which differs between processes, plays no part."""
    assert Streams(7)["arrivals"].integers(0, 1_000, 5).tolist() == [825, 633, 29, 938, 341]
    assert Streams(7).key("arrivals") == 14_831_912_497_089_857_349


@given(st.lists(st.text(max_size=8), min_size=2, max_size=6, unique=True), st.integers(0, 2**63))
def test_streams_of_other_names_are_other_streams(names: list[str], seed: int) -> None:
    """No two names share their numbers."""
    assert len({Streams(seed)[name].integers(2**63) for name in names}) == len(names)


@given(st.integers(0, 500), st.integers(0, 500))
def test_a_counted_draw_belongs_to_its_number(first: int, second: int) -> None:
    """Where a batch is cut does not change any draw in it."""
    streams, numbers = Streams(3), np.arange(max(first, second) + 1)
    whole = streams.counter("noise", numbers)
    assert streams.counter("noise", numbers[first:]).tolist() == whole[first:].tolist()
    assert streams.counter("noise", numbers[second : second + 1]).tolist() == whole[second : second + 1].tolist()


def test_counted_draws_are_uniform() -> None:
    """Every tenth of [0, 1) gets its share, for consecutive numbers and for each draw."""
    keys = key_of(1, np.arange(100_000))
    for draw in range(3):
        share = np.histogram(uniforms(keys, draw), bins=10, range=(0, 1))[0] / len(keys)
        assert np.abs(share - 0.1).max() < 0.004
    assert abs(np.corrcoef(uniforms(keys, 0), uniforms(keys, 1))[0, 1]) < 0.01


@given(st.integers(0, 2**64 - 1), st.integers(-(2**63), 2**63 - 1))
def test_one_draw_is_the_draw_of_an_array(seed: int, part: int) -> None:
    """Plain numbers and arrays give the same bits."""
    assert uniform(seed, part) == uniforms(key_of(seed, part))[0]
