"""What a message of the transactions' topic is to a worker: a row of its run, or none.

Messages of ours say in their headers what they are. In a topic of other people's messages every message is a row: a map
makes a transaction of it, and what they do not say is made of where it lies.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple, TypeAlias

from actors.adapters.kafka.messages import Offered, Record, RefusedMessage, read_offered
from actors.core.transaction import MAX_RAW_BYTES
from actors.output.dead_letters import redacted

NO_TRANSACTIONS: Final = {
    "too_large": b" " * (MAX_RAW_BYTES + 1),
    "not_json": b"",
    "missing_field": b"{}",
    "wrong_type": b"[]",
    "out_of_range": b'{"id":""}',
}
"""By reason what every pipeline refuses for it. It goes through the pipeline in place of a message that the map has
refused, so that a worker counts such a message as it counts any dead letter."""

OTHERWISE: Final = "wrong_type"  # where a map gives a reason that is none of these


class Refused(NamedTuple):
    """A message that the map has refused.

    Attributes:
        why: in the words of the map.
        begin: of the message, as it is kept, card numbers masked.
    """

    why: RefusedMessage
    begin: bytes


class Taken(NamedTuple):
    """A message as a row.

    Attributes:
        offered: its number in the run, and when it was due.
        raw: the transaction.
        refused: why there is none.
    """

    offered: Offered
    raw: bytes
    refused: Refused | None = None


Reading: TypeAlias = Callable[[Sequence[Record]], Sequence[Taken | None]]
"""Reads messages, each as a row or as none that is to be passed over; the same message is always read the same way."""

Translate: TypeAlias = Callable[[Sequence[bytes], Sequence[str]], Sequence[bytes | RefusedMessage]]
"""Makes a transaction in our own words of each message, given what it is called where it has no id of its own."""


def own_messages(run: str) -> Reading:
    """Return what reads the messages of the run ``run``, and passes all others over."""
    return partial(_own, run=run.encode())


def _own(records: Sequence[Record], run: bytes) -> list[Taken | None]:
    found = [(record, read_offered(record, run)) for record in records]
    return [None if offered is None else Taken(offered, record.value) for record, offered in found]


class MappedMessages:
    """Reads the messages of a topic that is not ours.

    Args:
        translate: by the map.
        starts: offset of each partition at which the run begins.
    """

    def __init__(self, translate: Translate, starts: Mapping[int, int]) -> None:
        self._translate = translate
        self._starts = starts

    def __call__(self, records: Sequence[Record]) -> list[Taken | None]:
        """Return each message as a row, whatever it is."""
        made = self._translate([each.value for each in records], [name_of(each) for each in records])
        return [self._taken(record, found) for record, found in zip(records, made, strict=True)]

    def as_ours(self, records: Sequence[Record]) -> list[Record]:
        """Return ``records`` with transactions in our own words; one that is refused has what nobody can read."""
        found = zip(records, self(records), strict=True)
        return [record._replace(value=taken.raw) for record, taken in found if taken is not None]

    def _taken(self, record: Record, found: bytes | RefusedMessage) -> Taken:
        offered = Offered(number_at(record.partition, record.offset, self._starts), _due_ns(record))
        if isinstance(found, bytes):
            return Taken(offered, found)
        why = found._replace(detail=redacted(found.detail.encode()).decode(errors="replace"))
        raw = NO_TRANSACTIONS.get(why.reason, NO_TRANSACTIONS[OTHERWISE])
        return Taken(offered, raw, Refused(why, redacted(record.value)))


def name_of(record: Record) -> str:
    """Return what a transaction without an id is called: no other message of its topic is called so.

    Example:
        >>> name_of(Record("payments", 3, 1070, None, b"", {}))
        '3-1070'
    """
    return f"{record.partition}-{record.offset}"


def number_at(partition: int, offset: int, starts: Mapping[int, int]) -> int:
    """Return the number of a message in a run that begins at ``starts``; see `place_of`.

    Example:
        >>> number_at(1, 12, {0: 7, 1: 10})
        5
    """
    return (offset - starts[partition]) * len(starts) + partition


def place_of(number: int, starts: Mapping[int, int]) -> tuple[int, int]:
    """Return partition and offset of the message that has ``number``.

    Example:
        >>> place_of(5, {0: 7, 1: 10})
        (1, 12)
    """
    steps, partition = divmod(number, len(starts))
    return partition, starts[partition] + steps


def _due_ns(record: Record) -> int:
    """Return when a message was due: as a header of ours says, else when it was written."""
    try:
        return int(record.headers["due"])
    except (KeyError, ValueError):
        return record.written_ns
