"""Every kind of step: what a scenario says of it, and how it is taken."""

from pathlib import Path
from typing import Annotated, ClassVar

import msgspec

from sim.scalars import Duration, FilePath
from sim.steps.step import ModelControl, ScenarioStep, StepOutcome


class ModelRelease(ScenarioStep, frozen=True, kw_only=True):
    """Another model is verified in a child process and, if it proves itself, serves from the next batch on.

    One of ``model``, ``fit_seed`` and ``trees``, no two of them.

    Attributes:
        model: folder of the candidate, relative to the scenario file; it is looked at when the step is taken, not
            before.
        fit_seed: the candidate is this scenario's own model, fitted once more with another seed; trained before the run
            if there is none, and kept.
        trees: the candidate is the run's own model with only its first so many trees; made in a second, before the run.
        verify: whether the candidate must prove itself. DANGEROUS when false, for drills of what that costs: it only
            has to load and score, in a child process first; its digests and golden rows are not looked at.
    """

    kind: ClassVar[str] = "model_release"
    summary: ClassVar[str] = "another model is verified and takes over, or is refused with a reason"
    model: FilePath | None = None
    fit_seed: Annotated[int, msgspec.Meta(ge=0, lt=2**31)] | None = None
    trees: Annotated[int, msgspec.Meta(ge=1, le=100_000)] | None = None
    verify: bool = True

    async def take(self, model_changes: ModelControl, candidate: Path | None) -> StepOutcome:
        """Release the candidate."""
        if candidate is None:
            raise AssertionError("a release has a candidate; validation sees to it")
        return await model_changes.release(self.name, candidate, verify=self.verify)


class ModelRollback(ScenarioStep, frozen=True, kw_only=True):
    """The model that served before the last release serves again, at once: it is still in memory.

    Attributes:
        when: the alert that brings it about, as an automatic rollback does: from ``at`` on, as soon as it is firing.
            Absent, the step is taken at ``at``. If the alert never fires, it is not taken.
    """

    kind: ClassVar[str] = "model_rollback"
    summary: ClassVar[str] = "the model before the last release serves again"
    when: str | None = None

    @property
    def awaits(self) -> str | None:
        """The alert that brings it about."""
        return self.when

    async def take(self, model_changes: ModelControl, candidate: Path | None) -> StepOutcome:  # noqa: ARG002 - the step's signature
        """Roll back."""
        return await model_changes.roll_back(self.name)


MOST_TIMES = 5.0  # the planned rate: beyond it there are phases, which are as high as one likes


class RateChange(ScenarioStep, frozen=True, kw_only=True):
    """Another rate is offered for a while: fewer of the planned transactions arrive, or more beside them.

    It moves no draw and renames no phase: what was planned stays as it was, and expectations keep their meaning. More
    load comes from more cards. Changes that overlap multiply, up to 5 times what was planned. The synthetic world only.

    Attributes:
        factor: the rate as a multiple of the planned one, 0 to 5.
        duration: from ``at`` to the planned rate again; what reaches beyond the run ends with it.
    """

    kind: ClassVar[str] = "rate_change"
    summary: ClassVar[str] = "another rate is offered for a while, as a multiple of the planned one"
    factor: Annotated[float, msgspec.Meta(ge=0, le=MOST_TIMES)]
    duration: Annotated[Duration, msgspec.Meta(gt=0)]

    @property
    def lasts(self) -> int:
        """From ``at`` to its end."""
        return self.duration

    async def take(self, model_changes: ModelControl, candidate: Path | None) -> StepOutcome:  # noqa: ARG002 - the step's signature
        """Do nothing more: the traffic changes by itself."""
        return StepOutcome(done=True, detail=f"{self.factor:g} times the planned rate")


STEPS: dict[str, type[ScenarioStep]] = {each.kind: each for each in (ModelRelease, ModelRollback, RateChange)}
