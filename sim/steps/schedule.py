"""The schedule of a run's steps: takes each at its instant, or when its alert fires."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from actors.core.clock import NS_PER_S, Clock
from actors.telemetry.alerts.engine import ACKNOWLEDGED, AlertEvent
from actors.telemetry.alerts.life import AlertState
from sim.journal import Journal
from sim.steps.step import ModelControl, ScenarioStep, StepOutcome, StepRecord, StepState


class AlertSignal:
    """Knows which alerts are firing, and wakes whoever waits for one."""

    def __init__(self) -> None:
        self._firing: set[str] = set()
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}

    def hear(self, event: AlertEvent) -> None:
        """Take in what happened to an alert."""
        if event.state == ACKNOWLEDGED:
            return
        if event.state != AlertState.FIRING:
            self._firing.discard(event.alert)
            return
        self._firing.add(event.alert)
        for waiter in self._waiting.pop(event.alert, ()):
            if not waiter.done():
                waiter.set_result(None)

    async def until_firing(self, alert: str) -> None:
        """Return as soon as ``alert`` is firing; at once if it is."""
        if alert not in self._firing:
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.setdefault(alert, []).append(waiter)
            await waiter


class StepSchedule:
    """All steps of one run.

    A step that takes its time, such as the verification of a candidate, does not delay the next one's instant; changes
    of the model are made in the order in which they were asked for.

    Args:
        steps: what is done, and when, counted from the start of the run.
        candidates: folder of the model that a step brings, by the step's name.
        clock: the run's clock.
        journal: knows when the run began.
        model_changes: makes the changes.
        alert_signal: knows which alerts are firing.
    """

    def __init__(
        self,
        steps: Sequence[ScenarioStep],
        candidates: Mapping[str, Path],
        clock: Clock,
        journal: Journal,
        model_changes: ModelControl,
        alert_signal: AlertSignal,
    ) -> None:
        self._steps = list(steps)
        self._candidates = dict(candidates)
        self._by_hand: set[asyncio.Task[None]] = set()
        self._over_names: set[str] = set()
        self._clock = clock
        self._journal = journal
        self._model_changes = model_changes
        self.alert_signal = alert_signal
        self._taken_ns: dict[str, int] = {}
        self._ended_ns: dict[str, int] = {}
        self._outcomes: dict[str, StepOutcome] = {}

    async def run(self) -> None:
        """Take each step at its instant; return when the last has ended."""
        under_way: list[asyncio.Task[None]] = []
        try:
            for step in sorted(self._steps.copy(), key=lambda each: each.at):
                await self._clock.sleep_until_ns(self._journal.start_ns + step.at)
                under_way.append(asyncio.create_task(self._take(step), name=step.name))
            await asyncio.gather(*under_way)
        finally:
            for task in under_way:
                task.cancel()

    def add(self, step: ScenarioStep, candidate: Path | None = None) -> None:
        """Take one more step at its instant, now or very soon; it brings the model in ``candidate``, if any."""
        self._steps.append(step)
        if candidate is not None:
            self._candidates[step.name] = candidate
        self._begin(self._take_at(step))

    def end(self, name: str, at_ns: int) -> None:
        """Write down at ``at_ns`` that what a step changed for a while is as planned again, sooner than it says."""
        self._begin(self._over(name, at_ns))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._by_hand.add(task)
        task.add_done_callback(self._by_hand.discard)

    async def _take_at(self, step: ScenarioStep) -> None:
        await self._clock.sleep_until_ns(self._journal.start_ns + step.at)
        await self._take(step)

    async def _over(self, name: str, at_ns: int) -> None:
        await self._clock.sleep_until_ns(self._journal.start_ns + at_ns)
        if name not in self._over_names:
            self._over_names.add(name)
            self._journal.add("rate_changed", name, "over")

    def stop(self) -> None:
        """Give up what was begun by hand and has not ended."""
        for task in self._by_hand:
            task.cancel()

    @property
    def steps(self) -> tuple[ScenarioStep, ...]:
        """All of them, those taken by hand the last."""
        return tuple(self._steps)

    async def _take(self, step: ScenarioStep) -> None:
        if step.awaits is not None:
            await self.alert_signal.until_firing(step.awaits)
        self._taken_ns[step.name] = self._clock.now_ns()
        self._outcomes[step.name] = await step.take(self._model_changes, self._candidates.get(step.name))
        self._ended_ns[step.name] = self._clock.now_ns()
        if step.lasts is not None:
            self._journal.add("rate_changed", step.name, self._outcomes[step.name].detail)
            await self._over(step.name, step.at + step.lasts)

    def records(self) -> tuple[StepRecord, ...]:
        """Return what came of each step so far, in the order of the scenario."""
        return tuple(map(self._record, self._steps))

    def _record(self, step: ScenarioStep) -> StepRecord:
        outcome = self._outcomes.get(step.name)
        return StepRecord(
            name=step.name,
            kind=step.kind,
            state=self._state(step, outcome),
            taken_at_s=self._since_start(self._taken_ns.get(step.name)),
            ended_at_s=self._since_start(self._ended_ns.get(step.name)),
            detail=self._detail(step, outcome),
        )

    def _state(self, step: ScenarioStep, outcome: StepOutcome | None) -> StepState:
        if outcome is not None:
            return "done" if outcome.done else "refused"
        return "under_way" if step.name in self._taken_ns else "waiting"

    def _detail(self, step: ScenarioStep, outcome: StepOutcome | None) -> str:
        if outcome is not None:
            return outcome.detail
        waits = step.awaits is not None and step.name not in self._taken_ns
        return f"alert {step.awaits} did not ring" if waits else ""

    def _since_start(self, at_ns: int | None) -> float | None:
        return None if at_ns is None else (at_ns - self._journal.start_ns) / NS_PER_S
