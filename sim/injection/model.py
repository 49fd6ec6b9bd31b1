"""Injectors of the model: it scores slowly, fails, or says nothing."""

from abc import abstractmethod

import numpy as np

from actors.core.arrays import F32, F64
from actors.core.errors import ModelError
from actors.core.work import Core, Job
from actors.model.scoring import Scoring
from actors.model.serving import ServingModel
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


AT_ONCE = 8_192  # rows: some tens of ms of computing, after which whoever waits for the executor has a turn


class SlowModel(ScoringInjector):
    """Keeps the core that has scored a batch busy with its rows again and again, until the factor is full.

    What is scored on the event loop stays there, call by call. In the executor many rows go at once: on a busy machine
    each hop to a thread would take longer than what is computed there.
    """

    fault: ModelSlow

    @property
    def _model(self) -> Scoring:
        """What scores behind all faults: scoring once more is none of their business."""
        behind = self.scoring
        while isinstance(behind, ScoringInjector):
            behind = behind.scoring
        return behind

    async def score(self, model: ServingModel, features: F32, core: Core) -> F64:
        """Score, in a multiple of the time."""
        strikes = self.switch.strikes()
        scores = await self.scoring.score(model, features, core)
        if strikes:
            with self.switch.effect(len(features)):
                count = len(features)
                at_once = count if core is Core.LOOP else max(count, AT_ONCE)
                left = round((self.fault.factor - 1) * count)
                while left > 0:
                    part = min(left, at_once)
                    await self._again(model, features, part, core)
                    left -= part
        return scores

    async def _again(self, model: ServingModel, features: F32, rows: int, core: Core) -> None:
        """Score ``rows`` more; where computing takes no time, keep the core busy for as long instead."""
        occupy = self.switch.targets.occupy
        if occupy is None:
            await self._model.score(model, np.resize(features, (rows, features.shape[1])), core)
        else:
            await occupy(Job.SCORE, rows, core)


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
