"""The model of a run on a stream: what is released is released in every worker, and then shown here."""

from pathlib import Path
from typing import Final

from actors.model.artifact import Artifact
from sim.coordinator.worker_group import WorkerGroup
from sim.steps.model_changes import ModelChanges
from sim.steps.step import StepOutcome

PROOF_S: Final = 60.0  # a candidate proves itself in a process of its own, in each worker at the same time


class RemoteModel:
    """Changes the model in all workers; here it only says which one serves, and what drift is measured against.

    Args:
        group: the workers.
        shown: the model as this process has it.
    """

    def __init__(self, group: WorkerGroup, shown: ModelChanges) -> None:
        self._group = group
        self._shown = shown

    @property
    def serving(self) -> Artifact:
        """The model that serves now."""
        return self._shown.serving

    async def release(self, by: str, folder: Path, *, verify: bool = True) -> StepOutcome:
        """Let the model in ``folder`` serve in every worker; where one refuses it, in none."""
        outcome = await self._group.release(by, str(folder.resolve()), verify=verify, within_s=PROOF_S)
        if outcome.done:
            outcome = await self._shown.release(by, folder, verify=False)  # the workers have proved it
        return outcome

    async def roll_back(self, by: str) -> StepOutcome:
        """Let the model before the last release serve again, everywhere."""
        outcome, replaced = await self._group.roll_back(by, self.serving.manifest.digest, within_s=PROOF_S)
        if replaced:
            outcome = await self._shown.roll_back(by)
        return outcome
