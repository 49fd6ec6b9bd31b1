"""Training in a process of its own: what it imports and allocates is gone when it ends, and a run stays small."""

import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from actors.core.errors import InputError, InternalError, MachineError
from actors.core.process_failures import UNWOUND, how_ended, lack_of, was_killed
from sim.gates import Gate
from sim.installation import PROGRAM
from sim.training.fit import FitConfig
from sim.training.progress import Progress, TrainingRefused
from sim.training.source import TrainingSource

_PATIENCE_S = 5.0  # for a step of fitting to end and the draft to be removed


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
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_train, args=(source, folder, gates, config, theirs), name="training", daemon=True)
    with _deaf():
        child.start()
    theirs.close()
    try:
        _listen(ours, progress)
    except (EOFError, OSError) as error:
        child.join(_PATIENCE_S)
        how = how_ended(child.exitcode)
        if was_killed(child.exitcode):
            text = f"training: its process {how}; it may want more memory than there is; nothing was kept, run it again"
            raise MachineError(text) from error
        raise InternalError(f"training: its process {how}; run {PROGRAM} train to see why") from error
    finally:
        child.terminate()
        child.join(_PATIENCE_S)
        child.kill()
        child.join()
        ours.close()


@contextmanager
def _deaf() -> Iterator[None]:
    """Start what is started meanwhile deaf to Ctrl-C and to a terminal that closes: its parent hears them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _listen(pipe: Connection, progress: Progress) -> None:
    """Pass progress on until the child is done.

    Raises:
        EOFError: it ended between two messages.
        OSError: it ended within one.
    """
    while True:
        kind, content = pipe.recv()
        if kind == "progress":
            progress(*content)
        elif kind == "done":
            return
        elif kind == "refused":
            raise TrainingRefused(*content)
        elif kind == "input":
            raise InputError(content)
        elif kind == "machine":
            raise MachineError(content)
        else:
            raise InternalError(content)


def _train(
    source: TrainingSource, folder: Path, gates: tuple[Gate, ...], config: FitConfig | None, pipe: Connection
) -> None:
    from sim.training.trainer import train

    def tell(stage: str, done: int, total: int) -> None:
        pipe.send(("progress", (stage, done, total)))

    def work() -> None:
        signal.signal(
            signal.SIGTERM, lambda *_: sys.exit(UNWOUND)
        )  # unwinds, so that no half-written draft is left behind
        try:
            train(source, folder, gates=gates, config=config, progress=tell)
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)  # nothing is left to unwind but the interpreter, noisily

    _answer(pipe, work)


def _answer(pipe: Connection, work: Callable[[], object]) -> None:
    try:
        work()
    except TrainingRefused as error:
        pipe.send(("refused", (error.source, error.misses, error.figures)))
    except InputError as error:
        pipe.send(("input", str(error)))
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent has to know
        if lack := lack_of(error):
            pipe.send(("machine", lack))
        else:
            pipe.send(("error", f"training: {type(error).__name__}: {error}"))
    else:
        pipe.send(("done", None))
