"""What tells cards, merchants and transactions of a file apart, by all of its rows."""

from dataclasses import dataclass, field
from typing import Final

import polars as pl

from sim.events.fields.field import Break
from sim.events.fields.keys import KeyField
from sim.scenario.column_map import KeyColumn

_GATHERED: Final = 1 << 21  # hashes that wait to be made one; 16 MB


@dataclass(slots=True)
class Keys:
    """Looks at a key, frame by frame: whether it can be read, and how many different ones there are.

    Attributes:
        name: of the field.
        column: how it is written in a column map.
        rows: that were looked at.
        refusal: why it cannot be read; empty where it can.
    """

    name: str
    column: KeyColumn
    rows: int = 0
    refusal: str = ""
    _hashes: list[pl.Series] = field(default_factory=list)
    _waiting: int = 0
    _field: KeyField | None = None

    def take(self, frame: pl.DataFrame) -> None:
        """Look at the next rows."""
        if self.refusal:
            return
        self._field = self._field or KeyField(self.name, self.column)
        keys = self._field.convert(frame, pl.int_range(self.rows + 1, self.rows + 1 + len(frame), eager=True))
        if isinstance(keys, Break):
            self.refusal = keys.after(self.rows)
            return
        self.rows += len(frame)
        self._hashes.append(keys.hash(0).unique())
        self._waiting += len(self._hashes[-1])
        if self._waiting > _GATHERED:
            self._gather()

    def _gather(self) -> None:
        self._hashes = [pl.concat(self._hashes).unique()] if self._hashes else []
        self._waiting = 0

    @property
    def distinct(self) -> int:
        """How many different keys there are."""
        self._gather()
        return len(self._hashes[0]) if self._hashes else 0

    @property
    def unique(self) -> bool:
        """Whether no key comes twice."""
        return not self.refusal and self.distinct == self.rows
