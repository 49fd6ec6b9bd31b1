"""Training in a process of its own: what it imports and allocates is gone when it ends, and a run stays small."""

import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from actors.core.child_process import Child
from actors.core.errors import InternalError, MachineError
from actors.core.process_failures import UNWOUND, how_ended, was_killed
from sim.gates import Gate
from sim.installation import PROGRAM
from sim.training.fit import FitConfig
from sim.training.progress import Progress
from sim.training.source import TrainingSource


def train_in_child(
    source: TrainingSource, folder: Path, gates: tuple[Gate, ...], progress: Progress, config: FitConfig | None = None
) -> None:
    """Train as `sim.training.trainer.train` does, in a child process; progress is told in this one.

    Raises:
        TrainingRefused: a gate was missed.
        InputError: the source cannot be trained on, or the folder cannot be written.
        MachineError: the child was killed, or the machine lacks what it needs.
        InternalError: the child failed or died.
    """
    child = Child(_train, source, folder, gates, config)
    try:
        while (told := child.receive()) is not None:
            progress(*told)
    except EOFError as error:
        how = how_ended(status := child.close())
        if was_killed(status):
            text = f"training: its process {how}; it may want more memory than there is; nothing was kept, run it again"
            raise MachineError(text) from error
        raise InternalError(f"training: its process {how}; run {PROGRAM} train to see why") from error
    except InternalError as error:
        raise InternalError(f"training: {error}") from error
    finally:
        child.terminate()
        child.close()


def _train(
    pipe: Connection, source: TrainingSource, folder: Path, gates: tuple[Gate, ...], config: FitConfig | None
) -> None:
    """Train in the child; told to end, it unwinds, so that no half-written draft is left behind."""
    from sim.training.trainer import train

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(UNWOUND))
    try:
        train(source, folder, gates=gates, config=config, progress=lambda *step: pipe.send(step))
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # nothing is left to unwind but the interpreter, noisily
