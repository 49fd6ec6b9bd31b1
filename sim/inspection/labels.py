"""Which words of a file mean fraud, by all of its rows."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from sim.events.fields.labels import FALSE, TRUE, folded
from sim.scenario.column_map import LabelColumn

MOST_WORDS: Final = 12  # a column with more of them is no label
TRUE_WORDS: Final = frozenset({"yes", "y", "t", "fraud", "fraudulent", "bad", "positive", "chargeback", "confirmed"})
FALSE_WORDS: Final = frozenset(
    {"no", "n", "f", "legit", "legitimate", "genuine", "good", "normal", "negative", "nonfraud", "non-fraud", "ok"}
    | {"not fraud", "no fraud", "nofraud", "clean", "valid"}
)


@dataclass(slots=True)
class Labels:
    """Counts the words of a column, frame by frame.

    Attributes:
        name: of the column.
        counts: rows by word, as `folded`.
        absent: rows without one.
    """

    name: str
    counts: Counter[str] = field(default_factory=Counter)
    absent: int = 0
    _written: dict[str, str] = field(default_factory=dict)

    def take(self, frame: pl.DataFrame) -> None:
        """Look at the next rows."""
        column = frame[self.name]
        self.absent += column.null_count()
        if len(self.counts) > MOST_WORDS:
            return
        words = column.drop_nulls().cast(pl.String)
        for word, count in words.value_counts(sort=True).head(MOST_WORDS + 1).iter_rows():
            self._written.setdefault(folded(word), word.strip())
            self.counts[folded(word)] += count

    @property
    def plain(self) -> bool:
        """Whether the words mean what they mean without being told."""
        return set(self.counts) <= {*TRUE, *FALSE}

    @property
    def fits(self) -> bool:
        """Whether it may be a label at all."""
        return 0 < len(self.counts) <= MOST_WORDS

    def _sides(self) -> tuple[list[str], list[str], list[str]]:
        true = [word for word in self.counts if word in TRUE_WORDS or word in TRUE]
        false = [word for word in self.counts if word in FALSE_WORDS or word in FALSE]
        return true, false, [word for word in self.counts if word not in (*true, *false)]

    @property
    def column(self) -> LabelColumn:
        """How to write it in a column map; words of no known meaning go to the side of no fraud."""
        if self.plain:
            return LabelColumn(column=self.name)
        true, false, unknown = self._sides()
        if not true and unknown:
            true = [min(unknown, key=lambda word: self.counts[word])]  # the rarest
            unknown = [word for word in unknown if word not in true]
        written = self._written
        return LabelColumn(
            column=self.name,
            true=tuple(written[word] for word in true) or ("Yes",),
            false=tuple(written[word] for word in (*false, *unknown)) or ("No",),
        )

    @property
    def frauds(self) -> int:
        """Rows that are fraud, by `column`."""
        true = TRUE if self.plain else tuple(map(folded, self.column.true))
        return sum(self.counts[word] for word in true)

    @property
    def doubts(self) -> list[str]:
        """What is not sure about it."""
        found = []
        if not self.plain and (unknown := self._sides()[2]):
            words = ", ".join(self._written[word] for word in unknown)
            found.append(f"it is not known on which side belong: {words}")
        if 2 * self.frauds > self.counts.total() + self.absent:
            found.append("most rows are fraud by it: it may mean the opposite")
        if self.absent:
            found.append(f"{self.absent:,} rows have no label, and are refused")
        return found
