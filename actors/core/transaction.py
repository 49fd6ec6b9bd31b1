"""A card transaction as JSON, and many of them as columns.

What does not parse is refused with a reason; nothing is coerced and nothing that is absent gets a default.
"""

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Annotated, Any, NamedTuple

import msgspec
import numpy as np

from actors.core.arrays import F64, I64

MAX_RAW_BYTES = 16_384  # a real one is about 250; a larger one is an attack or a mistake, not a purchase
MAX_NAME = 64
MAX_AMOUNT = 1e9
MAX_LATITUDE, MAX_LONGITUDE = 90.0, 180.0
EARLIEST_US = 631_152_000_000_000  # 1990-01-01: an earlier time is a number of another unit, or a clock that was reset
LATEST_US = 4_102_444_800_000_000 - 1  # to the end of 2099: a later one is a number of another unit
FEW = 16  # rows up to which plain numbers are quicker than arrays

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME)]
Amount = Annotated[float, msgspec.Meta(ge=0, le=MAX_AMOUNT)]
Instant = Annotated[dt.datetime, msgspec.Meta(tz=True)]
Microseconds = Annotated[int, msgspec.Meta(ge=EARLIEST_US, le=LATEST_US)]
Latitude = Annotated[float, msgspec.Meta(ge=-MAX_LATITUDE, le=MAX_LATITUDE)]
Longitude = Annotated[float, msgspec.Meta(ge=-MAX_LONGITUDE, le=MAX_LONGITUDE)]

DEAD_LETTER_REASONS = ("too_large", "not_json", "missing_field", "wrong_type", "out_of_range", "poison")


class Transaction(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One card transaction. Unknown fields are ignored; a missing optional field is None, and left out when written.

    Attributes:
        id: unique; a repeated one is a duplicate.
        event_time: microseconds since the Unix epoch, or an RFC 3339 text with an offset; from 1990 to 2099.
        card: token of the card.
        merchant: where it was used.
        amount: in units of ``currency``, at least 0.
    """

    id: Name
    event_time: Microseconds | Instant
    card: Name
    merchant: Name
    amount: Amount
    currency: Name | None = None
    category: Name | None = None
    channel: Name | None = None
    device: Name | None = None
    ip_country: Name | None = None
    card_country: Name | None = None
    lat: Latitude | None = None
    lon: Longitude | None = None


@dataclass(eq=False, slots=True)
class Columns:
    """Parsed transactions, one array or list a field, all of length n; not to be changed.

    Attributes:
        event_us: int64, microseconds since the Unix epoch.
        cents: int64, the amount in hundredths, so that sums over windows are exact.
        amount: float64.
        lat: float64 degrees, NaN where missing (as is ``lon``).
    """

    ids: list[str]
    event_us: I64
    cards: list[str]
    merchants: list[str]
    cents: I64
    amount: F64
    currency: list[str | None]
    category: list[str | None]
    channel: list[str | None]
    device: list[str | None]
    ip_country: list[str | None]
    card_country: list[str | None]
    lat: F64
    lon: F64

    def __len__(self) -> int:
        """Return the number of transactions."""
        return len(self.ids)

    @staticmethod
    def of(transactions: Sequence[Transaction]) -> "Columns":
        """Return the columns of ``transactions``, in order.

        Raises:
            ValueError: a time that was written as text is outside the years that a number may be in.
        """
        fields = map(list, zip(*map(msgspec.structs.astuple, transactions), strict=True))
        ids, times, cards, merchants, amounts, currency, category, channel, device, ip, home, lat, lon = fields
        amount = np.array(amounts, dtype=np.float64)
        return Columns(
            ids=ids,
            event_us=_microseconds(times),
            cards=cards,
            merchants=merchants,
            cents=_cents(amounts, amount),
            amount=amount,
            currency=currency,
            category=category,
            channel=channel,
            device=device,
            ip_country=ip,
            card_country=home,
            lat=np.array(lat, dtype=np.float64),
            lon=np.array(lon, dtype=np.float64),
        )


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_US = dt.timedelta(microseconds=1)


def _microseconds(times: Sequence[int | dt.datetime]) -> I64:
    if set(map(type, times)) == {int}:  # our own traffic: no per-item conversion
        return np.array(times, dtype=np.int64)
    return np.array([time if isinstance(time, int) else _since_epoch_us(time) for time in times], dtype=np.int64)


def _since_epoch_us(time: dt.datetime) -> int:
    """Return microseconds since the Unix epoch.

    Raises:
        ValueError: outside the years that a number may be in.
    """
    event_us = (time - _EPOCH) // _US
    if not EARLIEST_US <= event_us <= LATEST_US:
        raise msgspec.ValidationError(f"Expected a time from 1990 to 2099, not {time.isoformat()} - at `$.event_time`")
    return event_us


def _cents(amounts: Sequence[float], amount: F64) -> I64:
    """Return hundredths, halves to even."""
    if len(amounts) <= FEW:
        return np.array([round(each * 100) for each in amounts], dtype=np.int64)
    return np.rint(amount * 100).astype(np.int64)


_decode = msgspec.json.Decoder(Transaction).decode


def parse(raw: bytes) -> Transaction:
    """Return the transaction in ``raw``.

    Raises:
        ValueError: it is too large, not JSON, or breaks a rule; `refusal` turns it into a reason and a detail.
    """
    if len(raw) > MAX_RAW_BYTES:
        text = f"{len(raw)} bytes, over the limit of {MAX_RAW_BYTES}"
        raise ValueError(text)
    transaction = _decode(raw)
    if isinstance(transaction.event_time, dt.datetime):
        _since_epoch_us(transaction.event_time)
    return transaction


def read(raws: Sequence[bytes]) -> Columns:
    """Return the transactions in ``raws``, at least one, in order; quicker than `parse` for each.

    Raises:
        ValueError: at least one of them is refused.
    """
    if max(map(len, raws)) > MAX_RAW_BYTES:
        raise ValueError("one of them is too large")
    return Columns.of(list(map(_decode, raws)))


class Readable(NamedTuple):
    """What can be read of some raws.

    Attributes:
        columns: the transactions among them; None if there is none.
        rows: the index of each.
        refused: what `parse` raised, by the index of each of the others.
    """

    columns: Columns | None
    rows: list[int]
    refused: dict[int, ValueError]


def read_each(raws: Sequence[bytes]) -> Readable:
    """Return what can be read of ``raws``, parsed one by one; for those that `read` refuses together."""
    transactions: list[Transaction] = []
    rows: list[int] = []
    refused: dict[int, ValueError] = {}
    for index, raw in enumerate(raws):
        try:
            transactions.append(parse(raw))
        except ValueError as error:
            refused[index] = error
        else:
            rows.append(index)
    return Readable(Columns.of(transactions) if transactions else None, rows, refused)


def readable(raws: Sequence[bytes]) -> Readable:
    """Return what can be read of ``raws``, quickly where that is all of them."""
    try:
        return Readable(read(raws), list(range(len(raws))), {})
    except ValueError:
        return read_each(raws)


_encode = msgspec.json.Encoder().encode


def to_json(columns: Columns) -> list[bytes]:
    """Return each transaction as JSON; reading it gives the same transaction, to the last bit."""
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


Read = Callable[[Sequence[bytes]], Columns]
"""Reads what came as JSON, as `read` does; called once a batch, again after a crash."""


def refusal(raw: bytes, error: ValueError) -> tuple[str, str]:
    """Return the dead-letter reason and detail for what `parse` raised on ``raw``."""
    detail = str(error)
    if len(raw) > MAX_RAW_BYTES:
        return "too_large", detail
    if not isinstance(error, msgspec.ValidationError):
        return "not_json", detail
    if "missing required field" in detail:
        return "missing_field", detail
    if detail.startswith("Expected `") and ", got `" in detail:
        return "wrong_type", detail
    return "out_of_range", detail


_NAMES = tuple(field.name for field in fields(Columns))


class ColumnsPart(Columns):
    """Some of ``whole``, the rest of which is expected to come too: what is looked up for all of it serves each part.

    What every batch is asked for is cut at once, the rest when someone asks: most often no one does, and to cut all
    takes twice as long.

    Args:
        whole: what it is cut from; arrays share memory.
        start: its first transaction there.
        stop: behind its last one.
    """

    __slots__ = ("start", "stop", "whole")

    def __init__(self, whole: Columns, start: int, stop: int) -> None:
        self.whole, self.start, self.stop = whole, start, stop
        self.ids = whole.ids[start:stop]
        self.event_us = whole.event_us[start:stop]
        self.cards = whole.cards[start:stop]
        self.merchants = whole.merchants[start:stop]
        self.amount = whole.amount[start:stop]

    def __getattr__(self, name: str) -> object:
        """Cut a column that was not asked for before."""
        if name not in _NAMES:
            raise AttributeError(name)
        column = getattr(self.whole, name)[self.start : self.stop]
        setattr(self, name, column)
        return column


def cut(columns: Columns, at: slice) -> Columns:
    """Return the transactions in ``at``; arrays share memory."""
    return Columns(*(getattr(columns, name)[at] for name in _NAMES))


def pick(columns: Columns, rows: I64) -> Columns:
    """Return the transactions in ``rows``, int64 (n,), in that order."""
    picked: dict[str, Any] = {}
    for name in _NAMES:
        field = getattr(columns, name)
        picked[name] = [field[row] for row in rows] if isinstance(field, list) else field[rows]
    return Columns(**picked)
