"""A file as traffic: blocks of JSON transactions with their due times, as the synthetic world makes them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import msgspec
import numpy as np

from actors.arrays import F64, I64, U8
from actors.clock import NS_PER_US
from actors.features.refresh import REFRESH_US
from actors.transaction import Columns, Transaction
from sim.events.spec import EventsSpec
from sim.world.block import Block

BLOCK_ROWS = 2_048  # as the synthetic world's: small enough to start at once, large enough to cost nothing each

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class FileTraffic:
    """The replayed period of a file, as often as it is iterated over, here or in another process.

    No block crosses a refresh of the batch tier, so that a replay at any speed can bring the table up to date between
    two blocks.

    Attributes:
        spec: the file and the period.
        start_us: event time at the start of the run, from which due times count; `EventFile.contents` has it.
    """

    spec: EventsSpec
    start_us: int

    @property
    def generator(self) -> str:
        """The module that makes it in a process of its own."""
        return "sim.events.generator"

    def encode(self) -> bytes:
        """Return it as JSON, for the other process."""
        return msgspec.json.encode(self, enc_hook=str)

    @staticmethod
    def decode(source: bytes) -> "FileTraffic":
        """Return what `encode` made ``source`` of."""
        return msgspec.json.decode(source, type=FileTraffic, dec_hook=lambda kind, text: kind(text))

    def build(self) -> Self:
        """Return the blocks, made as they are taken."""
        return self

    def __iter__(self) -> Iterator[Block]:
        """Yield up to `BLOCK_ROWS` transactions at a time, in file order.

        Raises:
            TransactionFileError: a row of the period breaks a rule.
        """
        from sim.events.event_file import EventFile

        first = 0
        for columns, fraud in EventFile.open(self.spec).columns(self.spec.replay):
            lines = encode(columns)
            for start, stop in pairwise(_cuts(columns.event_us)):
                yield self._block(first + start, columns, fraud, lines, slice(start, stop))
            first += len(columns)

    def _block(self, first: int, columns: Columns, fraud: U8, lines: list[bytes], part: slice) -> Block:
        event_us = columns.event_us[part]
        return Block(
            first=first,
            due_ns=self._due_ns(event_us),
            raws=lines[part],
            event_us=event_us,
            fraud=fraud[part],
            pattern=np.zeros(len(event_us), dtype=np.uint8),
            merchants=columns.merchants[part],
            categories=columns.category[part],
        )

    def _due_ns(self, event_us: I64) -> I64 | None:
        if self.spec.speed is None:
            return None
        return ((event_us - self.start_us) * (NS_PER_US / self.spec.speed)).astype(np.int64)


def encode(columns: Columns) -> list[bytes]:
    """Return each transaction as JSON; parsing it gives the same transaction, to the last bit."""
    rows = zip(
        columns.ids,
        columns.event_us.tolist(),
        columns.cards,
        columns.merchants,
        columns.amount.tolist(),
        columns.currency,
        columns.category,
        columns.channel,
        columns.device,
        columns.ip_country,
        columns.card_country,
        _or_none(columns.lat),
        _or_none(columns.lon),
        strict=True,
    )
    return [_encode(Transaction(*row)) for row in rows]


def _or_none(degrees: F64) -> list[float | None]:
    return [None if math.isnan(each) else each for each in degrees.tolist()]


def _cuts(event_us: I64) -> list[int]:
    """Return where blocks begin and the last ends."""
    cuts = {*range(0, len(event_us), BLOCK_ROWS), len(event_us)}
    cuts.update((np.flatnonzero(np.diff(event_us // REFRESH_US)) + 1).tolist())
    return sorted(cuts)
