"""Models changed from outside a run: its model's folder is watched for another one, its own for a roll-back."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from actors.core.clock import NS_PER_S, Clock
from actors.core.errors import ArtifactError
from actors.model.artifact import MANIFEST_FILE
from actors.model.manifest import read_manifest
from sim.report.run_folder import ROLLBACK
from sim.run_parts import RunModel

LOOK_EVERY_NS: Final = NS_PER_S  # a look costs 0.1 ms; whoever releases a model can wait two of them
WATCH: Final = "watched-folder"  # who asks, in the journal

Signature = tuple[tuple[str, int, int, int], ...]
"""Name, inode, size and time of change of each file of a model; equal when nothing was touched."""


class ModelWatch:
    """Releases each model that appears in the folder of the serving one, and rolls back when asked to.

    A model is looked at only when it has a manifest, which is written last, and when two looks in a row found the same
    files: one that is still being copied is left alone. What was refused is not tried again until it changes.

    Args:
        folder: where the serving model came from.
        run_folder: where the request to roll back is left, as a file that is removed when it is taken up.
        model_changes: makes the changes.
        clock: the run's, on real time.
    """

    def __init__(self, folder: Path, run_folder: Path, model_changes: RunModel, clock: Clock) -> None:
        self._folder = folder
        self._request = run_folder / ROLLBACK
        self._model_changes = model_changes
        self._clock = clock
        self._known = signature(folder)
        self._growing: Signature | None = None
        self._answered: tuple[int, int] | None = None

    async def run(self) -> None:
        """Look once a second, for ever."""
        while True:
            await self._clock.sleep_ns(LOOK_EVERY_NS)
            await self.look()

    async def look(self) -> None:
        """Take up a request, then look at the folder once; return when what came of it is settled."""
        if self._asked():
            await self._model_changes.roll_back(ROLLBACK)
            with contextlib.suppress(OSError):
                self._request.unlink()
        found = signature(self._folder)
        if found is None or found == self._known:
            return
        if found != self._growing:
            self._growing = found
            return
        self._known = found
        if not self._serves():
            await self._model_changes.release(WATCH, self._folder)

    def _asked(self) -> bool:
        """Return whether there is a request that has not been taken up: one that cannot be removed counts once."""
        try:
            about = self._request.lstat()
        except OSError:
            return False
        request = about.st_ino, about.st_mtime_ns
        if request == self._answered:
            return False
        self._answered = request
        return True

    def _serves(self) -> bool:
        """Return whether it is the serving model, put there again."""
        try:
            return read_manifest(self._folder / MANIFEST_FILE).digest == self._model_changes.serving.manifest.digest
        except (OSError, ValueError, ArtifactError):
            return False  # a release of it is refused, with the reason


def signature(folder: Path) -> Signature | None:
    """Return what tells the model in ``folder`` from another; None while there is no whole one."""
    try:
        found = tuple(sorted(_files(folder, folder)))
    except OSError:  # it is being replaced at this moment
        return None
    return found if any(name == MANIFEST_FILE for name, *_ in found) else None


def _files(folder: Path, root: Path) -> Iterator[tuple[str, int, int, int]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _files(each, root)
        else:
            about = each.stat()
            yield each.relative_to(root).as_posix(), about.st_ino, about.st_size, about.st_mtime_ns
