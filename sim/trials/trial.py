"""One run on the virtual clock that no one watches: its summary and every decision of it."""

import gc
import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from actors.model.artifact import Artifact
from actors.model.verification import load_verified
from actors.pipeline import Pipeline
from sim.report.folder import RunFolder
from sim.report.summary import Summary
from sim.run.execute import execute
from sim.run.instruments import NO_INSTRUMENTS
from sim.run.no_screen import NoScreen
from sim.run.outcomes import OutcomeBook
from sim.run.prepare import prepare
from sim.run.record import Record, Recorder
from sim.scenario.cut import Cut


@dataclass(frozen=True, slots=True)
class Trial:
    """What is run; can be sent to another process.

    Attributes:
        shorter: the scenario, cut or whole, on the virtual clock.
        model: folder of the model.
        folder: where the run's files go; None keeps none.
        alter: as of `sim.run.instruments.Instruments`; importable, should the trial go to another process.
    """

    shorter: Cut
    model: Path
    folder: Path | None = None
    alter: Callable[[Pipeline], None] = field(default=NO_INSTRUMENTS.alter)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial came to."""

    summary: Summary
    record: Record


@lru_cache(maxsize=1)
def _artifact(folder: Path) -> Artifact:
    """Return the model in ``folder``, loaded once a process."""
    return load_verified(folder)


def digest_of(model: Path) -> str:
    """Return the digest of the model in a folder.

    Raises:
        ArtifactError: it is not a model.
    """
    return _artifact(model).manifest.digest


def run_trial(trial: Trial) -> Outcome:
    """Return what ``trial`` came to; otherwise as `carried_out`."""
    with carried_out(trial) as (outcome, _):
        return outcome


@contextmanager
def carried_out(trial: Trial) -> Iterator[tuple[Outcome, Path]]:
    """Run ``trial``; give what it came to, and the folder of its files, which is gone afterwards if it was not named.

    Raises:
        InputError: its model or its folder cannot be used.
        InternalError: the run broke down.
        KeyboardInterrupt: it was interrupted, and has drained.
    """
    if trial.folder is not None:
        yield _run(trial, trial.folder), trial.folder
        return
    with tempfile.TemporaryDirectory(prefix="riskdrill-trial-") as folder:
        yield _run(trial, Path(folder)), Path(folder)


def _run(trial: Trial, folder: Path) -> Outcome:
    recorders: list[Recorder] = []

    def record(book: OutcomeBook) -> Recorder:
        recorders.append(Recorder(book))
        return recorders[-1]

    plan = prepare(trial.shorter, _artifact(trial.model), folder)
    instruments = replace(NO_INSTRUMENTS, sink=record, alter=trial.alter)
    logging.disable()  # what fails on purpose, hundreds of times, is in the figures
    try:
        with RunFolder(folder) as place:
            result = execute(plan, place, NoScreen(), instruments)
    finally:
        logging.disable(logging.NOTSET)
        gc.unfreeze()  # a session freezes what is there; the next one of this process must be able to free it
    if "the run was interrupted" in result.summary.reasons:
        raise KeyboardInterrupt
    return Outcome(result.summary, recorders[-1].record())
