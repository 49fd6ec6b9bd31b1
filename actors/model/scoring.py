"""The Scoring port: where the scorer's feature rows become scores, and its adapter in this process."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Protocol

from actors.core.arrays import F32, F64
from actors.core.work import LOOP, Core, Job, RealWork, Work
from actors.model.serving import ModelSlot, ServingModel


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


class InlineBudget:
    """Learns what a row costs, and says how many at most are scored on the event loop.

    On the loop scores are there at once, without the hand-over to a thread and the waits for the interpreter at both
    ends; but all else stands still meanwhile. So a batch measured there counts for much: a model that has become slow
    is away from the loop after one or two. In the executor a row never costs less than on the loop, nor many times
    more; what it costs there says when the loop can bear it again.

    Args:
        hold_ns: how long scoring may hold the loop at most; 0: everything is scored in the executor.
        most: rows that it may take at most.

    Example:
        >>> budget = InlineBudget(2_000_000, 1_024)
        >>> for _ in range(10):
        ...     budget.learn(50, 500_000, LOOP)
        >>> budget.rows
        194
        >>> budget.learn(100, 50_000_000, LOOP)
        >>> budget.rows
        12
    """

    WEIGHT = 0.3  # of the newest batch on the loop
    HAND_OVER = 3  # a row takes at most so many times as long in the executor, waits included
    START_NS = 20_000  # for a row, before anything was measured

    def __init__(self, hold_ns: int, most: int) -> None:
        self._hold_ns = hold_ns
        self._most = most
        self._row_ns = float(self.START_NS)
        self.rows = 0
        self._limit_rows()

    def learn(self, rows: int, took_ns: int, core: Core) -> None:
        """Take a scored batch into account, of at least one row.

        One row alone tells the cost of a batch rather than of a row, so it counts only if it held the loop too long.
        """
        if rows == 1 and core is LOOP and took_ns <= self._hold_ns:
            return
        measured_ns = took_ns / rows
        if core is LOOP:
            self._row_ns += self.WEIGHT * (measured_ns - self._row_ns)
        else:
            self._row_ns = min(max(self._row_ns, measured_ns / self.HAND_OVER), measured_ns)
        self._limit_rows()

    def _limit_rows(self) -> None:
        self.rows = min(self._most, int(self._hold_ns / max(self._row_ns, 1.0)))
