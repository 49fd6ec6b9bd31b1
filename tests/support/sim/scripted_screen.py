"""A screen whose operator follows a script: each action at its instant, read at the run's ticks as from a person."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from actors.model.artifact import load_artifact
from dashboard.actions import Action
from dashboard.choices import Answer
from dashboard.frame import Frame, Message
from sim.report.run_folder import RunFolder
from sim.run.execution import Result, execute
from sim.run.plan import SyntheticLoad
from sim.run.planning import prepare
from sim.run.watch import NullScreen
from sim.scenario.loader import parse
from sim.scenario.timeline import Cut
from sim.steps.mirrors import MOST_MIRRORS


class ScriptedScreen(NullScreen):
    """Asks for what the script says, as soon as the run has come so far.

    Attributes:
        answers: what the run said, each once, in order.
        frames: all that were shown.
    """

    def __init__(self, script: Sequence[tuple[float, Action]]) -> None:
        self._script = sorted(script, key=lambda each: each[0])
        self._elapsed_s = 0.0
        self.answers: list[Answer] = []
        self.frames: list[Frame] = []

    @property
    def ready(self) -> bool:
        """Always."""
        return True

    def show(self, message: Message) -> None:
        """Remember how far the run is, and what it said."""
        if isinstance(message, Frame):
            self.frames.append(message)
            self._elapsed_s = message.header.elapsed_s
            if message.answer is not None and message.answer not in self.answers[-1:]:
                self.answers.append(message.answer)

    def actions(self) -> list[Action]:
        """Return what is due, one at a time."""
        if self._script and self._script[0][0] <= self._elapsed_s:
            return [self._script.pop(0)[1]]
        return []


def played(
    text: str,
    model: Path,
    folder: Path,
    screen: ScriptedScreen,
    monkeypatch: pytest.MonkeyPatch,
    mirrors: int = MOST_MIRRORS,
) -> Result:
    """Run a scenario on virtual time as if hands could change it there, so that every instant is exact.

    On a stream there are no ``mirrors`` but those that the scenario needs.
    """
    monkeypatch.setattr("sim.run.lifecycle.refusal", lambda _clock, *, interactive: "" if interactive else "forbidden")
    plan = prepare(Cut(parse(text, "played.yaml")), load_artifact(model), folder)
    load = replace(plan.load, mirrors=mirrors) if isinstance(plan.load, SyntheticLoad) else plan.load
    with RunFolder(folder) as place:
        return execute(replace(plan, by_hand=True, load=load), place, screen)
