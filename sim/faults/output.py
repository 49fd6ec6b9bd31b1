"""Faults of what comes after the pipeline: the caller who takes decisions, the disk."""

from typing import ClassVar, Final

from actors.core.clock import NS_PER_MS
from sim.faults.fault import LastingFault, NotOnStream, OnStream, Part, Share, Wait

NO_DELIVERY: Final = NotOnStream(
    "decisions leave in a transaction of the broker, all of an epoch or none", "stop the broker for a while instead"
)
NO_FILES: Final = NotOnStream("workers keep no files: the decisions topic is the log", "slow the broker's disk instead")


class SinkTimeout(LastingFault, frozen=True, kw_only=True):
    """Deliveries hang until the fault is lifted or the logger gives up."""

    kind: ClassVar[str] = "sink_timeout"
    breaks: ClassVar[Part] = "caller"
    on_stream: ClassVar[OnStream] = NO_DELIVERY
    summary: ClassVar[str] = "deliveries of decisions hang"
    seen: ClassVar[str] = "the logger's mailbox fills; decisions are made on time and delivered late"
    mitigation: ClassVar[str] = "delivery time-out, bounded retries; what stays undelivered is kept in a file"


class SinkErrors(LastingFault, frozen=True, kw_only=True):
    """A share of the deliveries fails at once.

    Attributes:
        ratio: share of the deliveries that fail, 0 to 1.
    """

    kind: ClassVar[str] = "sink_errors"
    breaks: ClassVar[Part] = "caller"
    on_stream: ClassVar[OnStream] = NO_DELIVERY
    summary: ClassVar[str] = "a share of the deliveries of decisions fails"
    seen: ClassVar[str] = "undelivered grows in the ledger; the log has every decision"
    mitigation: ClassVar[str] = "bounded retries, each decision once by its id; the rest is kept in a file"
    ratio: Share = 0.5


class DiskFull(LastingFault, frozen=True, kw_only=True):
    """Nothing can be appended to any file of the run: decisions, dead letters, journal and all others.

    Touched are decisions that are not logged.
    """

    kind: ClassVar[str] = "disk_full"
    breaks: ClassVar[Part] = "disk"
    on_stream: ClassVar[OnStream] = NO_FILES
    strikes_writes: ClassVar[bool] = True
    summary: ClassVar[str] = "nothing can be appended to any file of the run"
    seen: ClassVar[str] = (
        "log_failed grows; decisions are made and delivered as before; the verdict names what is missing"
    )
    mitigation: ClassVar[str] = (
        "a failed write costs its lines, which are counted; journal, alerts and latencies wait until there is room"
    )


class SlowDisk(LastingFault, frozen=True, kw_only=True):
    """Each write of the decision log takes longer, and keeps no core busy meanwhile.

    Attributes:
        added: what a write takes on top.
    """

    kind: ClassVar[str] = "slow_disk"
    breaks: ClassVar[Part] = "disk"
    on_stream: ClassVar[OnStream] = NO_FILES
    strikes_writes: ClassVar[bool] = True
    summary: ClassVar[str] = "each write of the decision log takes longer"
    seen: ClassVar[str] = "awaiting_log rises; past 4,096 the logger's mailbox fills; decisions are as quick as before"
    mitigation: ClassVar[str] = "lines wait in a buffer and are written off the event loop, all that wait at once"
    added: Wait = 50 * NS_PER_MS
