"""The catalogue of features: each declared once, with tier, unit, missing-value rule and freshness limit.

Everything that names a feature reads this: the assembler, training, the manifest, drift and the screen. Missing is
always NaN and never a default, so a model can tell "none" from "unknown".
"""

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from enum import StrEnum

BATCH_REFRESH_S = 6 * 3_600  # four times a day, as a warehouse job would
STALE_AFTER_S = 9 * 3_600  # one refresh late by half its period: something is wrong, the values still serve
HARD_LIMIT_S = 24 * 3_600  # after a day the one-day windows share nothing with today: worse than knowing nothing


class Tier(StrEnum):
    """Where a feature comes from, which is also what it can lose."""

    REALTIME = "realtime"
    STREAMING = "streaming"
    BATCH = "batch"


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the model's input.

    Attributes:
        name: unique; final once a model was trained with it.
        tier: where it comes from.
        unit: of its values.
        missing: when it is NaN.
        freshness_limit_s: age in event time from which it is stale; None where it cannot age.
        description: what it says of a transaction.
        needs: optional fields of a transaction without which it would always be NaN.
    """

    name: str
    tier: Tier
    unit: str
    missing: str
    freshness_limit_s: float | None
    description: str
    needs: tuple[str, ...] = ()


def _realtime(name: str, unit: str, missing: str, description: str, *needs: str) -> Feature:
    return Feature(name, Tier.REALTIME, unit, missing, None, description, needs)


def _streaming(name: str, unit: str, missing: str, description: str, *needs: str) -> Feature:
    return Feature(name, Tier.STREAMING, unit, missing, None, description, needs)


def _batch(name: str, unit: str, missing: str, description: str, *needs: str) -> Feature:
    return Feature(name, Tier.BATCH, unit, missing, STALE_AFTER_S, description, needs)


_NO_ROW = "the store has no row or failed"

CATALOGUE: tuple[Feature, ...] = (
    _realtime("amount", "currency", "never", "amount of the transaction"),
    _realtime("local_hour", "h", "no longitude", "solar hour of the day where it happens", "lon"),
    _realtime("hour_of_day", "h", "never", "hour of the day, UTC"),
    _realtime("weekday", "day", "never", "day of the week, UTC, Monday is 0"),
    _realtime("category", "code", "no category", "merchant category as a code", "category"),
    _realtime("online", "flag", "no channel", "1 if the channel is online", "channel"),
    _realtime(
        "country_mismatch",
        "flag",
        "either country missing",
        "1 if the address's country is not the card's",
        "ip_country",
        "card_country",
    ),
    _streaming("card_tx_1h", "transactions", "never", "transactions of the card in 1 h, this one included"),
    _streaming("card_amount_1h", "currency", "never", "their amount"),
    _streaming("card_tx_24h", "transactions", "never", "transactions of the card in 24 h, this one included"),
    _streaming("card_amount_24h", "currency", "never", "their amount"),
    _streaming("card_merchants_30m", "merchants", "never", "distinct merchants of the card in 30 min"),
    _streaming("card_gap_s", "s", "card not seen before", "time since the card's previous transaction"),
    _streaming(
        "card_device_new",
        "flag",
        "no device, or card not seen before",
        "1 if none of the card's remembered transactions was on this device",
        "device",
    ),
    _streaming(
        "card_speed_kmh",
        "km/h",
        "no place, or none remembered",
        "speed that the way from the card's previous place would take",
        "lat",
        "lon",
    ),
    _streaming("merchant_tx_1h", "transactions", "never", "transactions of the merchant in 1 h, this one included"),
    _streaming("merchant_amount_1h", "currency", "never", "their amount"),
    _streaming("device_cards_7d", "cards", "no device", "distinct cards on the device in 7 days", "device"),
    _batch("card_tx_1d", "transactions", _NO_ROW, "transactions of the card in the last day"),
    _batch("card_tx_7d", "transactions", _NO_ROW, "the same over 7 days"),
    _batch("card_tx_30d", "transactions", _NO_ROW, "the same over 30 days"),
    _batch("card_amount_mean_1d", "currency", f"{_NO_ROW}, or no transaction", "mean amount of the card in a day"),
    _batch("card_amount_mean_7d", "currency", f"{_NO_ROW}, or no transaction", "the same over 7 days"),
    _batch("card_amount_mean_30d", "currency", _NO_ROW, "the same over 30 days"),
    _batch("amount_ratio_30d", "ratio", f"{_NO_ROW}, or the mean is 0", "amount over the card's mean in 30 days"),
    _batch(
        "home_km",
        "km",
        f"no place, {_NO_ROW}, or no place in 30 days",
        "distance from the centre of the card's places in 30 days",
        "lat",
        "lon",
    ),
    _batch("merchant_tx_1d", "transactions", _NO_ROW, "transactions of the merchant in the last day"),
    _batch("merchant_tx_7d", "transactions", _NO_ROW, "the same over 7 days"),
    _batch("merchant_tx_30d", "transactions", _NO_ROW, "the same over 30 days"),
    _batch("merchant_risk_1d", "ratio", f"{_NO_ROW}, or no label", "fraud among a day's labels, label delay ago"),
    _batch("merchant_risk_7d", "ratio", f"{_NO_ROW}, or no label", "the same over 7 days"),
    _batch("merchant_risk_30d", "ratio", f"{_NO_ROW}, or no label", "the same over 30 days"),
    _batch(
        "category_risk_30d",
        "ratio",
        f"{_NO_ROW}, or no label of the merchant names a category",
        "fraud among 30 days of labels of the merchant's category, label delay ago",
        "category",
    ),
)

STREAM_COLUMNS: tuple[str, ...] = tuple(each.name for each in CATALOGUE if each.tier is Tier.STREAMING)

# A drill covers a few hours, so the day of the week and the hour at Greenwich would only tell when it was started. The
# risk of a category is one number for a twelfth of all transactions: each refresh moves it, and a drill would see it
# drift from training (PSI 0.9 where nothing had changed), though the merchants' own risks say the same and more.
_ONLY_FOR_FILES = frozenset({"hour_of_day", "weekday", "category_risk_30d"})
SYNTHETIC_FEATURES: tuple[str, ...] = tuple(each.name for each in CATALOGUE if each.name not in _ONLY_FOR_FILES)

_BY_NAME = {each.name: each for each in CATALOGUE}


def feature(name: str) -> Feature:
    """Return the feature called ``name``.

    Raises:
        KeyError: there is none.
    """
    return _BY_NAME[name]


def features_for(fields: Collection[str]) -> tuple[str, ...]:
    """Return the features that a file of transactions with these optional ``fields`` can have, in catalogue order.

    Example:
        >>> "home_km" in features_for({"lat", "lon"}), "home_km" in features_for({"lat"})
        (True, False)
    """
    return tuple(each.name for each in CATALOGUE if set(each.needs) <= set(fields))


def catalogue_digest() -> str:
    """Return 12 hex digits that change when any feature does; part of a model's cache key."""
    text = json.dumps([asdict(each) for each in CATALOGUE], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
