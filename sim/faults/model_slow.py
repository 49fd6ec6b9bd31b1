"""The model takes longer."""

from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec
import numpy as np

from actors.arrays import F32, F64
from actors.work import Core, Job
from sim.clocks.cpu import Processor
from sim.faults.model_scores import AroundScoring
from sim.faults.port import ModelFault
from sim.faults.switch import FaultSwitch

if TYPE_CHECKING:  # a scenario is read before LightGBM is imported
    from actors.model.scoring import Scoring
    from actors.model.slot import ServingModel

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
        work = switch.site.work
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
