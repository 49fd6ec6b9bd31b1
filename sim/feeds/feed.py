"""A feed hands blocks of traffic, each with its labels beside it, to the run that sends them.

Two adapters, the same blocks: `InlineFeed` makes each block when it is asked for, as on the virtual clock, where that
takes no time; `sim.feeds.process_feed.ProcessFeed` makes them ahead of time in another process, for the real one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec
import numpy as np

from actors.core.arrays import I64, U8
from actors.core.errors import InternalError


@dataclass(frozen=True, slots=True)
class Block:
    """Transactions in the order of their intended arrival.

    Labels and what is needed to file them are columns of the block. They are never part of a transaction.

    Attributes:
        first: number of the first transaction; they count from 0 over the run.
        due_ns: int64 (n,), intended arrival from the start of the run; None: as fast as they are taken.
        raws: one JSON document each.
        event_us: int64 (n,), event time.
        fraud: uint8 (n,), 1 is fraud.
        pattern: uint8 (n,), `sim.world.transactions.Pattern`.
        merchants: the merchant of each.
        categories: the merchant's category, None where it is not known.
    """

    first: int
    due_ns: I64 | None
    raws: list[bytes]
    event_us: I64
    fraud: U8
    pattern: U8
    merchants: list[str]
    categories: Sequence[str | None]

    def __len__(self) -> int:
        """Return the number of transactions."""
        return len(self.raws)


class _Packed(msgspec.Struct, array_like=True):
    """A block as a few long strings of bytes; texts are one to a line."""

    first: int
    due_ns: bytes | None
    raws: bytes
    event_us: bytes
    fraud: bytes
    pattern: bytes
    merchants: str
    categories: str


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Packed).decode


def pack(block: Block) -> bytes:
    """Return ``block`` as bytes. JSON of one transaction has no line break, nor has a name."""
    return _encode(
        _Packed(
            block.first,
            None if block.due_ns is None else block.due_ns.tobytes(),
            b"\n".join(block.raws),
            block.event_us.tobytes(),
            block.fraud.tobytes(),
            block.pattern.tobytes(),
            "\n".join(block.merchants),
            "\n".join(name or "" for name in block.categories),
        )
    )


def unpack(data: bytes) -> Block:
    """Return the block that `pack` made ``data`` of; about 60 ns a transaction."""
    packed = _decode(data)
    return Block(
        first=packed.first,
        due_ns=None if packed.due_ns is None else np.frombuffer(packed.due_ns, dtype=np.int64),
        raws=packed.raws.split(b"\n"),
        event_us=np.frombuffer(packed.event_us, dtype=np.int64),
        fraud=np.frombuffer(packed.fraud, dtype=np.uint8),
        pattern=np.frombuffer(packed.pattern, dtype=np.uint8),
        merchants=packed.merchants.split("\n"),
        categories=[name or None for name in packed.categories.split("\n")],
    )


class Blocks(Protocol):
    """Traffic to be made, here or in another process: a synthetic run's or a file's."""

    @property
    def generator(self) -> str:
        """The module that makes it in a process of its own, out of `encode`."""
        ...

    def encode(self) -> bytes:
        """Return all that the other process needs."""
        ...

    def build(self) -> Iterable[Block]:
        """Return the blocks, made as they are taken."""
        ...


class Feed(Protocol):
    """Where a run's traffic comes from. It belongs to one event loop and is used by one task."""

    async def take(self) -> Block | None:
        """Return the next block in order, None after the last one and after `close`.

        Raises:
            RiskdrillError: the traffic could not be made; the text has the cause. Each later call raises it again.
        """
        ...

    def close(self) -> None:
        """Stop making traffic and free what it needs; at any time, any number of times. It never raises."""
        ...


class InlineFeed:
    """Makes each block when it is asked for: a few ms of computing, no other thread, no other process.

    Args:
        blocks: the traffic.
    """

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = _made(blocks)
        self._failure: Exception | None = None
        self._closed = False

    async def take(self) -> Block | None:
        """Return the next block, None after the last one and after `close`.

        Raises:
            InternalError: the traffic could not be made; the text has the cause.
        """
        if self._closed:
            return None
        block = None
        try:
            block = next(self._blocks, None)
        except Exception as error:  # noqa: BLE001 - as from a child: whatever it is, there is no traffic
            self._failure = error
        if self._failure is not None:
            raise InternalError(f"the traffic could not be made: {self._failure!r}") from self._failure
        return block

    def close(self) -> None:
        """Hand out nothing more."""
        self._closed = True


def _made(blocks: Blocks) -> Iterator[Block]:
    yield from blocks.build()  # built when the first block is asked for, so that an error comes from `take`
