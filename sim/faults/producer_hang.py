"""The producer hangs."""

from typing import ClassVar

from sim.faults.hang import Hang


class ProducerHang(Hang, frozen=True, kw_only=True):
    """The producer takes a batch and does nothing with it until the fault is lifted."""

    kind: ClassVar[str] = "producer_hang"
    summary: ClassVar[str] = "the producer stands still"
    holds_producer: ClassVar[bool] = True
    seen: ClassVar[str] = "nothing is produced and offered goes on: unsent grows, later its latency shows"
    actor: ClassVar[str] = "producer"
