"""Faults of the model: it scores slowly, fails, or says nothing."""

from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec
import numpy as np

from actors.core.arrays import F32, F64
from actors.core.errors import ModelError
from actors.core.work import Core, Job
from sim.clocks.processor import Processor
from sim.faults.fault import Share
from sim.faults.port import ModelFault
from sim.faults.switch import FaultSwitch

if TYPE_CHECKING:  # a scenario is read before LightGBM is imported
    from actors.model.scoring import Scoring
    from actors.model.serving import ServingModel


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


AT_ONCE = 8_192  # rows: some tens of ms of burning, after which whoever waits for the executor has a turn


class ModelSlow(ModelFault, frozen=True, kw_only=True):
    """Scoring takes a multiple of its time and keeps its core busy all the while, as a much larger model would.

    Attributes:
        factor: the multiple.
    """

    kind: ClassVar[str] = "model_slow"
    summary: ClassVar[str] = "scoring takes a multiple of its time and keeps its core busy"
    seen: ClassVar[str] = "inference and the scorer's busy share rise; past capacity its mailbox fills, latency climbs"
    mitigation: ClassVar[str] = "larger batches in the executor; beyond shed_above or the deadline, decisions by rules"
    factor: Annotated[float, msgspec.Meta(ge=1, le=1_000)] = 10.0

    def build(self, port: "Scoring", switch: FaultSwitch) -> "Scoring":
        """Return scoring that is slow while the fault is in."""
        work = switch.targets.work
        if isinstance(work, Processor):
            return _LongJobs(port, switch, self.factor, work)
        return _Burning(port, switch, self.factor)


class _LongJobs(AroundScoring):
    """Virtual time: the processor's core is kept for longer. One batch is scored at a time."""

    def __init__(self, scoring: "Scoring", switch: FaultSwitch, factor: float, processor: Processor) -> None:
        super().__init__(scoring, switch)
        self._factor = factor
        self._slowdown = processor.slowdown

    async def score(self, model: "ServingModel", features: F32, core: Core) -> F64:
        """Score, in a multiple of the time."""
        if not self.switch.strikes():
            return await self.scoring.score(model, features, core)
        usual = self._slowdown.get(Job.SCORE, 1.0)
        self._slowdown[Job.SCORE] = usual * self._factor
        self.switch.touch(len(features))
        try:
            return await self.scoring.score(model, features, core)
        finally:
            self._slowdown[Job.SCORE] = usual


class _Burning(AroundScoring):
    """Real time: the batch is scored as often as the factor says, wherever it would be."""

    def __init__(self, scoring: "Scoring", switch: FaultSwitch, factor: float) -> None:
        super().__init__(scoring, switch)
        self._factor = factor

    async def score(self, model: "ServingModel", features: F32, core: Core) -> F64:
        """Score, several times."""
        strikes = self.switch.strikes()
        scores = await self.scoring.score(model, features, core)
        if strikes:
            with self.switch.effect(len(features)):
                await self._again(model, features, core)
        return scores

    async def _again(self, model: "ServingModel", features: F32, core: Core) -> None:
        """Score the rows again until the factor is full.

        What is scored on the event loop stays there, call by call. In the executor many rows go at once: on a busy
        machine each hop to a thread would take longer than what is burnt there.
        """
        count, columns = features.shape
        at_once = count if core is Core.LOOP else max(count, AT_ONCE)
        left = round((self._factor - 1) * count)
        while left > 0:
            part = min(left, at_once)
            await self.scoring.score(model, np.resize(features, (part, columns)), core)
            left -= part


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
