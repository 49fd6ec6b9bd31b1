"""What a scenario says about a step, and what comes of it."""

from abc import abstractmethod
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple, Protocol

import msgspec

from sim.scalars import Duration, Name

StepState = Literal["waiting", "under_way", "done", "refused"]


class StepRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one step, for the summary. Instants are seconds since the run began; None did not happen.

    Attributes:
        taken_at_s: when it was asked for; of a step that waits for an alert, when that fired.
        ended_at_s: when it was done, or refused.
        detail: what changed, or why not.
    """

    name: str
    kind: str
    state: StepState
    taken_at_s: float | None = None
    ended_at_s: float | None = None
    detail: str = ""


class StepOutcome(NamedTuple):
    """What came of asking for a change: whether it was made, and what changed or why not."""

    done: bool
    detail: str


class ModelControl(Protocol):
    """Changes the serving model, under the name of whoever asks. A refusal is an outcome, not an error."""

    async def release(self, by: str, folder: Path, *, verify: bool = True) -> StepOutcome:
        """Verify the model in ``folder`` and let it serve; without ``verify`` it must only load and score."""
        ...

    async def roll_back(self, by: str) -> StepOutcome:
        """Let the model before serve again."""
        ...


class ScenarioStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step as a frozen value. What it changed stays until another step, unless it `lasts` for a while.

    Attributes:
        name: unique in the scenario, also among its phases and faults; as a span it lasts to the end of the run.
        at: from the start of the run to the step.
    """

    kind: ClassVar[str] = ""
    summary: ClassVar[str] = ""  # one line for lists
    name: Name
    at: Duration

    @property
    def awaits(self) -> str | None:
        """The alert for which it waits from its instant on; None: it is taken then."""
        return None

    @property
    def lasts(self) -> int | None:
        """From its instant to when all is as planned again; None: it stays."""
        return None

    @abstractmethod
    async def take(self, model_changes: ModelControl, candidate: Path | None) -> StepOutcome:
        """Take the step.

        Args:
            model_changes: makes the change.
            candidate: folder of the model that the step brings; None if it brings none.
        """
        ...
