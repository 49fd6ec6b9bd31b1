"""The assembly of a feature matrix from all three tiers: the same for serving and for training."""

import math
from collections.abc import Sequence
from itertools import repeat

import numpy as np

from actors.core.arrays import F32, F64, U8
from actors.core.transaction import EARLIEST_US, Columns, Transaction
from actors.features.catalogue import CATALOGUE
from actors.features.encoding import category_codes
from actors.features.entity_windows import StreamLimits
from actors.features.kernels import join
from actors.features.store import StoreRows, missing_rows
from actors.features.stream_state import InMemoryStreamState, missing_stream

_ONLINE = {"online": 1.0, None: math.nan}


def online(columns: Columns) -> F64:
    """Return 1 where the channel is ``online``, 0 where it is another, NaN where there is none; (n,)."""
    return np.array(list(map(_ONLINE.get, columns.channel, repeat(0.0))), np.float64)


def country_mismatch(columns: Columns) -> F64:
    """Return 1 where the address's country is not the card's, 0 where it is, NaN where either is missing; (n,)."""
    pairs = zip(columns.ip_country, columns.card_country, strict=True)
    return np.array([math.nan if ip is None or home is None else ip != home for ip, home in pairs], np.float64)


_PLACES = {each.name: place for place, each in enumerate(CATALOGUE)}


class FeatureAssembly:
    """Joins the tiers to feature rows in the order that a model wants.

    Args:
        features: names from the catalogue, in the manifest's order.

    Raises:
        KeyError: a name is not in the catalogue.
    """

    def __init__(self, features: Sequence[str]) -> None:
        self.features = tuple(features)
        self._picks = np.array([_PLACES[name] for name in features], dtype=np.int64)

    def join(self, columns: Columns, stream: F32 | None, rows: StoreRows | None) -> tuple[F32, U8]:
        """Return the features, float32 (n, n_features), and the `Mode` that the batch tier allows each row, uint8 (n,).

        The mode is the worse of card and merchant: ``STALE`` beyond the freshness limit, ``REALTIME_ONLY`` beyond the
        hard limit or where a row is absent. The whole batch tier of such a row is NaN.

        Args:
            columns: the transactions, at least 1.
            stream: their streaming features, float32 (n, len(STREAM_COLUMNS)); None if the windows did not answer.
            rows: what the feature store has on them; None if the look-up failed.
        """
        rows = rows or missing_rows(len(columns))
        stream = missing_stream(len(columns)) if stream is None else stream
        out = np.empty((len(columns), len(self.features)), dtype=np.float32)
        mode = np.empty(len(columns), dtype=np.uint8)
        join(
            stream,
            columns.event_us,
            columns.amount,
            columns.lat,
            columns.lon,
            category_codes(columns.category),
            online(columns),
            country_mismatch(columns),
            rows.card,
            rows.card_computed_us,
            rows.merchant,
            rows.merchant_computed_us,
            self._picks,
            out,
            mode,
        )
        return out, mode


def compile_features() -> None:
    """Compute the features of a made-up transaction, so that whatever has to be compiled for it is."""
    made_up = Transaction("", EARLIEST_US, "card", "merchant", 1.0, device="device", lat=0.0, lon=0.0)
    stream = InMemoryStreamState(StreamLimits(cards=16, merchants=16, devices=16))
    columns = Columns.of([made_up])
    FeatureAssembly(tuple(_PLACES)).join(columns, stream.count(columns), None)
