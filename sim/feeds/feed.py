"""A feed hands blocks of traffic, each with its labels beside it, to the run that sends them.

Two adapters, the same blocks: `InlineFeed` makes each block when it is asked for, as on the virtual clock, where that
takes no time; `sim.feeds.process_feed.ProcessFeed` makes them ahead of time in another process, for the real one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

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

    def __reduce__(self) -> tuple[object, ...]:
        """Go to another process as a few long strings, which is faster. JSON of a transaction has no line break."""
        arrays = (self.due_ns, self.event_us, self.fraud, self.pattern)
        names = ("\n".join(self.merchants), "\n".join(name or "" for name in self.categories))
        return _unpickled, (self.first, arrays, b"\n".join(self.raws), *names)


def _unpickled(
    first: int, arrays: tuple[I64 | None, I64, U8, U8], raws: bytes, merchants: str, categories: str
) -> Block:
    due_ns, event_us, fraud, pattern = arrays
    known = [name or None for name in categories.split("\n")]
    return Block(first, due_ns, raws.split(b"\n"), event_us, fraud, pattern, merchants.split("\n"), known)


class Blocks(Protocol):
    """Traffic to be made, a synthetic run's or a file's. It can be pickled, to be made in another process."""

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
