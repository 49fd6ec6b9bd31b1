"""The Scoring port: where the scorer's feature rows become scores, and its adapter in this process."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Protocol

from actors.arrays import F32, F64
from actors.model.slot import ModelSlot, ServingModel
from actors.work import Core, Job, RealWork, Work


class Scoring(Protocol):
    """Scores feature rows with the model that serves now."""

    def current(self) -> ServingModel:
        """Return the model that serves now; a batch is scored by one model, taken when its scoring starts."""
        ...

    async def score(self, model: ServingModel, features: F32, core: Core) -> F64:
        """Return the scores of ``features``, shape (n,), in [0, 1].

        Args:
            model: scores.
            features: float32 (n, features).
            core: where, if it is done in this process: at once on the event loop, or in the executor.

        Raises:
            ModelError: scoring failed; the caller decides by rules.
        """
        ...


def by_engine(model: ServingModel, features: F32) -> F64:
    """Score ``features`` with the engine of ``model``."""
    return model.engine.score(features)


class LocalScoring:
    """Scores in this process: at once on the event loop, or in one executor thread.

    A hop to a thread costs about 40 µs and a switch back, more where the loop is busy; engines release the interpreter
    while they score, so for large batches the second core is worth it.

    Args:
        slot: holds the serving model.
        executor: one thread; the scorer never has two batches in it.
        work: lets the time of scoring pass; None: scoring takes its own.
        predict: gives the scores of a model.
    """

    def __init__(
        self,
        slot: ModelSlot,
        executor: Executor,
        work: Work | None = None,
        predict: Callable[[ServingModel, F32], F64] = by_engine,
    ) -> None:
        self._slot = slot
        self._executor = executor
        self._work = work or RealWork()
        self._predict = predict

    def current(self) -> ServingModel:
        """Return the model that serves now."""
        return self._slot.current

    async def score(self, model: ServingModel, features: F32, core: Core) -> F64:
        """Return the scores of ``features``, shape (n,)."""
        if core is Core.LOOP:
            scores = self._predict(model, features)
        else:
            loop = asyncio.get_running_loop()
            scores = await loop.run_in_executor(self._executor, self._predict, model, features)
        await self._work.spend(Job.SCORE, len(features), core)
        return scores
