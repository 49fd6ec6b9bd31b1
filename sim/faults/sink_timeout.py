"""The caller does not take decisions."""

from typing import ClassVar

from actors.messages import DecidedBatch
from actors.sink import DecisionSink
from sim.faults.port import SinkFault
from sim.faults.switch import FaultSwitch


class SinkTimeout(SinkFault, frozen=True, kw_only=True):
    """Deliveries hang until the fault is lifted or the logger gives up."""

    kind: ClassVar[str] = "sink_timeout"
    summary: ClassVar[str] = "deliveries of decisions hang"
    seen: ClassVar[str] = "the logger's mailbox fills; decisions are made on time and delivered late"
    mitigation: ClassVar[str] = "delivery time-out, bounded retries; what stays undelivered is kept in a file"

    def build(self, port: DecisionSink, switch: FaultSwitch) -> DecisionSink:
        """Return a sink that does not answer while the fault is in."""
        return _Silent(port, switch)


class _Silent:
    def __init__(self, sink: DecisionSink, switch: FaultSwitch) -> None:
        self._sink = sink
        self._switch = switch

    async def deliver(self, decided: DecidedBatch) -> None:
        """Hang while the fault is in, then deliver."""
        if self._switch.strikes():
            with self._switch.effect(0):
                self._switch.touch(len(decided))
                await self._switch.until_lifted()
        await self._sink.deliver(decided)
