"""The producer crashes."""

from typing import ClassVar

from sim.faults.crash import Crash


class ProducerCrash(Crash, frozen=True, kw_only=True):
    """The producer crashes once, at its next batch."""

    kind: ClassVar[str] = "producer_crash"
    summary: ClassVar[str] = "the producer crashes at its next batch"
    holds_producer: ClassVar[bool] = True
    actor: ClassVar[str] = "producer"
