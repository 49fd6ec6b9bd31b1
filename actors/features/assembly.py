"""The assembly of a feature matrix from all three tiers: the same for serving and for training."""

import math
from collections.abc import Callable, Sequence
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from actors.arrays import F32, F64, I64, U8
from actors.clock import US_PER_S
from actors.features.catalogue import CATALOGUE, HARD_LIMIT_S, STALE_AFTER_S, STREAM_COLUMNS, Tier, feature
from actors.features.geo import distance_km, distances_km
from actors.features.realtime import REALTIME, REALTIME_COLUMNS, realtime_row
from actors.features.store import CARD_COLUMNS, MERCHANT_COLUMNS, MISSING_AT, StoreRows
from actors.features.windows import SINGLE_ROAD_UP_TO, StreamState
from actors.messages import Mode
from actors.transaction import Columns

STALE_AFTER_US = STALE_AFTER_S * US_PER_S
HARD_LIMIT_US = HARD_LIMIT_S * US_PER_S

_MEAN_30D = CARD_COLUMNS.index("card_amount_mean_30d")
_HOME_LAT, _HOME_LON = CARD_COLUMNS.index("home_lat"), CARD_COLUMNS.index("home_lon")
_STORED_OF_CARD = _HOME_LAT  # the columns before the home are features as they are
_BATCH_COLUMNS = (*CARD_COLUMNS[:_STORED_OF_CARD], *MERCHANT_COLUMNS, "amount_ratio_30d", "home_km")
_ALL_COLUMNS = (*REALTIME_COLUMNS, *STREAM_COLUMNS, *_BATCH_COLUMNS)

_REALTIME_ONLY = int(Mode.REALTIME_ONLY)  # members of an enum are slow to compare

Run = tuple[slice, slice]


class FeatureAssembly:
    """Computes feature rows in the order that a model wants.

    Args:
        features: names from the catalogue, in the manifest's order.
        stream: windows, brought up to date by every `compute`.

    Raises:
        KeyError: a name is not in the catalogue.
    """

    def __init__(self, features: Sequence[str], stream: StreamState) -> None:
        self.features = tuple(features)
        self.stream = stream
        self._realtime = [(at, REALTIME[name]) for at, name in enumerate(features) if name in REALTIME]
        self._stream = _runs(self.features, STREAM_COLUMNS)
        self._card = _runs(self.features, CARD_COLUMNS)
        self._merchant = _runs(self.features, MERCHANT_COLUMNS)
        self._ratio = _position(self.features, "amount_ratio_30d")
        self._home = _position(self.features, "home_km")
        self._batch = np.flatnonzero([feature(name).tier is Tier.BATCH for name in features])
        self._pick: Callable[[tuple[float, ...]], object] = itemgetter(*map(_ALL_COLUMNS.index, features))

    def compute(self, sequence: int | tuple[int, ...], columns: Columns, rows: StoreRows | None) -> tuple[F32, U8]:
        """Return the features, float32 (n, n_features), and the `Mode` each row allows, uint8 (n,).

        The mode is the worse of card and merchant: ``STALE`` beyond the freshness limit, ``REALTIME_ONLY`` beyond the
        hard limit or where a row is absent. The whole batch tier of such a row is NaN.

        Args:
            sequence: of the batch; the last one again changes nothing in the windows.
            columns: the transactions, at least 1.
            rows: what the feature store has on them; None if the look-up failed.
        """
        return self.join(columns, self.stream.advance(sequence, columns), rows)

    def join(self, columns: Columns, stream: F32, rows: StoreRows | None) -> tuple[F32, U8]:
        """Return what `compute` does, with the streaming features given, float32 (n, len(STREAM_COLUMNS))."""
        mode = _modes(columns.event_us, rows)
        if len(columns) <= SINGLE_ROAD_UP_TO:
            return self._join_few(columns, stream, rows, mode), mode
        out = np.empty((len(columns), len(self.features)), dtype=np.float32)
        for at, compute in self._realtime:
            out[:, at] = compute(columns)
        _copy(out, stream, self._stream)
        self._fill_batch(out, columns, rows, mode)
        return out, mode

    def _fill_batch(self, out: F32, columns: Columns, rows: StoreRows | None, mode: U8) -> None:
        if rows is None:
            out[:, self._batch] = np.nan
            return
        _copy(out, rows.card, self._card)
        _copy(out, rows.merchant, self._merchant)
        if self._ratio is not None:
            out[:, self._ratio] = _ratios(columns.amount, rows.card[:, _MEAN_30D])
        if self._home is not None:
            home_lat, home_lon = (rows.card[:, at].astype(np.float64) for at in (_HOME_LAT, _HOME_LON))
            out[:, self._home] = distances_km(home_lat, home_lon, columns.lat, columns.lon)
        missing = np.flatnonzero(mode == Mode.REALTIME_ONLY)
        if missing.size:
            out[missing[:, None], self._batch] = np.nan

    def _join_few(self, columns: Columns, stream: F32, rows: StoreRows | None, mode: U8) -> F32:
        table = []
        for at, (row, degraded) in enumerate(zip(stream.tolist(), mode.tolist(), strict=True)):
            batch = _NO_BATCH if rows is None or degraded == _REALTIME_ONLY else _batch_row(columns, rows, at)
            values = (*realtime_row(columns, at), *row, *batch)
            table.append(self._pick(values))
        return np.array(table, dtype=np.float32).reshape(len(columns), len(self.features))


def _modes(event_us: I64, rows: StoreRows | None) -> U8:
    if rows is None:
        return np.full(len(event_us), Mode.REALTIME_ONLY, dtype=np.uint8)
    if len(event_us) <= SINGLE_ROAD_UP_TO:
        computed = zip(rows.card_computed_us.tolist(), rows.merchant_computed_us.tolist(), strict=True)
        oldest = map(min, computed)
        return np.array([_mode(*pair) for pair in zip(event_us.tolist(), oldest, strict=True)], dtype=np.uint8)
    oldest_us = np.minimum(rows.card_computed_us, rows.merchant_computed_us)
    age_us = event_us - oldest_us
    mode = (age_us > STALE_AFTER_US).astype(np.uint8)  # FULL is 0, STALE is 1
    mode[(age_us > HARD_LIMIT_US) | (oldest_us == MISSING_AT)] = Mode.REALTIME_ONLY
    return mode


def _mode(event_us: int, oldest_us: int) -> int:
    age_us = event_us - oldest_us
    if oldest_us == MISSING_AT or age_us > HARD_LIMIT_US:
        return _REALTIME_ONLY
    return int(age_us > STALE_AFTER_US)  # FULL is 0, STALE is 1


_NO_BATCH = (math.nan,) * len(_BATCH_COLUMNS)


def _batch_row(columns: Columns, rows: StoreRows, at: int) -> tuple[float, ...]:
    """Return the batch tier of one row, in the order of _BATCH_COLUMNS."""
    card = rows.card[at].tolist()
    mean = card[_MEAN_30D]
    ratio = float(columns.amount[at]) / mean if mean > 0 else math.nan
    home_km = distance_km(card[_HOME_LAT], card[_HOME_LON], float(columns.lat[at]), float(columns.lon[at]))
    return (*card[:_STORED_OF_CARD], *rows.merchant[at].tolist(), ratio, home_km)


def _ratios(amount: F64, mean: F32) -> F64:
    return np.asarray(np.divide(amount, mean, out=np.full(len(amount), np.nan), where=mean > 0))


def _position(features: tuple[str, ...], name: str) -> int | None:
    return features.index(name) if name in features else None


def _runs(features: tuple[str, ...], source: tuple[str, ...]) -> list[Run]:
    """Return which neighbouring columns of the matrix are neighbours in ``source`` too: they are copied together."""
    runs: list[Run] = []
    for at, name in enumerate(features):
        if name not in source:
            continue
        number = source.index(name)
        if runs and (runs[-1][0].stop, runs[-1][1].stop) == (at, number):
            target, origin = runs.pop()
            runs.append((slice(target.start, at + 1), slice(origin.start, number + 1)))
        else:
            runs.append((slice(at, at + 1), slice(number, number + 1)))
    return runs


def _copy(out: F32, source: NDArray[np.float32], runs: list[Run]) -> None:
    for target, origin in runs:
        out[:, target] = source[:, origin]


_MISPLACED = {each.name for each in CATALOGUE} ^ set(_ALL_COLUMNS)
if _MISPLACED:
    raise AssertionError(f"features without a source, or sources without a feature: {sorted(_MISPLACED)}")
