"""How long a server, or a partition, has been silent is known whatever asking it comes to."""

import asyncio
import contextlib
from collections.abc import Sequence

from hypothesis import example, given
from hypothesis import strategies as st

from actors.core.clock import NS_PER_S
from sim.clocks.virtual_clock import VirtualClock
from sim.clocks.virtual_loop import VirtualLoop
from sim.coordinator.servers import PartitionWaits, Silence, listen_for
from sim.stream.store_check import MARKED_EVERY_S
from tests.support.virtual import run_virtual


def test_a_server_is_asked_again_whatever_it_answered() -> None:
    """No answer, and a client that gives up, are silence from that instant on; an answer ends it."""
    answers: list[bool | BaseException] = [True, asyncio.CancelledError(), False, True]
    found: list[float] = []

    async def law() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        silence = Silence(VirtualClock(loop))

        async def ask() -> bool:
            found.append(silence.lasting_s)
            if not answers:
                raise TimeoutError
            answer = answers.pop(0)
            if isinstance(answer, BaseException):
                raise answer
            return answer

        with contextlib.suppress(TimeoutError):
            await listen_for(ask, silence)

    run_virtual(law())
    every_s = round(MARKED_EVERY_S * NS_PER_S) / NS_PER_S
    assert found == [0.0, 0.0, every_s, 2 * every_s, 0.0]


Change = tuple[int, bool, int]  # in which partition, whether it is an end, how long after the change before


def waited(changes: Sequence[Change], stopped_ns: int) -> int:
    """Return the longest wait by definition: look at each partition in each of the spans in which nothing changes."""
    longest = 0
    for partition in {each for each, _, _ in changes}:
        undecided = waiting_ns = 0
        for where, ends, after_ns in (*changes, (-1, False, stopped_ns)):
            waiting_ns = waiting_ns + after_ns if undecided > 0 else 0
            longest = max(longest, waiting_ns)
            if where == partition:
                undecided += -1 if ends else 1
                waiting_ns = 0 if ends else waiting_ns
    return longest


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.integers(0, 9))), st.integers(0, 9))
@example([(0, False, 1), (1, False, 5), (0, True, 1), (0, False, 90), (0, True, 2)], 0)  # nothing to decide for long
@example([(0, True, 1), (0, False, 5), (0, False, 1), (0, True, 7)], 0)  # an end is seen before its transaction
def test_the_longest_wait_is_that_of_the_partition_that_had_work_and_no_end(
    changes: list[Change], stopped_ns: int
) -> None:
    """Whatever comes in which order; a partition without anything to decide does not wait, and what is left does."""
    waits, now_ns = PartitionWaits(), 0
    for partition, ends, after_ns in changes:
        now_ns += after_ns
        if ends:
            waits.ended(partition, now_ns)
        else:
            waits.taken(partition, 1, now_ns)
    waits.stop(now_ns + stopped_ns)
    found = waits.longest
    assert (0 if found is None else found.span_ns) == waited(changes, stopped_ns)
    if found is not None:
        assert any(partition == found.partition for partition, _, _ in changes)
        assert 0 <= found.begun_ns <= now_ns + stopped_ns - found.span_ns
