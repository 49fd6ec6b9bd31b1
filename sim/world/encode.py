"""Rows leave the world: as columns for training, as JSON for a run. Labels stay behind."""

import msgspec
import numpy as np

from actors.transaction import Columns, Transaction
from sim.world.names import Names
from sim.world.rows import Rows

CURRENCY = "USD"
_CHANNELS = np.array(["pos", "online"], dtype=object)
_DECIMALS = 4  # of a degree: 11 m
_encode = msgspec.json.Encoder().encode


def to_columns(rows: Rows, names: Names, ids: list[str]) -> Columns:
    """Return ``rows`` as the pipeline would parse them from their JSON.

    Args:
        rows: the transactions.
        names: of the town.
        ids: one for each row.
    """
    cents = rows["cents"].copy()
    return Columns(
        ids=ids,
        event_us=rows["event_us"].copy(),
        cards=names.cards(rows),
        merchants=names.merchants(rows),
        cents=cents,
        amount=cents / 100,
        currency=[CURRENCY] * len(rows),
        category=[*names.categories(rows)],
        channel=_CHANNELS[rows["online"].view(np.uint8)].tolist(),
        device=[*names.devices(rows)],
        ip_country=[*names.ip_countries(rows)],
        card_country=[*names.card_countries(rows)],
        lat=np.round(rows["lat"], _DECIMALS),
        lon=np.round(rows["lon"], _DECIMALS),
    )


def to_json(columns: Columns) -> list[bytes]:
    """Return one JSON document for each of ``columns``, none of which is missing."""
    transactions = map(
        Transaction,
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
        columns.lat.tolist(),
        columns.lon.tolist(),
    )
    return list(map(_encode, transactions))
