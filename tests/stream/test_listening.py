"""A run on a topic that others write takes note of what is there, up to where the topic ends when the run does."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from actors.adapters.kafka.client import WorkerFencedError
from actors.adapters.kafka.messages import Record, RefusedMessage
from actors.adapters.kafka.partition_reader import Offsets
from actors.adapters.kafka.readings import MappedMessages, number_at, place_of
from actors.core.arrays import I64
from sim.stream.listening import FIRST, FirstMessages, Listener
from tests.support.sim.event_files import column_map

MAP = {"event_time": {"column": "at", "unit": "ms"}, "card": "card", "merchant": "shop", "amount": "sum"}
COLUMNS = column_map(MAP)
STARTS = {0: 10, 1: 0}
GOOD = b'{"at": 1770000000000, "card": "c", "shop": "s", "sum": 1}'


def message(partition: int, offset: int, value: bytes = GOOD, topic: str = "payments") -> Record:
    """Return a message of the topic."""
    return Record(topic, partition, offset, None, value, {}, 0)


class ScriptedReader:
    """Gives out messages a few at a time; the end of a partition may lie behind its last message."""

    def __init__(self, turns: Sequence[list[Record]], ends: Offsets) -> None:
        self._turns = list(turns)
        self._ends = ends
        self.reached: Offsets = {("payments", partition): offset for partition, offset in STARTS.items()}

    async def read(self) -> list[Record]:
        """Return the next few."""
        await asyncio.sleep(0)
        if not self._turns:
            self.reached |= self._ends
            return []
        found = self._turns.pop(0)
        self.reached |= {(each.topic, each.partition): each.offset + 1 for each in found}
        return found


class Noted:
    """Takes note of numbers and of what history gets."""

    ahead_count = 0

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.beyond: Callable[[int], bool] = lambda _: False
        self.transactions: list[bytes] = []
        self.labels: list[bytes] = []

    def found(self, numbers: I64, partitions: I64) -> None:
        """Take note of messages."""
        assert [place_of(each, STARTS)[0] for each in numbers.tolist()] == partitions.tolist()
        self.numbers += numbers.tolist()

    def end_at(self, beyond: Callable[[int], bool]) -> None:
        """Take note of the end."""
        self.beyond = beyond

    def take(self, records: Sequence[Record], *, labels: bool = False) -> None:
        """Take note of what batch features are computed from."""
        (self.labels if labels else self.transactions).extend(each.value for each in records)

    async def go_on(self, ends: Callable[[], Awaitable[Offsets]], *, idle: bool) -> None:
        """Nothing is due."""


def translate(values: Sequence[bytes], ids: Sequence[str]) -> list[bytes | RefusedMessage]:
    """Return our own words for what is a message, the rest as refused."""
    assert len(ids) == len(values)
    return [b"ours" if each == GOOD else RefusedMessage("not_json", "is none") for each in values]


def listened(turns: Sequence[list[Record]], ends: Offsets, tell: Callable[[str], object] = lambda _: None) -> Noted:
    """Return what was noted of a run that is over at once, with the topic's ends at ``ends``."""

    async def run() -> Noted:
        noted, reader = Noted(), ScriptedReader(turns, ends)

        async def ends_now() -> Offsets:
            return ends

        first = FirstMessages(COLUMNS, "payments", tell)
        reading = MappedMessages(translate, STARTS)
        listener = Listener(reader, reading, "payments", STARTS, ends_now, noted, noted, first)
        listener.start_at(0, 0)
        listener.finish()
        await listener.produce()
        return noted

    return asyncio.run(run())


def test_all_that_is_there_when_the_run_ends_belongs_to_it() -> None:
    """Of every partition, though an end lies behind the last message; labels are no transactions."""
    turns = [[message(0, 10), message(1, 0, b"?")], [message(1, 1), message(0, 0, b"label", "labels")]]
    noted = listened(turns, {("payments", 0): 12, ("payments", 1): 2, ("labels", 0): 1})
    assert noted.numbers == [number_at(*place, STARTS) for place in ((0, 10), (1, 0), (1, 1))]
    assert (noted.transactions[0], noted.transactions[2], noted.labels) == (b"ours", b"ours", [b"label"])
    assert [noted.beyond(number_at(0, offset, STARTS)) for offset in (11, 12)] == [False, True]


def test_a_message_that_is_too_far_for_one_ledger_ends_the_run() -> None:
    """What was removed before it leaves its numbers behind, and a run has bounded memory: it is told where to begin."""
    told = "payments: partition 1 goes on at offset 1,000,000,000, and the run began at 0, which is too far"
    with pytest.raises(WorkerFencedError, match=told):
        listened([[message(0, 10)], [message(1, 1_000_000_000)]], {("payments", 1): 1_000_000_001})


ALL_WRONG = f"each of the first {FIRST} messages of payments is a dead letter, {FIRST} with: is none"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([b"?"] * FIRST, f"{ALL_WRONG}; none of them is a JSON object"),
        ([b'{"cc": 1, "of": {"it": 2}}'] * FIRST, f"{ALL_WRONG}; they have cc, of.it"),
        ([GOOD.replace(b"card", b"cc"), GOOD], ""),
        ([GOOD] * FIRST, ""),
    ],
)
def test_what_is_wrong_with_all_of_the_first_is_told_in_one_line(values: list[bytes], told: str) -> None:
    """That each is a dead letter, and what names they have; once, and nothing where some are right."""
    lines: list[str] = []
    messages = [message(1, offset, value) for offset, value in enumerate(values)]
    ends = {("payments", 0): 10, ("payments", 1): len(values) + 1}
    listened([messages, [message(1, len(values), GOOD)]], ends, lines.append)
    assert len(lines) == bool(told)
    assert told in "".join(lines)


def test_a_name_that_no_message_has_is_told() -> None:
    """Though every message is a transaction: a map that means a field and never has it is a mistake."""
    lines: list[str] = []
    columns = column_map(MAP | {"device": "dev"})
    first = FirstMessages(columns, "payments", lines.append)
    rows = MappedMessages(translate, STARTS)([message(1, 0)])
    first.look([message(1, 0)], [each for each in rows if each is not None])
    first.conclude()
    first.conclude()
    missing = "no message has dev, which pipeline.source.columns gives for device"
    assert lines == [f"payments: of the first 1, {missing}; they have at, card, shop, sum"]
