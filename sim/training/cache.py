"""Model folders by key, seen whole or not at all, whoever else is training."""

import errno
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from actors.errors import OutputError
from actors.model.artifact import MANIFEST_FILE

MODELS: Final = Path("models")
_ROUNDS: Final = 100  # each is lost only to another process that published in that very moment

Built = TypeVar("Built")


def is_model(folder: Path) -> bool:
    """Tell whether ``folder`` holds a whole model; the manifest is written last."""
    return (folder / MANIFEST_FILE).is_file()


def check_target(folder: Path) -> None:
    """Check, before the work is done, that a model may be written to ``folder``.

    Raises:
        OutputError: something else than a model is there.
    """
    try:
        names = {each.name for each in folder.iterdir()}
    except FileNotFoundError:
        return
    except NotADirectoryError:
        names = {folder.name} if folder.exists() else set()
    if names and MANIFEST_FILE not in names:
        raise OutputError(f"{folder}: must be new, empty or a model folder, and holds something else; name another")


def publish(folder: Path, build: Callable[[Path], Built]) -> Built:
    """Let ``build`` fill a folder beside ``folder``, then put it in its place in one step.

    A reader sees the old model, none, or the new one, never a half. Of two that publish at once the later one wins, and
    both models are whole. If ``build`` raises, nothing changes.

    Raises:
        OutputError: the folder cannot be written, or holds something that is not a model.
    """
    check_target(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        draft.chmod(0o755)  # made private; a model is not
        built = build(draft)
        _replace(draft, folder)
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return built


def _replace(draft: Path, folder: Path) -> None:
    for _ in range(_ROUNDS):
        try:
            draft.rename(folder)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise
            check_target(folder)  # again: a run may have taken it while the model was made
            _set_aside(folder)
        else:
            return
    raise OSError(errno.EBUSY, "others keep replacing it")


def _set_aside(folder: Path) -> None:
    """Take the old model away; whoever has it open keeps reading it."""
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
    try:
        folder.rename(aside / "model")
    except FileNotFoundError:
        pass  # another process was faster
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _unwritable(folder: Path, error: OSError) -> OutputError:
    return OutputError(f"{folder}: must be writable, and is not: {error.strerror or error}; name another with --out")
