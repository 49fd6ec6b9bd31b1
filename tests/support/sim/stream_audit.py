"""What a run has left on its servers, read by nobody of the run: what ended each transaction, and the windows."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, TopicPartition

from actors.adapters.kafka.address import StreamAddress
from actors.adapters.kafka.messages import read_ended, read_offered, record_of
from actors.adapters.redis.connection import connect
from actors.adapters.redis.records import Entities, record_kinds
from actors.adapters.redis.windows import NO_TOUCHES
from actors.core.batches import Mode
from actors.core.transaction import readable
from actors.features.catalogue import STREAM_COLUMNS
from actors.features.kernels import advance
from actors.model.artifact import load_artifact
from sim.run.plan import traffic_spec
from sim.run.warm_state import warm_past
from sim.scenario.loader import parse

AT_ONCE: Final = 10_000
MOMENT_S: Final = 0.2
WAIT_S: Final = 30.0  # an epoch that nobody ended hides what is behind it for its time-out
LETTERS: Final = "cmd"  # cards, merchants, devices, in the order of their kinds


@dataclass(slots=True)
class Committed:
    """What a reader of committed messages finds of one run.

    Attributes:
        offered: numbers of the transactions in the topic, and how often each lies there.
        ended: how often each came to an end.
        kinds: how.
        modes: of the decisions on each transaction's id.
        at_ms: by partition, when its ends were written, in order.
        rows: the transactions as they lie there, partition after partition.
    """

    offered: Counter[int] = field(default_factory=Counter)
    ended: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    modes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    at_ms: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    rows: list[bytes] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        """What breaks the promise of one end for each transaction, a line each.

        Repetitions are known by the ids in Redis: one that comes while Redis does not answer, or whose first did, may
        be decided too, by rules.
        """
        lost = [number for number in self.offered if not self.ended[number]]
        lines: dict[str, list[int] | list[str]] = {
            "offered more than once": [number for number, count in self.offered.items() if count > 1],
            "without an end": lost,
            "with more than one end": [number for number, count in self.ended.items() if count > 1],
            "that ended and were never offered": [number for number in self.ended if number not in self.offered],
            "decided again under the same id, both times with their windows": [
                name for name, modes in self.modes.items() if len(modes) > 1 and Mode.RULES.label not in modes
            ],
        }
        return [f"{len(found)} transactions {what}, as {found[0]}" for what, found in lines.items() if found]

    def longest_silence_s(self, from_ms: float, until_ms: float) -> float:
        """Return for how long, from ``from_ms`` on, the partition that waited longest had no end before it had one."""
        longest = 0.0
        for instants in self.at_ms.values():
            later = sorted(at for at in instants if from_ms <= at)
            gaps = np.diff(np.array([from_ms, *(at for at in later if at < until_ms), *later[:1]]))
            longest = max(longest, gaps.max(initial=0.0) / 1_000)
        return longest


def read_committed(stream: StreamAddress, run: str) -> Committed:
    """Return what the topics of ``stream`` have of ``run``, all of it committed."""
    topics, found = stream.topics, Committed()
    for message in _messages(stream, topics.transactions):
        record = record_of(message)
        if (row := read_offered(record, run.encode())) is not None:
            found.offered[row.number] += 1
            found.rows.append(record.value)
    for topic in (topics.decisions, topics.dead_letters):
        for message in _messages(stream, topic):
            ended = read_ended(record_of(message), run.encode())
            if ended is not None:
                found.ended[ended.number] += 1
                found.kinds[ended.kind] += 1
                found.at_ms[message.partition() or 0].append(message.timestamp()[1])
                if ended.kind == "decision":
                    line = msgspec.json.decode(ended.value)
                    found.modes[line["id"]].append(line["mode"])
    return found


def _messages(stream: StreamAddress, topic: str) -> Iterator[Message]:
    """Yield all of ``topic`` that is committed, partition after partition, in order."""
    ends = {"group.id": "audit", "bootstrap.servers": stream.servers, "enable.partition.eof": True}
    raw = Consumer({**ends, "isolation.level": "read_uncommitted"})
    partitions = raw.list_topics(topic, timeout=WAIT_S).topics[topic].partitions
    upto = {each: raw.get_watermark_offsets(TopicPartition(topic, each), timeout=WAIT_S)[1] for each in partitions}
    raw.close()
    reader = Consumer({**ends, "isolation.level": "read_committed", "enable.auto.commit": False})
    for partition, end in sorted(upto.items()):
        reader.assign([TopicPartition(topic, partition, OFFSET_BEGINNING)])
        at, until = 0, time.monotonic() + WAIT_S
        while at < end:
            if time.monotonic() > until:
                raise AssertionError(f"partition {partition} of {topic} can be read to {at}, and ends at {end}")
            for message in reader.consume(AT_ONCE, MOMENT_S):
                error, until = message.error(), time.monotonic() + WAIT_S
                if error is None:
                    yield message
                elif error.code() == KafkaError._PARTITION_EOF:
                    at = message.offset() or 0
                else:
                    raise AssertionError(str(error))
    reader.close()


Records = tuple[Mapping[str, bytes], Mapping[str, int], Mapping[str, int]]
"""Of each card its record; of each merchant and each device how many transactions it has counted."""


def windows_of(rows: Sequence[bytes], scenario: str, model: Path) -> Records:
    """Return what windows hold after ``rows``, those with an id that came before left out.

    The kernel counts them here in one call, in an order in which those of a card are as they lie in the topic.
    """
    parsed = parse(scenario, "audit")
    towns = traffic_spec(parsed).towns()
    kinds = record_kinds(warm_past(load_artifact(model), towns))
    columns, _, _ = readable(list(rows))
    assert columns is not None
    first: dict[str, int] = {}
    for row, name in enumerate(columns.ids):
        first.setdefault(name, row)
    kept = np.fromiter(first.values(), dtype=np.int64)
    entities = []
    named: tuple[Sequence[str | None], ...] = (columns.cards, columns.merchants, columns.device)
    for kind, names in zip(kinds, named, strict=True):
        each = Entities.named(kind, [names[row] for row in kept.tolist()])
        each.fill(np.arange(len(each.names)), b"0" * len(each.names), b"")
        entities.append(each)
    cards, merchants, devices = entities
    advance(
        cards.records,
        merchants.records,
        devices.records,
        cards.rows,
        merchants.rows,
        devices.rows,
        columns.event_us[kept],
        columns.cents[kept],
        columns.lat[kept],
        columns.lon[kept],
        NO_TOUCHES,
        np.empty((len(kept), len(STREAM_COLUMNS)), dtype=np.float32),
    )
    packed = {name: cards.packed(np.array([at])) for at, name in enumerate(cards.names)}
    of_others = [dict(zip(each.names, each.records["count"].tolist(), strict=True)) for each in (merchants, devices)]
    return packed, of_others[0], of_others[1]


def windows_in(url: str, prefix: str) -> Records:
    """Return what windows in Redis hold behind ``prefix``."""

    async def scanned() -> list[dict[str, bytes]]:
        client = connect(url, WAIT_S)
        try:
            found: list[dict[str, bytes]] = []
            for letter in LETTERS:
                begin = f"{prefix}{letter}:"
                keys = [key async for key in client.scan_iter(f"{begin}*", AT_ONCE)]
                values = [await client.mget(keys[at : at + AT_ONCE]) for at in range(0, len(keys), AT_ONCE)]
                named = zip(keys, chain.from_iterable(values), strict=True)
                found.append(
                    {
                        key.decode().removeprefix(begin): value if isinstance(value, bytes) else b""
                        for key, value in named
                    }
                )
            return found
        finally:
            await client.aclose()

    cards, *others = asyncio.run(scanned())
    counts = [
        {name: int(np.frombuffer(value, kind.dtype)["count"][0]) for name, value in each.items()}
        for each, kind in zip(others, record_kinds(None)[1:], strict=True)
    ]
    return cards, counts[0], counts[1]


def differences(found: Records, expected: Records) -> list[str]:
    """Return in which windows differ, a line for each kind of entity."""
    lines = []
    for what, ours, theirs in zip(("cards", "merchants", "devices"), found, expected, strict=True):
        names = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
        if names:
            lines.append(f"windows of {len(names)} of {len(theirs)} {what} differ, as of {names[0]}")
    return lines
