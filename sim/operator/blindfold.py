"""What a blind drill keeps from the screen: whatever a scenario says of itself, until it is named or over.

What is measured stays, and the built-in alerts, which are the signal.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from dashboard.frame import FaultSpan, Frame, Timeline
from sim.scenario.scenario import Scenario

TITLE: Final = "blind drill"
FOLDER: Final = "drill"  # in the name of the run's folder
_LEAST_WORD: Final = 3  # letters; shorter ones are in every name


@dataclass(frozen=True, slots=True)
class Blindfold:
    """Hides what a scenario would give away.

    Attributes:
        hints: whether the line in words about what is going on is shown all the same.
    """

    hints: bool = False

    def aliases(self, scenario: Scenario) -> dict[str, str]:
        """Return what the scenario's alerts are called that have a word in common with what is hidden."""
        told = _words(scenario.name, *(word for each in scenario.faults for word in (each.name, each.kind)))
        given_away = [each.alert for each in scenario.alerts if _words(each.alert) & told]
        return {name: f"alert-{number}" for number, name in enumerate(given_away, 1)}

    def frame(self, frame: Frame, scenario: Scenario, named: Collection[str]) -> Frame:
        """Return what may be seen of ``frame`` after the faults ``named`` were."""
        aliases = self.aliases(scenario)
        header = msgspec.structs.replace(
            frame.header,
            scenario=TITLE,
            hypothesis="",
            phase=None,
            verdict="undecided",
            warnings=tuple(each for each in frame.header.warnings if not _tells(each, scenario)),
        )
        alerts = tuple(msgspec.structs.replace(each, name=aliases.get(each.name, each.name)) for each in frame.alerts)
        answer = frame.answer
        if answer is not None:
            answer = msgspec.structs.replace(answer, text=_renamed(answer.text, aliases))
        return msgspec.structs.replace(
            frame,
            header=header,
            alerts=alerts,
            rules_hidden=True,  # the count would tell how many alerts the scenario brings, and so what it is about
            answer=answer,
            situation=frame.situation if self.hints else "",
            expectations=(),
            timeline=None if frame.timeline is None else _timeline(frame, scenario, named),
        )


def _timeline(frame: Frame, scenario: Scenario, named: Collection[str]) -> Timeline | None:
    """Return what was named, as far as it has come, and what was done by hand."""
    data, planned = frame.timeline, {each.name for each in scenario.steps}
    if data is None:
        return None
    faults = tuple(_so_far(each, frame.header.elapsed_s) for each in data.faults if each.name in named)
    return Timeline((), faults, tuple(each for each in data.steps if each.name not in planned))


def _so_far(fault: FaultSpan, elapsed_s: float) -> FaultSpan:
    if fault.end_s is None or fault.state in ("lifted", "replaced"):
        return fault
    return msgspec.structs.replace(fault, end_s=max(fault.start_s, min(fault.end_s, elapsed_s)))


def _tells(text: str, scenario: Scenario) -> bool:
    hidden = [scenario.name, *(each.name for each in scenario.phases), *(each.name for each in scenario.expect)]
    hidden += [word for each in scenario.faults for word in (each.name, each.kind)]
    return any(name in text for name in hidden)


def _words(*names: str) -> frozenset[str]:
    words = (word for name in names for word in re.split(r"[\W_]+", name.lower()))
    return frozenset(word for word in words if len(word) >= _LEAST_WORD)


def _renamed(text: str, aliases: Mapping[str, str]) -> str:
    for name, alias in aliases.items():
        text = text.replace(name, alias)
    return text
