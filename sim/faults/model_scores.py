"""Scoring with a fault around it: what the faults of the model have in common."""

from typing import TYPE_CHECKING

from actors.arrays import F32, F64
from actors.work import Core
from sim.faults.switch import FaultSwitch

if TYPE_CHECKING:  # a scenario is read before LightGBM is imported
    from actors.model.scoring import Scoring
    from actors.model.slot import ServingModel


class AroundScoring:
    """Hands on what it is asked. A kind of fault changes what it is about.

    Args:
        scoring: what is wrapped.
        switch: of the fault.
    """

    def __init__(self, scoring: "Scoring", switch: FaultSwitch) -> None:
        self.scoring = scoring
        self.switch = switch

    def current(self) -> "ServingModel":
        """Return the model that serves now."""
        return self.scoring.current()

    async def score(self, model: "ServingModel", features: F32, core: Core) -> F64:
        """Score."""
        return await self.scoring.score(model, features, core)
