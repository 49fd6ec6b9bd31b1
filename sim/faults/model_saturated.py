"""The model says nothing."""

from typing import TYPE_CHECKING, ClassVar

from actors.arrays import F32, F64
from actors.work import Core
from sim.faults.fault import Share
from sim.faults.model_scores import AroundScoring
from sim.faults.port import ModelFault
from sim.faults.switch import FaultSwitch

if TYPE_CHECKING:  # a scenario is read before LightGBM is imported
    from actors.model.scoring import Scoring
    from actors.model.slot import ServingModel

MIDDLE = 0.5


class ModelSaturated(ModelFault, frozen=True, kw_only=True):
    """Every score is near 0.5, as from a model whose features lost their scale.

    Attributes:
        spread: what is left of a score's distance from 0.5, 0 to 1; the order of scores stays.
    """

    kind: ClassVar[str] = "model_saturated"
    summary: ClassVar[str] = "every score is near 0.5"
    seen: ClassVar[str] = "the score histogram is one bar in the middle; everything goes to review"
    mitigation: ClassVar[str] = "a review threshold below 0.5 sends all to review; the alert on scores near 0.5"
    spread: Share = 0.02

    def build(self, port: "Scoring", switch: FaultSwitch) -> "Scoring":
        """Return scoring that says nothing while the fault is in."""
        return _Saturated(port, switch, self.spread)


class _Saturated(AroundScoring):
    def __init__(self, scoring: "Scoring", switch: FaultSwitch, spread: float) -> None:
        super().__init__(scoring, switch)
        self._spread = spread

    async def score(self, model: "ServingModel", features: F32, core: Core) -> F64:
        """Score, and pull the scores to the middle."""
        strikes = self.switch.strikes()
        scores = await self.scoring.score(model, features, core)
        if strikes:
            with self.switch.effect(len(features)):
                return MIDDLE + (scores - MIDDLE) * self._spread
        return scores
