"""The model fails on some batches."""

from typing import TYPE_CHECKING, ClassVar

from actors.arrays import F32, F64
from actors.errors import ModelError
from actors.work import Core
from sim.faults.fault import Share
from sim.faults.model_scores import AroundScoring
from sim.faults.port import ModelFault
from sim.faults.switch import FaultSwitch

if TYPE_CHECKING:  # a scenario is read before LightGBM is imported
    from actors.model.scoring import Scoring
    from actors.model.slot import ServingModel


class ModelErrors(ModelFault, frozen=True, kw_only=True):
    """A share of the batches cannot be scored.

    Attributes:
        ratio: share of the batches that fail, 0 to 1.
    """

    kind: ClassVar[str] = "model_errors"
    summary: ClassVar[str] = "a share of the batches cannot be scored"
    seen: ClassVar[str] = "as many decisions by rules, cause model_failed; no transaction is lost"
    mitigation: ClassVar[str] = "the ladder: rules on payload and velocity decide at once"
    ratio: Share = 0.5

    def build(self, port: "Scoring", switch: FaultSwitch) -> "Scoring":
        """Return scoring that fails at times while the fault is in."""
        return _Failing(port, switch, self.ratio)


class _Failing(AroundScoring):
    def __init__(self, scoring: "Scoring", switch: FaultSwitch, ratio: float) -> None:
        super().__init__(scoring, switch)
        self._ratio = ratio

    async def score(self, model: "ServingModel", features: F32, core: Core) -> F64:
        """Score, or fail."""
        if self.switch.strikes() and self.switch.chance.next("error") < self._ratio:
            with self.switch.effect(len(features)):
                raise ModelError("the model failed")
        return await self.scoring.score(model, features, core)
