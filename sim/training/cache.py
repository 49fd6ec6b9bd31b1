"""Model folders: named by all that a model depends on, and put in place in one step."""

import errno
import hashlib
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import numpy as np

from actors.core.errors import OutputError
from actors.features.catalogue import catalogue_digest
from actors.model.artifact import MANIFEST_FILE
from actors.model.lightgbm_engine import lightgbm
from actors.model.manifest import FORMAT_VERSION
from actors.model.policy import Thresholds
from sim.installation import HOME
from sim.training.fit import FitConfig

_ROUNDS: Final = 100  # an attempt fails only if another process publishes at that very moment

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
        _make(folder.parent)
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


def _make(folder: Path) -> None:
    """Make ``folder`` and those around it that are missing; others than the user may read them, not write to them.

    One of them may be the user's cache, where nothing is kept that others can change.
    """
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        missing.mkdir(0o755, exist_ok=True)


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
    """Move the old model aside; a process that has it open keeps reading it."""
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
    try:
        folder.rename(aside / "model")
    except FileNotFoundError:
        pass  # another process was faster
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _unwritable(folder: Path, error: OSError) -> OutputError:
    remedy = "name another with train --out, and give that to --model"
    return OutputError(f"{folder}: must be writable, and is not: {error.strerror or error}; {remedy}")


KEY_LENGTH: Final = 16
# What computes a model out of a world or a file.
_CODE = (
    "actors/core",
    "actors/features",
    "actors/model",
    "actors/telemetry/drift.py",
    "sim/chance.py",
    "sim/replay",
    "sim/tables",
    "sim/training",
    "sim/world",
)


class Recipe(msgspec.Struct, frozen=True):
    """What a model depends on. A run's seed, phases and faults are not part of it.

    Attributes:
        source: the facts of the world or file, as its `Source` tells them.
        features: the model's inputs in column order.
        catalogue: digest of all features' definitions.
        fit: how it is fitted.
        thresholds: those that the model is given, for scenarios that name none.
        versions: of the libraries and of the code that makes models.
    """

    source: dict[str, object]
    features: tuple[str, ...]
    catalogue: str
    fit: FitConfig
    thresholds: Thresholds
    versions: dict[str, str]

    @property
    def key(self) -> str:
        """The name of the model's folder in the cache."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()[:KEY_LENGTH]


def recipe_of(source: dict[str, object], features: tuple[str, ...], fit: FitConfig) -> Recipe:
    """Return the recipe for this program as it is."""
    return Recipe(source, features, catalogue_digest(), fit, Thresholds(), versions())


def versions() -> dict[str, str]:
    """Return the versions that a model's bytes depend on."""
    return {
        "riskdrill": _own_version(),
        "code": code_digest(),
        "format": str(FORMAT_VERSION),
        "lightgbm": lightgbm.__version__,
        "numpy": np.__version__,
    }


def _own_version() -> str:
    try:
        return version("riskdrill")
    except PackageNotFoundError:  # run from a folder without installing it
        return "not installed"


@cache
def code_digest() -> str:
    """Return a digest of the source files that make models, so that a changed program never serves an old one."""
    digest = hashlib.sha256()
    for place in _CODE:
        path = HOME / place
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            digest.update(file.relative_to(HOME).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
