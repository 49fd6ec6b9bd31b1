"""Faults of the feature store: it is out of reach, late, fails or answers wrongly; its refresh fails."""

from typing import Annotated, ClassVar, Literal

import msgspec

from actors.core.clock import NS_PER_MS
from sim.faults.fault import LastingFault, OnStream, Part, Share, Wait


class FeatureStoreOutage(LastingFault, frozen=True, kw_only=True):
    """Each look-up fails at once with "connection refused", as with no process behind the port."""

    kind: ClassVar[str] = "feature_store_outage"
    breaks: ClassVar[Part] = "feature_store"
    on_stream: ClassVar[OnStream] = "worker"
    summary: ClassVar[str] = "each look-up fails at once: connection refused"
    seen: ClassVar[str] = "feature_store.error_ratio at 1, decisions realtime_only, recall falls; latency does not rise"
    mitigation: ClassVar[str] = "the ladder: a model trained with the batch tier missing; the breaker spares the store"


class FeatureStoreTimeout(LastingFault, frozen=True, kw_only=True):
    """Look-ups hang until the fault is lifted or the caller gives up, as behind a firewall that drops packets."""

    kind: ClassVar[str] = "feature_store_timeout"
    breaks: ClassVar[Part] = "feature_store"
    on_stream: ClassVar[OnStream] = "worker"
    summary: ClassVar[str] = "look-ups hang until the caller gives up"
    seen: ClassVar[str] = "each batch waits for the whole time-out, then decides realtime_only; a backlog grows"
    mitigation: ClassVar[str] = "look-up time-out, then the circuit breaker: open, no batch waits any more"


class FeatureStoreLatency(LastingFault, frozen=True, kw_only=True):
    """Look-ups take longer, by a time drawn for each.

    Attributes:
        added: what a look-up takes on top; lognormal: half of them take less.
        distribution: constant, or lognormal around ``added``.
        sigma: of the logarithm; 0.5 makes p99 3.2 times the median.
    """

    kind: ClassVar[str] = "feature_store_latency"
    breaks: ClassVar[Part] = "feature_store"
    on_stream: ClassVar[OnStream] = "worker"
    summary: ClassVar[str] = "look-ups take longer, by a constant or a lognormal time"
    seen: ClassVar[str] = "feature_store.p95 and latency rise together; beyond the time-out decisions are realtime_only"
    mitigation: ClassVar[str] = "look-up time-out; the breaker counts slow calls, the cache answers; a hedge for a tail"
    added: Wait = 20 * NS_PER_MS
    distribution: Literal["constant", "lognormal"] = "lognormal"
    sigma: Annotated[float, msgspec.Meta(ge=0, le=3)] = 0.5


class FeatureStoreErrors(LastingFault, frozen=True, kw_only=True):
    """A share of the look-ups fails at once, as with one bad replica among several.

    Attributes:
        ratio: share of the look-ups that fail, 0 to 1.
    """

    kind: ClassVar[str] = "feature_store_errors"
    breaks: ClassVar[Part] = "feature_store"
    on_stream: ClassVar[OnStream] = "worker"
    summary: ClassVar[str] = "a share of the look-ups fails at once"
    seen: ClassVar[str] = "feature_store.error_ratio at that share, and as many decisions realtime_only"
    mitigation: ClassVar[str] = "retries within a budget of a tenth; above the breaker's limit it opens"
    ratio: Share = 0.5


class FeatureStoreEmpty(LastingFault, frozen=True, kw_only=True):
    """Look-ups succeed and find nothing, as after a restart without its data."""

    kind: ClassVar[str] = "feature_store_empty"
    breaks: ClassVar[Part] = "feature_store"
    on_stream: ClassVar[OnStream] = "worker"
    summary: ClassVar[str] = "look-ups succeed and find nothing"
    seen: ClassVar[str] = "feature_store.miss_ratio at 1 while error_ratio stays 0; decisions realtime_only"
    mitigation: ClassVar[str] = "what is missing is NaN to a model trained with that, never zero; the miss-ratio alert"


class FeatureStoreZeroed(LastingFault, frozen=True, kw_only=True):
    """Every value is zero and looks fresh, as after a job that wrote defaults: to the model a card without a past."""

    kind: ClassVar[str] = "feature_store_zeroed"
    breaks: ClassVar[Part] = "feature_store"
    on_stream: ClassVar[OnStream] = "worker"
    summary: ClassVar[str] = "look-ups answer zeros that look fresh"
    seen: ClassVar[str] = "no error and no miss; PSI of every batch feature explodes, scores shift, recall falls"
    mitigation: ClassVar[str] = "drift alerts on PSI; nothing on the way of a decision can tell"


class FeatureStorePartial(LastingFault, frozen=True, kw_only=True):
    """A share of the keys is missing, always the same ones, as with a shard that is gone.

    Attributes:
        ratio: share of the keys that are missing, 0 to 1.
    """

    kind: ClassVar[str] = "feature_store_partial"
    breaks: ClassVar[Part] = "feature_store"
    on_stream: ClassVar[OnStream] = "worker"
    summary: ClassVar[str] = "a share of the keys is missing, always the same ones"
    seen: ClassVar[str] = "feature_store.miss_ratio steps up; the cards and merchants of one shard are realtime_only"
    mitigation: ClassVar[str] = "missing is told from zero, key by key; the miss-ratio alert"
    ratio: Share = 0.3


class FeatureStorePermuted(LastingFault, frozen=True, kw_only=True):
    """Each column has the values of its neighbour, as after a change of schema that only one side knows of."""

    kind: ClassVar[str] = "feature_store_permuted"
    breaks: ClassVar[Part] = "feature_store"
    on_stream: ClassVar[OnStream] = "worker"
    summary: ClassVar[str] = "look-ups answer with columns swapped"
    seen: ClassVar[str] = "no error and no miss; PSI of the batch features jumps at once, scores become nonsense"
    mitigation: ClassVar[str] = "drift alerts on PSI; nothing on the way of a decision can tell"


class RefreshFailure(LastingFault, frozen=True, kw_only=True):
    """No new table is published, so features age: stale past 9 h of event time, missing past 24 h.

    It has an effect only if a refresh falls due while it is in: at 00, 06, 12 and 18 h UTC of event time.
    """

    kind: ClassVar[str] = "refresh_failure"
    breaks: ClassVar[Part] = "feature_store"
    on_stream: ClassVar[OnStream] = "producer"
    summary: ClassVar[str] = "refreshes of the batch features fail: they age, turn stale, then missing"
    seen: ClassVar[str] = "feature_store.age_s climbs; past 9 h decisions are stale, past 24 h realtime_only"
    mitigation: ClassVar[str] = "freshness is checked at every look-up; the alert on old batch features"
    touches: ClassVar[str] = "refreshes"
