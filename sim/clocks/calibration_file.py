"""What one machine takes for each job with one model: measured once, kept beside the model, read by virtual runs.

It is a file of its own, ``calibration.json``: the manifest is what training wrote, the same bytes on any machine, and
every other file of a model folder is covered by its digests. A calibration belongs to a machine and may be measured
again; removing it loses nothing but time.
"""

import contextlib
import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from actors.core.errors import ArtifactError, OutputError
from actors.model.engine import EngineKind
from sim.clocks.costs import Costs
from sim.installation import PROGRAM

CALIBRATION_FILE: Final = "calibration.json"
FORMAT_VERSION: Final = 3
REMEDY: Final = f"measure it again: {PROGRAM} calibrate"
_DIGITS: Final = 12


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """The costs of all jobs on one machine.

    Attributes:
        format_version: of the file.
        model: digest of the model that was scored with; the costs of another one differ.
        engine: what it was scored by; files without it are older than the compiled one.
        machine: where it was measured, in words.
        costs: of each job.
        predicted_per_s: transactions a second that the costs add up to, on virtual time.
        measured_per_s: what the pipeline did on the real clock.
    """

    format_version: int = FORMAT_VERSION
    model: str
    engine: EngineKind = "lightgbm"
    machine: str
    costs: Costs
    predicted_per_s: float
    measured_per_s: float

    def write(self, folder: Path) -> Path:
        """Write it beside the model in ``folder``, whole or not at all.

        Raises:
            OutputError: it cannot be written.
        """
        file = folder / CALIBRATION_FILE
        with _partial_of(file) as partial:
            partial.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n")
            partial.replace(file)
        return file


def check_place(folder: Path) -> None:
    """Check, before anything is measured, that a calibration can be written beside the model in ``folder``.

    Raises:
        OutputError: it cannot.
    """
    file = folder / CALIBRATION_FILE
    with _partial_of(file) as partial:
        partial.write_bytes(b"#")
        partial.unlink()
        if file.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))


@contextlib.contextmanager
def _partial_of(file: Path) -> Iterator[Path]:
    """Give the name under which ``file`` is written; what cannot be done with it is told in one line."""
    partial = file.with_suffix(".partial")
    try:
        yield partial
    except OSError as error:
        with contextlib.suppress(OSError):  # the first error is the one to tell
            partial.unlink()
        raise OutputError(f"{file}: must be writable, and is not: {error.strerror}; copy the model folder") from error


def read_calibration(folder: Path) -> Calibration | None:
    """Return the calibration in a model folder, None if there is none.

    Raises:
        ArtifactError: it is there, and cannot be read.
    """
    file = folder / CALIBRATION_FILE
    try:
        found = msgspec.json.decode(file.read_bytes(), type=Calibration)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # msgspec's errors are ValueErrors that say which field
        raise ArtifactError(f"{file}: cannot be read: {error}; {REMEDY}") from error
    if found.format_version != FORMAT_VERSION:
        rule = f"format_version must be {FORMAT_VERSION}, got {found.format_version}"
        raise ArtifactError(f"{file}: {rule}; {REMEDY}")
    return found


def digest(model: msgspec.Struct) -> str:
    """Return a short name of a model of a machine: equal ones have equal names, on every machine."""
    return hashlib.sha256(msgspec.json.encode(model)).hexdigest()[:_DIGITS]
