"""The model of a run on a stream: what is released is released in every worker, and then shown here."""

from pathlib import Path
from typing import Final

from actors.model.artifact import Artifact
from sim.coordinator.worker_group import WorkerGroup
from sim.steps.model_changes import ModelChanges
from sim.steps.step import StepOutcome
from sim.stream.control_messages import Ack, ReleaseModel, RollbackModel

PROOF_S: Final = 60.0  # a candidate proves itself in a process of its own, in each worker at the same time


class WorkerModels:
    """Changes the model in all workers, or in none.

    Args:
        group: the workers.
    """

    def __init__(self, group: WorkerGroup) -> None:
        self._group = group

    async def release(self, step: str, folder: str, *, verify: bool) -> StepOutcome:
        """Let the model in ``folder`` serve in every worker; if one refuses, those that did go back."""
        group = self._group
        command = ReleaseModel(run=group.run, number=group.numbered(), step=step, folder=folder, verify=verify)
        answers = await group.obeyed(command, PROOF_S)
        wrong = _wrong(answers)
        if not wrong and answers:
            group.releases.append(folder)
            return StepOutcome(done=True, detail=answers[0].detail)
        for each in answers:
            if each.done:
                group.send(RollbackModel(run=group.run, number=group.numbered(), process=each.process, step=step))
        return StepOutcome(done=False, detail=wrong or "no worker answered")

    async def roll_back(self, step: str, serving: str) -> tuple[StepOutcome, bool]:
        """Let the model before the last release serve again in every worker.

        Args:
            step: who asks for it.
            serving: digest of the model that the run released last, or began with.

        Returns:
            What came of it, and whether it replaced ``serving``, or a model that a fault had released after it.
        """
        group = self._group
        answers = await group.obeyed(RollbackModel(run=group.run, number=group.numbered(), step=step), PROOF_S)
        wrong = _wrong(answers)
        detail = wrong or (answers[0].detail if answers else "no worker answered")
        done = bool(answers) and not wrong
        replaced = done and all(each.replaced == serving for each in answers)
        if replaced:
            group.releases.pop()
        elif done:
            group.forget_releasing()
        return StepOutcome(done=done, detail=detail), replaced


def _wrong(answers: list[Ack]) -> str:
    """Return why workers could not do it, "" if all that answered could."""
    return "; ".join(f"{each.worker}: {each.detail}" for each in answers if not each.done)


class RemoteModel:
    """Changes the model in all workers; here it only says which one serves, and what drift is measured against.

    Args:
        workers: the model as they have it.
        shown: the model as this process has it.
    """

    def __init__(self, workers: WorkerModels, shown: ModelChanges) -> None:
        self._workers = workers
        self._shown = shown

    @property
    def serving(self) -> Artifact:
        """The model that serves now."""
        return self._shown.serving

    async def release(self, by: str, folder: Path, *, verify: bool = True) -> StepOutcome:
        """Let the model in ``folder`` serve in every worker; where one refuses it, in none."""
        outcome = await self._workers.release(by, str(folder.resolve()), verify=verify)
        if outcome.done:
            outcome = await self._shown.release(by, folder, verify=False)  # the workers have proved it
        return outcome

    async def roll_back(self, by: str) -> StepOutcome:
        """Let the model before the last release serve again, everywhere."""
        outcome, replaced = await self._workers.roll_back(by, self.serving.manifest.digest)
        if replaced:
            outcome = await self._shown.roll_back(by)
        return outcome
