"""Laws of the producer's lateness: its own doing alone, and each sending once."""

import asyncio

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.actor import Environment
from actors.config import ProducerConfig
from actors.core.arrays import I64
from actors.core.batches import ARRIVAL, SENT, RawBatch
from actors.mailbox import Mailbox
from actors.producer import SHORT_NS, Producer
from actors.source import Arrivals
from actors.telemetry.histogram import Histogram
from actors.telemetry.stages import Stage
from actors.telemetry.telemetry import Telemetry
from sim.clocks.virtual_clock import VirtualClock
from sim.clocks.virtual_loop import VirtualLoop
from tests.support.actors.pipeline import ListSource

US = 1_000
GAPS = st.lists(st.integers(0, 3), min_size=1, max_size=40)


class Sending:
    """A producer that takes 1 µs a batch, on virtual time."""

    def __init__(self, due_ns: I64, blocks: int, capacity: int) -> None:
        self.loop = VirtualLoop()
        self.clock = VirtualClock(self.loop)
        self.telemetry = Telemetry()
        self.mailbox: Mailbox[RawBatch] = Mailbox("assembler", capacity, self.clock)
        parts = [part for part in np.array_split(due_ns, blocks) if len(part)]
        source = ListSource([Arrivals([b"{}"] * len(part), part) for part in parts], due_ns)
        environment = Environment(self.clock, self.telemetry, work=self)
        self.producer = Producer(source, self.mailbox, ProducerConfig(max_batch_size=4), environment)

    async def spend(self, *_: object) -> None:
        """Let a microsecond pass for each batch."""
        await self.clock.sleep_ns(US)

    @property
    def lateness(self) -> Histogram:
        """What is told."""
        return self.telemetry.stages[Stage.LATENESS]


@given(GAPS, st.integers(1, 4), st.booleans())
def test_lateness_is_from_intended_to_sent_whoever_reads_between(gaps: list[int], blocks: int, read: bool) -> None:
    """With room for all, each sending counts once, however arrivals come in blocks and whenever anyone reads."""
    due_ns = np.cumsum(gaps, dtype=np.int64) * US // 2
    sending = Sending(due_ns, blocks, capacity=100)
    tracks: list[I64] = []

    async def receive() -> None:
        while (lease := await sending.mailbox.receive(100)) is not None:
            tracks.append(lease.message.track.copy())
            sending.mailbox.acknowledge()
            assert not read or sending.lateness.count >= sum(map(len, tracks))

    async def both() -> None:
        await asyncio.gather(receive(), sending.producer.run())

    with asyncio.Runner(loop_factory=lambda: sending.loop) as runner:
        runner.run(both())
    track, expected = np.concatenate(tracks), Histogram()
    expected.record((track[:, SENT] - track[:, ARRIVAL]) // US)
    assert len(track) == len(gaps)
    assert sending.lateness.counts() == expected.counts()


S = 1_000_000_000


@given(
    st.lists(st.integers(0, 3_000), min_size=1, max_size=30),
    st.integers(1, 5),
    st.integers(0, 5_000),
    st.booleans(),
)
def test_the_end_waits_for_no_arrival_that_is_still_to_come(
    gaps: list[int], blocks: int, end_ms: int, stopped: bool
) -> None:
    """Whenever a run ends, its producer ends at that instant, and has sent what was due by then, block by block."""
    due_ns = np.cumsum(gaps, dtype=np.int64) * (S // 1_000)
    end_ns = end_ms * (S // 1_000) + S // 2_000  # between two arrivals, so that what is due by then is sent
    sending = Sending(due_ns, blocks, capacity=100)

    async def both() -> None:
        running = asyncio.ensure_future(sending.producer.run())
        await sending.clock.sleep_until_ns(end_ns)
        (sending.producer.stop if stopped else sending.producer.finish)()
        await running

    with asyncio.Runner(loop_factory=lambda: sending.loop) as runner:
        runner.run(both())
    due = int(np.searchsorted(due_ns, end_ns, side="right"))
    assert sending.producer.count_offered() == 0
    assert sending.telemetry.ledger.offered == sending.telemetry.ledger.produced == due
    # A short wait is slept through.
    assert sending.loop.now_ns - end_ns <= SHORT_NS


@pytest.mark.parametrize("stopped", [True, False])
def test_who_stops_a_producer_waits_for_no_source(stopped: bool) -> None:
    """A source that takes an hour to its next block is left; at a planned end it is waited for, if that is due."""
    sending = Sending(np.zeros(1, dtype=np.int64), 1, capacity=100)
    asked: list[int] = []

    class Slow(ListSource):
        async def take(self) -> Arrivals | None:
            asked.append(sending.loop.now_ns)
            if len(asked) > 1:
                await sending.clock.sleep_ns(3_600 * S)
            return await super().take()

    environment = Environment(sending.clock, sending.telemetry, work=sending)
    due_ns = np.array([0, 1], dtype=np.int64)
    source = Slow([Arrivals([b"{}"], due_ns[:1]), Arrivals([b"{}"], due_ns[1:])], due_ns)
    producer = Producer(source, sending.mailbox, ProducerConfig(), environment)

    async def both() -> None:
        running = asyncio.ensure_future(producer.run())
        await sending.clock.sleep_ns(S)
        (producer.stop if stopped else producer.finish)()
        await running

    with asyncio.Runner(loop_factory=lambda: sending.loop) as runner:
        runner.run(both())
    assert sending.loop.now_ns == (S if stopped else 3_600 * S + 2 * US)
    assert sending.telemetry.ledger.produced == (1 if stopped else 2)  # what was due by the planned end is sent
    assert producer.count_offered() == (1 if stopped else 0)


def test_what_a_full_mailbox_costs_is_not_the_producers_lateness() -> None:
    """Ten are due at once into room for four: the second's wait is the pipeline's, the microsecond a batch is not."""
    sending = Sending(np.zeros(10, dtype=np.int64), 1, capacity=4)

    async def receive_late() -> None:
        while True:
            await sending.clock.sleep_ns(1_000_000 * US)
            if (lease := await sending.mailbox.receive(4)) is None:
                return
            sending.mailbox.acknowledge()
            await asyncio.sleep(0)
            assert lease.rows

    async def both() -> None:
        await asyncio.gather(receive_late(), sending.producer.run())

    with asyncio.Runner(loop_factory=lambda: sending.loop) as runner:
        runner.run(both())
    assert (sending.lateness.count, sending.lateness.max_us) == (10, 2)
