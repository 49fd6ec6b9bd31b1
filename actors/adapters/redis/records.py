"""Records of cards, merchants and devices outside a ring buffer: as bytes, and in arrays that the kernels read."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from actors.core.arrays import I64, Column
from actors.features.entity_windows import (
    IDENTITY_BITS,
    NOBODY,
    EntityWindows,
    Past,
    RingBuffer,
    StreamLimits,
    words_of,
)

KINDS: Final = ("card", "merchant", "device")
_SMALL: Final = StreamLimits(16, 16, 16)


class RecordKind:
    """Records of one kind of entity.

    An entity that its past does not know gets an identity made from its name: the same in every worker.

    Args:
        ring: of that kind; only its layout is used.
        past: of its entities; None if nothing is known.

    Attributes:
        dtype: of a record.
        version_at: where its count is, int64: it is another one after each transaction.
    """

    def __init__(self, ring: RingBuffer, past: Past | None) -> None:
        self.dtype = ring.records.dtype
        self.version_at: int = self.dtype.fields["count"][1]  # type: ignore[index]
        self._past = past
        self._blank = np.zeros(1, dtype=self.dtype)
        for name, kind in ring.kinds.items():
            self._blank[name] = kind.empty
        self._known = 0 if past is None else past.identity_count
        fields = np.zeros(self.dtype.itemsize, dtype=np.uint8)
        for dtype, offset, *_ in self.dtype.fields.values():  # type: ignore[union-attr]
            fields[offset : offset + dtype.itemsize] = 0xFF
        self._fields: I64 = fields.view(np.int64)  # a past may have anything in the bytes between fields

    def new(self, names: Sequence[str]) -> Column:
        """Return records of ``names``, which are distinct and kept nowhere: blank ones, or with their past."""
        records = np.empty(len(names), dtype=self.dtype)
        words_of(records)[:] = words_of(self._blank)
        rows = np.arange(len(names))
        strange = rows if self._past is None else rows[~self._past.recall(names, words_of(records), rows)]
        words_of(records)[:] &= self._fields
        for row in strange.tolist():
            records["identity"][row] = self._identity(names[row])
        return records

    def _identity(self, name: str) -> int:
        digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
        return self._known + int.from_bytes(digest, "little") % ((1 << IDENTITY_BITS) - self._known)


def record_kinds(past: Mapping[str, Past] | None) -> tuple[RecordKind, ...]:
    """Return cards, merchants and devices with their ``past``."""
    rings = EntityWindows(_SMALL).by_kind()
    return tuple(RecordKind(rings[kind], (past or {}).get(kind)) for kind in KINDS)


@dataclass(slots=True)
class Entities:
    """The entities of one kind that some transactions name, each once.

    Attributes:
        kind: of their records.
        names: of each.
        rows: which of them each transaction names, int64 (n,); NOBODY where none.
        records: as they were read, then as they were counted on.
        versions: of the records as they are kept, 0 where none is, int64 (entities,).
    """

    kind: RecordKind
    names: list[str]
    rows: I64
    records: Column
    versions: I64

    @classmethod
    def named(cls, kind: RecordKind, names: Sequence[str | None]) -> "Entities":
        """Return the entities of ``names``, of which nothing was read yet."""
        places: dict[str, int] = {}
        rows = [NOBODY if name is None else places.setdefault(name, len(places)) for name in names]
        blank = np.empty(len(places), dtype=kind.dtype)
        return cls(kind, list(places), np.array(rows, dtype=np.int64), blank, np.zeros(len(places), dtype=np.int64))

    def fill(self, at: I64, there: bytes, records: bytes) -> None:
        """Take what was read of the entities ``at``: which are there, ``0`` or ``1`` each, and the records of those."""
        found = np.frombuffer(there, dtype=np.uint8) == ord("1")
        kept, new = at[found], at[~found]
        words = words_of(self.records)  # an assignment of records would leave out what is between their fields
        words[kept] = words_of(np.frombuffer(records, dtype=self.kind.dtype))
        self.versions[kept] = self.records["count"][kept]
        if len(new):
            words[new] = words_of(self.kind.new([self.names[row] for row in new.tolist()]))
            self.versions[new] = 0

    def packed(self, at: I64) -> bytes:
        """Return the records ``at``, one behind the other: equal ones have equal bytes."""
        return words_of(self.records)[at].tobytes()
