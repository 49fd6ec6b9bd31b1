"""Laws of the mailbox."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.errors import MailboxError
from actors.mailbox import Mailbox
from tests.support.actors.actor import HandClock, Numbers

SIZES = st.lists(st.integers(1, 12), min_size=1, max_size=20)


def mailbox(capacity: int) -> Mailbox[Numbers]:
    return Mailbox("scorer", capacity, HandClock())


async def send_all(box: Mailbox[Numbers], sizes: list[int]) -> None:
    start = 0
    for size in sizes:
        await box.send(Numbers(tuple(range(start, start + size))))
        start += size
    box.close()


async def receive_all(box: Mailbox[Numbers], limit: int) -> list[tuple[int, ...]]:
    leases = []
    while (lease := await box.receive(limit)) is not None:
        assert box.depth <= box.capacity
        leases.append(lease.message.values)
        box.acknowledge()
        await asyncio.sleep(0)
    return leases


@given(sizes=SIZES, capacity=st.integers(1, 15), limit=st.integers(1, 15))
def test_everything_arrives_once_and_in_order(sizes: list[int], capacity: int, limit: int) -> None:
    """What is sent in any pieces through any capacity is received whole, in order, in leases within the limit."""

    async def run() -> list[tuple[int, ...]]:
        box = mailbox(capacity)
        _, leases = await asyncio.gather(send_all(box, sizes), receive_all(box, limit))
        return leases

    leases = asyncio.run(run())
    assert [number for lease in leases for number in lease] == list(range(sum(sizes)))
    assert all(0 < len(lease) <= limit for lease in leases)


@given(sizes=SIZES, limit=st.integers(1, 15))
def test_a_lease_takes_everything_waiting_up_to_the_limit(sizes: list[int], limit: int) -> None:
    """A receiver never waits for a batch to fill, and never leaves behind what fits."""
    box = mailbox(1_000)
    for size in sizes:
        assert box.offer(Numbers((0,) * size)) is None

    lease = asyncio.run(box.receive(limit))

    assert lease is not None
    assert len(lease.message) == min(limit, sum(sizes))
    assert box.depth == sum(sizes) - len(lease.message)


@given(size=st.integers(1, 30), capacity=st.integers(1, 20))
def test_a_full_mailbox_blocks_the_sender(size: int, capacity: int) -> None:
    """What does not fit is handed back, never dropped and never taken beyond the capacity."""
    box = mailbox(capacity)

    rest = box.offer(Numbers(tuple(range(size))))

    assert box.depth == min(size, capacity)
    assert (len(rest) if rest else 0) == size - box.depth


def test_time_blocked_is_counted() -> None:
    """A sender's wait for room shows in seconds, also while it lasts."""

    async def run() -> tuple[float, float]:
        clock = HandClock()
        box: Mailbox[Numbers] = Mailbox("scorer", 1, clock)
        await box.send(Numbers((1,)))
        sender = asyncio.create_task(box.send(Numbers((2,))))
        await asyncio.sleep(0)
        clock.at_ns = 2_000_000_000
        during = box.blocked_s
        await box.receive(1)
        await sender
        clock.at_ns = 9_000_000_000
        return during, box.blocked_s

    assert asyncio.run(run()) == (2.0, 2.0)


def test_a_lease_not_acknowledged_comes_again() -> None:
    """A receiver that died gets the same lease, with the same sequence, whatever arrived since."""
    box = mailbox(10)
    box.offer(Numbers((1, 2)))
    first = asyncio.run(box.receive(2))
    box.offer(Numbers((3,)))

    again = asyncio.run(box.receive(10))

    assert again is first
    box.acknowledge()
    following = asyncio.run(box.receive(10))
    assert following is not None
    assert first is not None
    assert following.sequence > first.sequence


def test_a_narrowed_lease_comes_back_one_by_one_before_all_else() -> None:
    """Cutting a lease changes neither order nor count."""
    box = mailbox(10)
    box.offer(Numbers((1, 2, 3)))
    asyncio.run(box.receive(3))
    box.offer(Numbers((4, 5)))
    box.narrow()
    assert box.leased == 3
    box.close()

    assert asyncio.run(receive_all(box, 10)) == [(1,), (2,), (3,), (4, 5)]


def test_a_closed_mailbox_takes_nothing_more() -> None:
    """Sending after close is a mistake of ours, and says so."""
    box = mailbox(1)
    box.close()

    with pytest.raises(MailboxError, match="scorer is closed"):
        box.offer(Numbers((1,)))


def test_an_acknowledgement_needs_a_lease() -> None:
    """Acknowledging nothing is a mistake of ours, and says so."""
    with pytest.raises(MailboxError, match="no lease"):
        mailbox(1).acknowledge()


@given(sizes=SIZES, taken=st.integers(1, 12))
def test_emptying_gives_everything_held_in_order(sizes: list[int], taken: int) -> None:
    """At the end of a run nothing stays behind: lease first, then what waits."""
    box = mailbox(1_000)
    start = 0
    for size in sizes:
        box.offer(Numbers(tuple(range(start, start + size))))
        start += size
    asyncio.run(box.receive(taken))

    left = [number for message in box.take_all() for number in message.values]

    assert left == list(range(sum(sizes)))
    assert (box.depth, box.leased) == (0, 0)


def test_resized_mailbox_lets_a_waiting_sender_go_on_at_once() -> None:
    """Room that appears because the mailbox grows is used as room that was made."""

    async def main() -> tuple[int, int]:
        mailbox: Mailbox[Numbers] = Mailbox("scorer", 2, HandClock())
        sending = asyncio.create_task(mailbox.send(Numbers((1, 2, 3, 4))))
        await asyncio.sleep(0)
        before = mailbox.depth
        mailbox.resize(4)
        await sending
        return before, mailbox.depth

    assert asyncio.run(main()) == (2, 4)
