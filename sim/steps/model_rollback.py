"""The model before the last release serves again."""

from pathlib import Path
from typing import ClassVar

from sim.steps.step import Desk, Outcome, Step


class ModelRollback(Step, frozen=True, kw_only=True):
    """The model that served before the last release serves again, at once: it is still in memory.

    Attributes:
        when: the alert that brings it about, as an automatic rollback does: from ``at`` on, as soon as it is firing.
            Absent, the step is taken at ``at``. If the alert never rings, it is not taken.
    """

    kind: ClassVar[str] = "model_rollback"
    summary: ClassVar[str] = "the model before the last release serves again"
    when: str | None = None

    @property
    def awaits(self) -> str | None:
        """The alert that brings it about."""
        return self.when

    async def take(self, desk: Desk, candidate: Path | None) -> Outcome:  # noqa: ARG002 - the step's signature
        """Roll back."""
        return await desk.roll_back(self.name)
