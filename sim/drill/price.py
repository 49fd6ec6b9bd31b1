"""What a drill cost, minute by minute: the run as it was played against the same without its faults."""

from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from actors.core.clock import NS_PER_S
from dashboard.frame import Frame, Message, Notice
from sim.outcomes.decision_table import DecisionTable
from sim.run.watch import NullScreen
from sim.scenario.timeline import Cut
from sim.training.progress import Progress
from sim.trials.trial import Trial, prepare_scenario, run_trial
from sim.twin.impact import Harm, Pairs, harm, pair

MINUTE_NS: Final = 60 * NS_PER_S
STEPS: Final = 1_000  # of a run whose share is known
STAGES: Final = ("the drill again, on virtual time", "the same without its faults")


class Minute(msgspec.Struct, frozen=True, kw_only=True):
    """What arrived in one minute of the run, with its faults less without them.

    Attributes:
        start_s: of the minute, seconds since the run began.
        harm: among the transactions of that minute.
    """

    start_s: float
    harm: Harm


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """What the faults of a drill cost, on virtual time.

    Attributes:
        minutes: all of the run, the last one perhaps shorter.
        whole: the whole run.
    """

    minutes: tuple[Minute, ...]
    whole: Harm


class _Bar(NullScreen):
    """Shows how far a run has come."""

    def __init__(self, stage: str, progress: Progress) -> None:
        self._stage = stage
        self._progress = progress

    @property
    def ready(self) -> bool:
        """Always."""
        return True

    def show(self, message: Message) -> None:
        """Move the bar."""
        if isinstance(message, Frame) and message.header.planned_s:
            share = min(1.0, message.header.elapsed_s / message.header.planned_s)
            self._progress(self._stage, int(share * STEPS), STEPS)


def price(as_played: Path, model: Path, progress: Progress) -> Price:
    """Return what the faults of a drill cost.

    Both runs are on the virtual clock, with what was done by hand in both.

    Args:
        as_played: the scenario that plays the drill again.
        model: folder of its model.
        progress: hears how far each run has come.

    Raises:
        InputError: the scenario or the model cannot be used.
        KeyboardInterrupt: someone did not want to wait.
    """

    def announce(_: Notice) -> None:
        """Say nothing: the bar does."""

    shorter = prepare_scenario(as_played, (), None, model, announce).shorter
    faults = shorter.scenario.faults
    without = Cut(msgspec.structs.replace(shorter.scenario, faults=(), expect=()), left_out=faults)
    given, otherwise = (
        _record(each, model, stage, progress) for each, stage in zip((shorter, without), STAGES, strict=True)
    )
    return priced(pair(given, otherwise))


def priced(pairs: Pairs) -> Price:
    """Return what differs between two runs, minute by minute and on the whole."""
    minute = pairs.arrival_ns // MINUTE_NS
    last = int(minute.max(initial=-1))
    minutes = tuple(
        Minute(start_s=number * MINUTE_NS / NS_PER_S, harm=harm(pairs, minute == number)) for number in range(last + 1)
    )
    return Price(minutes=minutes, whole=harm(pairs, np.ones(len(pairs), dtype=np.bool_)))


def _record(shorter: Cut, model: Path, stage: str, progress: Progress) -> DecisionTable:
    outcome = run_trial(Trial(shorter, model), _Bar(stage, progress))
    progress(stage, STEPS, STEPS)
    return outcome.record
