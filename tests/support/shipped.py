"""A shipped scenario run whole on virtual time, in this process, and which of its expectations did not hold."""

from dataclasses import dataclass
from pathlib import Path

from actors.model.artifact import load_artifact
from sim.report.run_folder import RunFolder
from sim.report.summary import Summary
from sim.run.composition import NO_ATTACHMENTS, Attachments
from sim.run.execution import execute
from sim.run.planning import prepare
from sim.run.watch import NullScreen
from sim.scenario.loader import load
from sim.scenario.shipped import shipped
from sim.scenario.timeline import Cut


@dataclass(frozen=True, slots=True)
class Drilled:
    """How a drill ended.

    Attributes:
        folder: its files.
    """

    summary: Summary
    folder: Path

    @property
    def failed(self) -> set[str]:
        """Names of the expectations that did not hold."""
        return {each.name for each in self.summary.expectations if each.state == "failed"}

    @property
    def unproved(self) -> set[str]:
        """Names of the expectations that neither passed nor are about this process."""
        return {each.name for each in self.summary.expectations if each.state not in ("passed", "skipped")}


def drill(name: str, model: Path, folder: Path, *overrides: str, attachments: Attachments = NO_ATTACHMENTS) -> Drilled:
    """Run the shipped scenario ``name`` on virtual time with ``overrides`` (``path=value``) into ``folder``.

    ``attachments`` take a mitigation away that has no key in a scenario.
    """
    scenario = load(shipped()[name], ["clock=virtual", *overrides])
    plan = prepare(Cut(scenario), load_artifact(model), folder)
    return Drilled(execute(plan, RunFolder(folder), NullScreen(), attachments).summary, folder)
