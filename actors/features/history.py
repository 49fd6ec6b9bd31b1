"""History: what the batch tier is computed from, transactions and labels as columns."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

import numpy as np

from actors.core.arrays import F64, I32, I64, U8, Column
from actors.core.clock import US_PER_DAY
from actors.core.transaction import Columns
from actors.core.untrusted_files import read_arrays
from actors.features.column_log import Allocate, ColumnLog, pieces
from actors.features.encoding import Interner, KnownEntities, category_codes, name_array


@dataclass(frozen=True, slots=True)
class Labels:
    """What became known about some transactions, one array or list a field, all of length n.

    Attributes:
        number: of the transactions in offered order; -1 for history, which was never offered.
        merchants: where they happened.
        categories: the merchant's category, None if unknown.
        event_us: when they happened, µs since the Unix epoch.
        fraud: 1 fraud, 0 not.
    """

    number: I64
    merchants: list[str]
    categories: list[str | None]
    event_us: I64
    fraud: U8

    def __len__(self) -> int:
        """Return the number of labels."""
        return len(self.merchants)


class LabelSource(Protocol):
    """Where labels come from, each once and not before its delay has passed."""

    async def take_due(self, now_us: int) -> Labels | None:
        """Return labels that became known up to event time ``now_us`` and were not taken before, None if none is left.

        The earliest come first; of many only a part comes at once. Called at each refresh of the batch tier until none
        is left.

        Raises:
            LabelError: none was taken. The refresh fails, since a table without them would pass for a fresh one; the
                features age, and the next refresh asks again.
        """
        ...


LONGEST_WINDOW_US = 30 * US_PER_DAY
_TOGETHER = 512  # transactions that are written to the log at once, in about a millisecond
_SPARE_NAMES = 1_000  # below that, forgetting names is not worth its time
PLACE_SCALE = 1 << 30  # unit vectors as integers, so that their sums do not depend on the order

_TRANSACTIONS = {
    "event_us": np.int64,
    "card": np.int32,
    "merchant": np.int32,
    "cents": np.int64,
    "x": np.int32,
    "y": np.int32,
    "z": np.int32,
}
_LABELS = {
    "event_us": np.int64,
    "known_us": np.int64,
    "merchant": np.int32,
    "category": np.uint8,
    "fraud": np.uint8,
}


@dataclass(frozen=True, slots=True)
class HistoryView:
    """History as it was at one moment; whatever is appended later does not change it.

    Attributes:
        transactions: columns of the transaction log.
        labels: columns of the label log.
        cards: codes of the cards; may grow meanwhile, those from ``card_count`` on are not in the view.
        merchants: codes of the merchants, the same way.
    """

    transactions: dict[str, Column]
    labels: dict[str, Column]
    cards: Interner
    merchants: Interner
    card_count: int
    merchant_count: int


class History:
    """The transactions and labels of the last 30 days and the label delay, in the order in which they came.

    36 bytes a transaction and 22 a label. Owned by the event loop; another thread reads only views.

    Args:
        allocate: makes the arrays of both logs.
        cards: those known from elsewhere, which keep their numbers as codes; None if none are.
        merchants: the same way.
    """

    def __init__(
        self, allocate: Allocate = np.empty, cards: KnownEntities | None = None, merchants: KnownEntities | None = None
    ) -> None:
        self._cards = Interner(known=cards)
        self._merchants = Interner(known=merchants)
        self._transactions = ColumnLog(_TRANSACTIONS, allocate)
        self._labels = ColumnLog(_LABELS, allocate)
        self._waiting: list[Columns] = []
        self._waiting_count = 0
        self._sequence: int | None = None

    def __len__(self) -> int:
        """Return the number of transactions held."""
        return len(self._transactions) + self._waiting_count

    @property
    def cards(self) -> Interner:
        """Codes of the cards; another object once many of them are not in the log any more."""
        self._settle()
        return self._cards

    @property
    def merchants(self) -> Interner:
        """Codes of the merchants, the same way."""
        self._settle()
        return self._merchants

    def append(self, columns: Columns, sequence: int | None = None) -> None:
        """Add transactions, not to be changed afterwards. With a ``sequence``, the same one again changes nothing."""
        if sequence is not None and sequence == self._sequence:
            return
        self._sequence = sequence
        self._waiting.append(columns)
        self._waiting_count += len(columns)
        if self._waiting_count >= _TOGETHER:
            self._settle()

    def _settle(self) -> None:
        """Write what waits into the log: single transactions together cost a tenth of what each would alone."""
        waiting, self._waiting, self._waiting_count = self._waiting, [], 0
        if not waiting:
            return
        card = self._cards.of([name for each in waiting for name in each.cards])
        merchant = self._merchants.of([name for each in waiting for name in each.merchants])
        lat, lon, event_us, cents = (
            np.concatenate([getattr(each, name) for each in waiting]) for name in ("lat", "lon", "event_us", "cents")
        )
        x, y, z = unit_vectors(lat, lon)
        self._transactions.append(event_us=event_us, card=card, merchant=merchant, cents=cents, x=x, y=y, z=z)

    def append_labels(self, labels: Labels, known_us: I64 | int) -> None:
        """Add labels that are known from ``known_us`` on, one instant for all or one each."""
        self._labels.append(
            event_us=labels.event_us,
            known_us=np.broadcast_to(np.asarray(known_us, dtype=np.int64), len(labels)),
            merchant=self.merchants.of(labels.merchants),
            category=category_codes(labels.categories).astype(np.uint8),
            fraud=labels.fraud,
        )

    def prune(self, before_us: int) -> None:
        """Forget transactions and labels from before ``before_us``, and names that nothing holds any more."""
        self._settle()
        self._transactions.drop_before(before_us)
        self._labels.drop_before(before_us)
        self._cards = self._without_idle(self._cards, "card", [self._transactions])
        self._merchants = self._without_idle(self._merchants, "merchant", [self._transactions, self._labels])

    def _without_idle(self, names: Interner, column: str, logs: list[ColumnLog]) -> Interner:
        """Return ``names`` without those that no log holds, once these are the majority: that bounds the names too."""
        if names.met_count <= 2 * len(names.known or ()) + _SPARE_NAMES:
            return names
        held = np.zeros(len(names), dtype=np.bool_)
        for log in logs:
            for piece in pieces({column: log.view()[column]}):
                held[piece[column]] = True
        kept = np.flatnonzero(held)
        if names.met_count <= 2 * len(kept) + _SPARE_NAMES:
            return names
        fewer, codes = names.only(kept)
        for log in logs:
            log.rewrite(column, codes[log.view()[column]])
        return fewer

    def view(self) -> HistoryView:
        """Return what is held now."""
        self._settle()
        return HistoryView(
            self._transactions.view(),
            self._labels.view(),
            self.cards,
            self.merchants,
            len(self.cards),
            len(self.merchants),
        )

    def save(self, file: Path) -> None:
        """Write everything to ``file`` (npz, no pickles)."""
        view = self.view()
        arrays = {f"transactions_{name}": column for name, column in view.transactions.items()}
        arrays |= {f"labels_{name}": column for name, column in view.labels.items()}
        arrays |= {"cards": name_array(self.cards.names), "merchants": name_array(self.merchants.names)}
        np.savez(file, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, file: Path, allocate: Allocate = np.empty) -> Self:
        """Return the history in ``file``, to go on in arrays that ``allocate`` makes.

        Raises:
            OSError, KeyError, ValueError: the file is missing or not one of ours.
        """
        history = cls(allocate)
        with read_arrays(file) as arrays:
            history._cards = Interner(arrays["cards"].tolist())
            history._merchants = Interner(arrays["merchants"].tolist())
            history._transactions.append(**{name: arrays[f"transactions_{name}"] for name in _TRANSACTIONS})
            history._labels.append(**{name: arrays[f"labels_{name}"] for name in _LABELS})
        return history


def unit_vectors(lat: F64, lon: F64) -> tuple[I32, I32, I32]:
    """Return places as integer vectors of length PLACE_SCALE from the earth's centre; zero where a place is missing.

    Their sum points to the centre of the places, also across the date line where a mean of longitudes fails.
    """
    missing = np.isnan(lat) | np.isnan(lon)
    lat_rad, lon_rad = np.radians(np.where(missing, 0.0, lat)), np.radians(np.where(missing, 0.0, lon))
    scale = np.where(missing, 0.0, PLACE_SCALE - 1.0)
    flat = scale * np.cos(lat_rad)
    vectors = (flat * np.cos(lon_rad), flat * np.sin(lon_rad), scale * np.sin(lat_rad))
    x, y, z = (np.rint(vector).astype(np.int32) for vector in vectors)
    return x, y, z
