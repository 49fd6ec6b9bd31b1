"""What takes virtual time without holding a core: feature-store look-ups, a candidate's verification."""

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import NormalDist
from typing import Annotated

import msgspec

from actors.core.arrays import I64
from actors.core.clock import NS_PER_S, Clock
from actors.features.store import FeatureStore, StoreRows
from actors.model.artifact import Artifact
from actors.model.verification import Verification
from sim.chance import Streams, uniform

NonNegative = Annotated[float, msgspec.Meta(ge=0)]
_NORMAL = NormalDist()
_LEAST = 1e-12  # a uniform number is never quite 0 or 1, where the logarithm would end


class LookUpTime(msgspec.Struct, frozen=True, kw_only=True):
    """The distribution of a look-up's time: lognormal around a median, and a tail.

    Attributes:
        median_us: half of the look-ups take less.
        sigma: of the logarithm; 0: all take the same.
        tail_ratio: share of look-ups that hit something slow, such as a fail-over.
        tail_us: what those take on top.
    """

    median_us: NonNegative
    sigma: NonNegative = 0.0
    tail_ratio: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    tail_us: NonNegative = 0.0

    def of_ns(self, draw: float, tail_draw: float) -> int:
        """Return the time of a look-up for two numbers in [0, 1)."""
        took_us = self.median_us
        if self.sigma:
            took_us *= math.exp(self.sigma * _NORMAL.inv_cdf(min(max(draw, _LEAST), 1 - _LEAST)))
        if tail_draw < self.tail_ratio:
            took_us += self.tail_us
        return round(took_us * 1_000)


class ModelledFeatureStore:
    """A feature store whose look-ups take time; waiting for them holds no core.

    The time of a look-up belongs to the first transaction in it, so a fault that moves batch boundaries leaves the
    others as they were. A look-up that is made again, because the first was late or failed, has a time of its own.

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
        self._keys = self._keys_of(0)
        self._clock = clock
        self._first = -1
        self._calls = 0

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        """Look up, and let the time of it pass."""
        first = int(event_us[0])
        self._calls = self._calls + 1 if first == self._first else 0
        self._first = first
        spread, tail = (uniform(key, first) for key in (self._keys_of(self._calls) if self._calls else self._keys))
        await self._clock.sleep_ns(self._time.of_ns(spread, tail))
        return await self._store.lookup(cards, merchants, event_us)

    def _keys_of(self, call: int) -> tuple[int, int]:
        """Return what the times of look-ups are drawn by when they are made for the ``call``-th time, from 0."""
        again = f".{call}" if call else ""
        return self._streams.key(f"look-up{again}"), self._streams.key(f"look-up.tail{again}")


TAKES_NS = NS_PER_S  # a child process that imports LightGBM, checks digests and scores golden rows


class ModelledVerification:
    """A verification that takes a second of the run, whatever it takes this machine; it holds no core meanwhile.

    Args:
        verification: looks at the candidate, at once as far as the run's clock can tell.
        clock: the run's.
        takes_ns: how long it seems to take.
    """

    def __init__(self, verification: Verification, clock: Clock, takes_ns: int = TAKES_NS) -> None:
        self._verification = verification
        self._clock = clock
        self._takes_ns = takes_ns

    async def verify(self, folder: Path, *, proof: bool = True) -> Artifact:
        """Look at the candidate, then let the time pass; a refusal takes as long."""
        try:
            return await self._verification.verify(folder, proof=proof)
        finally:
            await self._clock.sleep_ns(self._takes_ns)
