"""The caller refuses some decisions."""

from typing import ClassVar

from actors.errors import SinkError
from actors.messages import DecidedBatch
from actors.sink import DecisionSink
from sim.faults.fault import Share
from sim.faults.port import SinkFault
from sim.faults.switch import FaultSwitch


class SinkErrors(SinkFault, frozen=True, kw_only=True):
    """A share of the deliveries fails at once.

    Attributes:
        ratio: share of the deliveries that fail, 0 to 1.
    """

    kind: ClassVar[str] = "sink_errors"
    summary: ClassVar[str] = "a share of the deliveries of decisions fails"
    seen: ClassVar[str] = "undelivered grows in the ledger; the log has every decision"
    mitigation: ClassVar[str] = "bounded retries, each decision once by its id; the rest is kept in a file"
    ratio: Share = 0.5

    def build(self, port: DecisionSink, switch: FaultSwitch) -> DecisionSink:
        """Return a sink that fails at times while the fault is in."""
        return _Failing(port, switch, self.ratio)


class _Failing:
    def __init__(self, sink: DecisionSink, switch: FaultSwitch, ratio: float) -> None:
        self._sink = sink
        self._switch = switch
        self._ratio = ratio

    async def deliver(self, decided: DecidedBatch) -> None:
        """Deliver, or fail."""
        if self._switch.strikes() and self._switch.chance.next("error") < self._ratio:
            with self._switch.effect(len(decided)):
                raise SinkError("connection reset by the caller")
        await self._sink.deliver(decided)
