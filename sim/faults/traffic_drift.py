"""What people buy changes."""

from typing import Annotated, Any, ClassVar

import msgspec

from actors.arrays import I64
from sim.faults.blocks import rewritten, with_raws
from sim.faults.switch import FaultSwitch
from sim.faults.traffic import TrafficFault
from sim.world.block import Block

DEAREST = 1e9  # what a transaction may cost at most
CENTS = 2


class TrafficDrift(TrafficFault, frozen=True, kw_only=True):
    """Amounts are another multiple of what they were in training, as after an inflation or a change of currency.

    Attributes:
        amount_factor: what amounts are multiplied with.
    """

    kind: ClassVar[str] = "traffic_drift"
    summary: ClassVar[str] = "amounts move away from what the model was trained on"
    seen: ClassVar[str] = "PSI of amount and of every feature made from it rises; later scores shift and blocks grow"
    mitigation: ClassVar[str] = "drift alerts on PSI and scores; retraining"
    amount_factor: Annotated[float, msgspec.Meta(gt=0, le=1_000_000)] = 3.0

    def change(self, block: Block, chosen: I64, switch: FaultSwitch) -> Block:  # noqa: ARG002 - the base's signature
        """Multiply the amounts in the chosen documents."""
        return with_raws(block, {at: rewritten(block.raws[at], self._dearer) for at in chosen.tolist()})

    def _dearer(self, fields: dict[str, Any]) -> dict[str, Any]:
        amount = fields["amount"]
        if amount > DEAREST:  # damaged on purpose, and to be refused
            return fields
        return {**fields, "amount": min(DEAREST, round(amount * self.amount_factor, CENTS))}
