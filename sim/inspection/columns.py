"""The columns of a file: what they look like, and which field each may hold by its name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

SAMPLES: Final = 3
_WHOLE: Final = r"^\s*[+-]?[0-9]+\s*$"
_NUMBER: Final = r"^\s*[+-]?[0-9]*[.,]?[0-9]+(?:[eE][+-]?[0-9]+)?\s*$"
_MARKS: Final = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Column:
    """One column, by the rows that were looked at.

    Attributes:
        name: as the file has it.
        kind: what its values are, in a word.
        absent_ratio: share of rows without a value.
        distinct: how many different values.
        samples: the first different ones.
    """

    name: str
    kind: str
    absent_ratio: float
    distinct: int
    samples: tuple[object, ...]


def columns_of(frame: pl.DataFrame) -> list[Column]:
    """Return what the columns of ``frame``, at least one row, look like."""
    return [_column(frame[name]) for name in frame.columns]


def _column(column: pl.Series) -> Column:
    known = column.drop_nulls()
    different = known.unique(maintain_order=True)
    return Column(
        name=column.name,
        kind=_kind(known),
        absent_ratio=column.null_count() / len(column),
        distinct=len(different),
        samples=tuple(different.head(SAMPLES).to_list()),
    )


def _kind(known: pl.Series) -> str:
    kind = known.dtype
    if not len(known):
        return "empty"
    if kind == pl.String:
        return _kind_of_texts(known)
    words: Sequence[tuple[bool, str]] = (
        (kind == pl.Boolean, "true, false"),
        (isinstance(kind, (pl.Datetime, pl.Date)), "time"),
        (kind.is_integer(), "whole number"),
        (kind.is_numeric(), "number"),
    )
    return next((word for fits, word in words if fits), re.sub(r"\(.*", "", str(kind), flags=re.DOTALL))


def _kind_of_texts(known: pl.Series) -> str:
    if known.str.contains(_WHOLE).all():
        return "whole number"
    if known.str.contains(_NUMBER).all():
        return "number"
    shape = _MARKS.sub("0", str(known.item(0)))
    dates = r"^[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}"
    if known.str.contains(dates).all() or (":" in shape and known.str.contains(r"^[0-9]{1,2}:[0-9]{2}").all()):
        return "time"
    return "text"


# What columns of each field are called, in letters and digits alone, the clearest name first. A name that only contains
# one of the words counts for less.
NAMES: Final[dict[str, tuple[str, ...]]] = {
    "event_time": (
        *("eventtime", "txdatetime", "transdatetranstime", "transactiondatetime", "transactiontime", "datetime"),
        *("timestamp", "transactiondate", "transactiondt", "transdate", "txtime", "createdat", "occurredat", "when"),
        *("time", "date", "ts", "unixtime", "step", "day"),
    ),
    "card": (
        *("card", "cardid", "cardtoken", "ccnum", "cardnumber", "cardno", "pan", "creditcardnumber", "panhash"),
        *("customerid", "customer", "accountid", "account", "accountnumber", "nameorig", "clientid", "client"),
        *("userid", "user", "cardholder", "iban", "card1"),
    ),
    "merchant": (
        *("merchant", "merchantid", "merchantname", "shop", "shopid", "store", "storeid", "terminalid", "terminal"),
        *("payee", "beneficiary", "namedest", "vendor", "vendorid", "seller", "acceptor", "mid", "counterparty"),
    ),
    "amount": (
        *("amount", "amt", "txamount", "transactionamt", "transactionamount", "amountusd", "amounteur"),
        *("amountcents", "betrag", "montant", "importe", "sum", "total", "value", "price"),
    ),
    "fraud": (
        *("isfraud", "fraud", "txfraud", "fraudlabel", "fraudflag", "fraudulent", "isfraudulent", "label", "class"),
        *("target", "chargeback"),
    ),
    "id": (
        *("transactionid", "txid", "transid", "transnum", "transactionnumber", "tranid", "txnid", "eventid"),
        *("paymentid", "orderid", "uuid", "id", "reference", "ref", "tx"),
    ),
    "currency": ("currency", "currencycode", "ccy", "txcurrency"),
    "category": (
        *("category", "merchantcategory", "mcc", "categorycode", "merchantcategorycode", "productcd", "type", "cat"),
    ),
    "channel": ("channel", "usechip", "entrymode", "posentrymode", "txchannel"),
    "device": ("device", "deviceid", "deviceinfo", "devicetype"),
    "ip_country": ("ipcountry", "countryip"),
    "card_country": ("cardcountry", "issuercountry", "countrycard", "billingcountry"),
    "lat": ("merchlat", "merchantlat", "merchantlatitude", "lat", "latitude"),
    "lon": ("merchlong", "merchlon", "merchantlong", "merchantlongitude", "lon", "long", "lng", "longitude"),
}
WORDS: Final[dict[str, tuple[str, ...]]] = {
    "event_time": ("time", "date", "timestamp", "datetime"),
    "card": ("card", "pan", "account", "customer", "client", "user"),
    "merchant": ("merchant", "shop", "store", "terminal", "payee", "vendor"),
    "amount": ("amount", "amt", "betrag", "price"),
    "fraud": ("fraud",),
    "id": ("id", "number", "uuid"),
}
PARTS_OF_TIME: Final = {"year": "%Y", "month": "%m", "day": "%d"}
TIMES_OF_DAY: Final = ("time", "hour", "timeofday", "clock")
ZONES: Final = ("tz", "timezone", "utcoffset", "tzoffset", "offset")
DATES: Final = ("date", "txdate", "transactiondate", "transdate", "day")
OWNERS: Final = frozenset(
    {"user", "userid", "customer", "customerid", "client", "clientid", "account", "accountid", "accountnumber", "iban"}
)
NOT_THE_LABEL: Final = (  # of a column that is about fraud and no label, or the opposite of one
    *("scenario", "flagged", "score", "reason", "predict", "prob", "alert", "rule", "risk"),
    *("notfraud", "nonfraud", "nofraud", "fraudfree"),
)
NOT_IT: Final = frozenset(  # of what a name says one word of: a part of it, its kind, or another moment or sum
    {"last", "last4", "bin", "type", "brand", "present", "status", "country", "age", "limit", "balance", "fee", "tax"}
    | {"expiry", "expiration", "expires", "exp", "birth", "dob", "birthdate"}
)

EXACT: Final = 100  # less the place in the list
PARTLY: Final = 30


def letters_of(name: str) -> str:
    """Return the letters and digits of ``name``, small.

    Example:
        >>> letters_of("Is Fraud?"), letters_of("TX_DATETIME")
        ('isfraud', 'txdatetime')
    """
    return re.sub(r"[^a-z0-9]", "", name.lower())


def words_of(name: str) -> list[str]:
    """Return the words of ``name``, small: ``merchLat`` and ``merch_lat`` have two."""
    return re.findall(r"[a-z]+|[0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())


def score(field: str, name: str) -> int:
    """Return how well ``name`` names ``field``: 0 not at all; from `PARTLY` on by a word of it; more by all of it."""
    short = letters_of(name)
    if field == "fraud" and any(each in short for each in NOT_THE_LABEL):
        return 0
    if short in NAMES[field]:
        return EXACT - NAMES[field].index(short)
    if is_not_it(name) or any(short in names for names in NAMES.values()):
        return 0
    return PARTLY if set(words_of(name)) & set(WORDS.get(field, ())) else 0


def is_not_it(name: str) -> bool:
    """Return whether ``name`` says that it is only about a card, a merchant, a time or an amount of the transaction.

    Example:
        >>> is_not_it("card_last4"), is_not_it("expiry_date"), is_not_it("card_hash")
        (True, True, False)
    """
    return bool(NOT_IT & set(words_of(name)))


def ranked(field: str, names: Sequence[str]) -> list[str]:
    """Return those of ``names`` that may name ``field``, the clearest first; alike ones in the order of the file."""
    scored = [(score(field, name), -number, name) for number, name in enumerate(names)]
    return [name for points, _, name in sorted(scored, reverse=True) if points]
