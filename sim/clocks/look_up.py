"""How long feature-store look-ups take on virtual time."""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Annotated, Literal

import msgspec

from actors.arrays import I64
from actors.clock import Clock
from actors.features.store import FeatureStore, StoreRows
from sim.world.streams import Streams

Positive = Annotated[float, msgspec.Meta(gt=0)]
_NORMAL = NormalDist()
_LEAST = 1e-12  # a uniform number is never quite 0 or 1, where the logarithm would end


class LookUpTime(msgspec.Struct, frozen=True, kw_only=True):
    """The distribution of a look-up's time.

    Attributes:
        kind: constant, or lognormal around the median.
        median_us: half of the look-ups take less.
        sigma: of the logarithm; 0.5 makes p99 3.2 times the median.
        tail_ratio: share of look-ups that hit something slow, such as a fail-over.
        tail_us: what those take on top.
    """

    kind: Literal["constant", "lognormal"] = "lognormal"
    median_us: Positive = 400.0  # one MGET over a local network
    sigma: Annotated[float, msgspec.Meta(ge=0)] = 0.4
    tail_ratio: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    tail_us: Annotated[float, msgspec.Meta(ge=0)] = 0.0

    def of_ns(self, uniform: float, tail_uniform: float) -> int:
        """Return the time of a look-up for two numbers in (0, 1)."""
        spread = (
            1.0
            if self.kind == "constant"
            else math.exp(self.sigma * _NORMAL.inv_cdf(min(max(uniform, _LEAST), 1 - _LEAST)))
        )
        tail_us = self.tail_us if tail_uniform < self.tail_ratio else 0.0
        return round((self.median_us * spread + tail_us) * 1_000)


class ModelledFeatureStore:
    """A feature store whose look-ups take time; waiting for them holds no core.

    The time of a look-up belongs to the first transaction in it, so a fault that moves batch boundaries leaves the
    others as they were.

    Args:
        store: answers.
        time: how long that takes.
        streams: where chance comes from.
        clock: the run's.
    """

    def __init__(self, store: FeatureStore, time: LookUpTime, streams: Streams, clock: Clock) -> None:
        self._store = store
        self._time = time
        self._streams = streams
        self._clock = clock

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        """Look up, and let the time of it pass."""
        uniform = float(self._streams.counter("look-up", event_us[:1])[0])
        tail = float(self._streams.counter("look-up.tail", event_us[:1])[0])
        await self._clock.sleep_ns(self._time.of_ns(uniform, tail))
        return await self._store.lookup(cards, merchants, event_us)
