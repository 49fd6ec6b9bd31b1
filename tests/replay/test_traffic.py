"""A file as traffic: what the pipeline receives is what the file holds."""

import asyncio
import pickle
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.core.transaction import EARLIEST_US, LATEST_US, Columns, Transaction, parse, to_json
from actors.features.refresh import REFRESH_US
from sim.feeds.feed import Block
from sim.feeds.process_feed import ProcessFeed
from sim.replay.event_file import EventFile
from sim.replay.spec import EventsSpec, Period
from sim.replay.traffic import BLOCK_ROWS, FileTraffic
from tests.support.sim.event_files import HANDBOOK_MAP, column_map, row, spec, write

START_US = 1_522_540_800_000_000  # 2018-04-01
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=64)


def traffic(events: EventsSpec) -> FileTraffic:
    """Return the traffic of ``events`` with due times from its first transaction."""
    return FileTraffic(events, EventFile.open(events).contents(events.replay).first_us)


@given(
    st.builds(
        Transaction,
        id=NAMES,
        event_time=st.integers(EARLIEST_US, LATEST_US),
        card=NAMES,
        merchant=NAMES,
        amount=st.floats(0, 1e9),
        category=st.none() | NAMES,
        device=st.none() | NAMES,
        lat=st.none() | st.floats(-90, 90),
        lon=st.none() | st.floats(-180, 180),
    )
)
def test_what_is_sent_parses_to_what_was_read(transaction: Transaction) -> None:
    """Encoding columns and parsing them again changes nothing, to the last bit."""
    columns = Columns.of([transaction])
    (raw,) = to_json(columns)
    assert parse(raw) == transaction


def test_what_is_absent_is_not_sent(tmp_path: Path) -> None:
    """A field without a column does not appear in the JSON."""
    (block,) = traffic(spec(write(tmp_path / "some.csv", [row(0)])))
    assert block.raws == [b'{"id":"0","event_time":1522540800000000,"card":"0","merchant":"0","amount":10.25}']
    assert block.fraud.tolist() == [1]
    assert block.merchants == ["0"]
    assert block.categories == [None]


def test_speed_scales_event_time_to_due_times(tmp_path: Path) -> None:
    """At speed N a transaction is due at its event time since the start, divided by N."""
    plain = spec(write(tmp_path / "some.csv", [row(number) for number in range(4)]))
    (block,) = traffic(EventsSpec(plain.file, plain.columns, speed=120.0))
    assert block.due_ns is not None
    assert block.due_ns.tolist() == [0, 500_000_000, 1_000_000_000, 1_500_000_000]


def test_full_speed_has_no_schedule(tmp_path: Path) -> None:
    """At speed max nothing is ever due: the pipeline takes what it can."""
    (block,) = traffic(spec(write(tmp_path / "some.csv", [row(0)])))
    assert block.due_ns is None


def test_no_block_crosses_a_refresh(tmp_path: Path) -> None:
    """Blocks end where the batch tier is refreshed, and hold a bounded number of rows."""
    rows = [row(number) for number in range(1000)]
    rows += [row(number, WHEN=f"2018-04-02T00:00:{number % 60:02}") for number in range(1000, 1001)]
    rows += [row(number, WHEN="2018-04-03T00:00:00") for number in range(2000, 2000 + 2 * BLOCK_ROWS)]
    blocks = list(traffic(spec(write(tmp_path / "some.csv", rows))))
    assert all(len(set((block.event_us // REFRESH_US).tolist())) == 1 for block in blocks)
    assert max(len(block) for block in blocks) <= BLOCK_ROWS
    assert [block.first for block in blocks] == np.cumsum([0, *map(len, blocks)])[:-1].tolist()
    assert [parse(raw).id for block in blocks for raw in block.raws] == [str(one["TX"]) for one in rows]


def test_traffic_travels_to_another_process(tmp_path: Path) -> None:
    """Traffic can be pickled, and iterated over again; so can its blocks."""
    original = traffic(spec(write(tmp_path / "some.csv", [row(number) for number in range(5)])))
    copy = pickle.loads(pickle.dumps(original))
    assert [block.raws for block in copy] == [block.raws for block in original]
    (block,) = pickle.loads(pickle.dumps(list(copy)))
    assert (block.raws, block.categories, block.due_ns) == (next(iter(original)).raws, [None] * 5, None)


def test_the_handbook_s_first_days_replay(handbook: Path) -> None:
    """The Handbook's first two days come out as transactions of the pipeline, in order, each once."""
    events = EventsSpec(handbook, column_map(HANDBOOK_MAP), speed=3600.0, replay=Period.of("2018-04-01", "2018-04-02"))
    blocks = list(traffic(events))
    parsed = [parse(raw) for block in blocks for raw in block.raws]
    assert len(parsed) == 19_071
    assert len({each.id for each in parsed}) == len(parsed)
    due_ns = np.concatenate([block.due_ns for block in blocks if block.due_ns is not None])
    assert (np.diff(due_ns) >= 0).all()
    assert due_ns[-1] < 48 * 1_000_000_000


def test_another_process_makes_the_same_blocks(tmp_path: Path) -> None:
    """A feed in a process of its own hands out the blocks that are made here."""
    original = traffic(spec(write(tmp_path / "some.parquet", [row(number) for number in range(50)])))

    async def raws() -> list[list[bytes]]:
        feed = ProcessFeed(original)
        try:
            return [block.raws async for block in _all(feed)]
        finally:
            feed.close()

    assert asyncio.run(raws()) == [block.raws for block in original]


async def _all(feed: ProcessFeed) -> AsyncIterator[Block]:
    while (block := await feed.take()) is not None:
        yield block
