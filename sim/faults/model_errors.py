"""The model fails on some batches."""

from typing import TYPE_CHECKING, ClassVar

from actors.arrays import F32, F64
from actors.errors import ModelError
from sim.faults.fault import Share
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


class _Failing:
    def __init__(self, scoring: "Scoring", switch: FaultSwitch, ratio: float) -> None:
        self._scoring = scoring
        self._switch = switch
        self._ratio = ratio

    def current(self) -> "ServingModel":
        """Return the model that serves now."""
        return self._scoring.current()

    async def score(self, model: "ServingModel", features: F32) -> F64:
        """Score, or fail."""
        if self._switch.strikes() and self._switch.chance.next("error") < self._ratio:
            with self._switch.effect(len(features)):
                raise ModelError("the model failed")
        return await self._scoring.score(model, features)
