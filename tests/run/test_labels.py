"""Laws of labels that come late."""

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.features.history import Labels
from sim.feeds.feed import Block
from sim.outcomes.money import UNKNOWN
from sim.run.source import DelayedLabels


def block(first: int, times: list[int]) -> Block:
    count = len(times)
    return Block(
        first=first,
        due_ns=None,
        raws=[b"{}"] * count,
        event_us=np.array(times, dtype=np.int64),
        fraud=np.array([time % 2 for time in times], dtype=np.uint8),
        pattern=np.zeros(count, dtype=np.uint8),
        merchants=[f"m{time}" for time in times],
        categories=[None] * count,
    )


@given(
    gaps=st.lists(st.integers(0, 5), min_size=1, max_size=40),
    cuts=st.lists(st.integers(1, 39), max_size=4),
    delay=st.integers(0, 20),
    looks=st.lists(st.integers(0, 250), max_size=8),
    at_once=st.sampled_from([1, 3, 40]),
)
def test_each_label_comes_once_and_never_early(
    gaps: list[int], cuts: list[int], delay: int, looks: list[int], at_once: int
) -> None:
    """Whatever the blocks and the looks, every label comes out once, in order, as soon as it is due and not before."""
    times = np.cumsum(gaps).tolist()
    labels = DelayedLabels(delay)
    edges = sorted({0, *(cut for cut in cuts if cut < len(times)), len(times)})
    for start, stop in itertools.pairwise(edges):
        labels.book(start, block(start, times[start:stop]))

    taken: list[int] = []
    for now in sorted(looks):
        for due in all_due(labels, now, at_once):
            assert len(due) <= at_once
            taken += due.number.tolist()
            assert due.fraud.tolist() == [times[number] % 2 for number in due.number.tolist()]
            assert due.merchants == [f"m{times[number]}" for number in due.number.tolist()]
        assert taken == [number for number, time in enumerate(times) if time + delay <= now]


def all_due(labels: DelayedLabels, now_us: int, at_once: int) -> Iterator[Labels]:
    """Yield what is due, at most ``at_once`` at a time."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sim.run.source._AT_ONCE", at_once)
        while (due := asyncio.run(labels.take_due(now_us))) is not None:
            yield due


def test_copy_of_a_transaction_brings_no_second_label() -> None:
    """Who is sent three times was defrauded once: only what has a truth has a label, under its own number."""
    sent = replace(block(5, [1, 1, 1, 3]), fraud=np.array([1, UNKNOWN, UNKNOWN, 0], dtype=np.uint8))
    labels = DelayedLabels(0)
    labels.book(5, sent)
    due = asyncio.run(labels.take_due(9))
    assert due is not None
    assert (due.number.tolist(), due.merchants, due.fraud.tolist()) == ([5, 8], ["m1", "m3"], [1, 0])
