"""A block: consecutive transactions of a run, made ahead of time, with the labels beside them."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from actors.arrays import I64, U8


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
        pattern: uint8 (n,), `sim.world.rows.Pattern`.
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
