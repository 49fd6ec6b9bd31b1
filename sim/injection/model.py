"""Injectors of the model: it scores slowly, fails, or says nothing."""

from abc import abstractmethod

import numpy as np

from actors.core.arrays import F32, F64
from actors.core.errors import ModelError
from actors.core.work import Core, Job
from actors.model.scoring import Scoring
from actors.model.serving import ServingModel
from sim.clocks.processor import Processor
from sim.faults.model import ModelErrors, ModelSaturated, ModelSlow
from sim.injection.injector import Injector


class ScoringInjector(Injector):
    """Stands between the scorer and its model.

    Attributes:
        scoring: the one behind it.
    """

    scoring: Scoring

    def around_scoring(self, scoring: Scoring) -> Scoring:
        """Take what is to be scored."""
        self.scoring = scoring
        return self

    def current(self) -> ServingModel:
        """Return the model that serves now."""
        return self.scoring.current()

    @abstractmethod
    async def score(self, model: ServingModel, features: F32, core: Core) -> F64:
        """Score, or do harm."""
        ...


AT_ONCE = 8_192  # rows: some tens of ms of burning, after which whoever waits for the executor has a turn


class SlowModel(ScoringInjector):
    """Takes a multiple of the time."""

    fault: ModelSlow

    async def score(self, model: ServingModel, features: F32, core: Core) -> F64:
        """Score, in a multiple of the time."""
        work = self.switch.targets.work
        if isinstance(work, Processor):
            return await self._long(work, model, features, core)
        strikes = self.switch.strikes()
        scores = await self.scoring.score(model, features, core)
        if strikes:
            with self.switch.effect(len(features)):
                await self._again(model, features, core)
        return scores

    async def _long(self, processor: Processor, model: ServingModel, features: F32, core: Core) -> F64:
        """Virtual time: the processor's core is kept for longer. One batch is scored at a time."""
        if not self.switch.strikes():
            return await self.scoring.score(model, features, core)
        usual = processor.slowdown.get(Job.SCORE, 1.0)
        processor.slowdown[Job.SCORE] = usual * self.fault.factor
        self.switch.touch(len(features))
        try:
            return await self.scoring.score(model, features, core)
        finally:
            processor.slowdown[Job.SCORE] = usual

    async def _again(self, model: ServingModel, features: F32, core: Core) -> None:
        """Score the rows again until the factor is full.

        What is scored on the event loop stays there, call by call. In the executor many rows go at once: on a busy
        machine each hop to a thread would take longer than what is burnt there.
        """
        count, columns = features.shape
        at_once = count if core is Core.LOOP else max(count, AT_ONCE)
        left = round((self.fault.factor - 1) * count)
        while left > 0:
            part = min(left, at_once)
            await self.scoring.score(model, np.resize(features, (part, columns)), core)
            left -= part


class FailingModel(ScoringInjector):
    """Fails at times."""

    fault: ModelErrors

    async def score(self, model: ServingModel, features: F32, core: Core) -> F64:
        """Score, or fail."""
        if self.switch.strikes() and self.switch.chance.next("error") < self.fault.ratio:
            with self.switch.effect(len(features)):
                raise ModelError("the model failed")
        return await self.scoring.score(model, features, core)


MIDDLE = 0.5


class SaturatedModel(ScoringInjector):
    """Says next to nothing."""

    fault: ModelSaturated

    async def score(self, model: ServingModel, features: F32, core: Core) -> F64:
        """Score, and pull the scores to the middle."""
        strikes = self.switch.strikes()
        scores = await self.scoring.score(model, features, core)
        if strikes:
            with self.switch.effect(len(features)):
                return MIDDLE + (scores - MIDDLE) * self.fault.spread
        return scores
