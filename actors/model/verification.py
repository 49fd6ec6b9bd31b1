"""A model that may be damaged, first loaded in a child process.

A truncated LightGBM model aborts the whole process instead of raising (measured), so the process that serves loads only
what a child has survived: the model of the start, and each that is to replace it. The child has a command line, as
`multiprocessing` would begin it with the main module of the program that serves, and lets no worker start one.

``python -m actors.model.verification FOLDER [unproved]`` exits 0 with the SHA-256 of the booster's file on stdout, or 2
with one line on stderr; 4 if the machine lacks what it takes, with a line that says what.
"""

import asyncio
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from actors.config import EngineChoice
from actors.core.errors import ArtifactError, MachineError
from actors.core.process_failures import how_ended, lack_of, was_killed

if TYPE_CHECKING:  # the child imports LightGBM in `main` only, where a failure is told in one line
    from actors.model.artifact import Artifact

TIMEOUT_S: Final = 30.0  # a whole check takes about 1 s; a machine under load is allowed thirty times that
INVALID: Final = 2
LACKING: Final = 4  # the machine lacks what loading takes
UNPROVED: Final = "unproved"  # on the child's command line: load and score, and believe whatever comes of it

_REPOSITORY = Path(__file__).resolve().parents[2]


class Verification(Protocol):
    """From the folder of a candidate to a model that has proved itself."""

    async def verify(self, folder: Path, *, proof: bool = True) -> "Artifact":
        """Return the model in ``folder``; the pipeline serves meanwhile.

        Args:
            folder: of the candidate.
            proof: whether it must prove itself. Without, it must only load and score without harm, and says what it
                likes: for a drill of what that costs.

        Raises:
            ArtifactError: it is not one, or does not prove itself; the text says what, where and how to mend it.
        """
        ...


class ChildVerification:
    """Verifies in a child process first, then loads here, both in an executor thread.

    Args:
        engine: scores the candidate.
    """

    def __init__(self, engine: EngineChoice = "auto") -> None:
        self._engine = engine

    async def verify(self, folder: Path, *, proof: bool = True) -> "Artifact":
        """Return the model in ``folder``."""
        return await asyncio.get_running_loop().run_in_executor(None, partial(self._load, folder, proof=proof))

    def _load(self, folder: Path, *, proof: bool) -> "Artifact":
        return load_verified(folder, proof=proof).served_by(self._engine)


def load_verified(folder: Path, *, proof: bool = True) -> "Artifact":
    """Return the model in ``folder``, loaded here only after a child has survived loading it. Blocks meanwhile.

    Raises:
        ArtifactError: it does not prove itself, or was replaced while it was being looked at.
    """
    from actors.model.artifact import load_artifact

    seen = verify_in_child(folder, proof=proof)
    return load_artifact(folder, proof=proof, seen=seen)


def verify_in_child(folder: Path, timeout_s: float = TIMEOUT_S, *, proof: bool = True) -> str:
    """Return the SHA-256 of the booster's file if the model in ``folder`` proves itself in a process of its own.

    Blocks meanwhile. Without ``proof`` it must only load and score.

    Raises:
        ArtifactError: it does not, it crashes the child, or it takes longer than ``timeout_s``.
        MachineError: the child was killed, or lacked what it takes; that says nothing about the model.
    """
    command = [sys.executable, "-P", "-m", "actors.model.verification", str(folder.resolve())]
    command += [] if proof else [UNPROVED]
    found = os.pathsep.join(filter(None, (str(_REPOSITORY), os.environ.get("PYTHONPATH"))))
    try:
        child = subprocess.run(
            command,
            cwd=_REPOSITORY,
            env={**os.environ, "PYTHONPATH": found},  # not by the folder it stands in, which a setting can forbid
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except OSError as error:
        raise MachineError(
            f"{folder}: is not verified: no process can be started: {lack_of(error) or error.strerror}"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise ArtifactError(f"{folder}: must load within {timeout_s:g} s, and does not; keep the old model") from error
    if child.returncode != 0:
        raise _complaint(folder, child)
    return child.stdout.decode().strip()


def _complaint(folder: Path, child: "subprocess.CompletedProcess[bytes]") -> ArtifactError | MachineError:
    lines = child.stderr.decode(errors="replace").strip().splitlines()
    if child.returncode == INVALID and lines:
        return ArtifactError(lines[-1].replace(str(folder.resolve()), str(folder)))  # as whoever named it knows it
    if child.returncode == LACKING and lines:
        return MachineError(f"{folder}: is not verified: {lines[-1]}")
    how = how_ended(child.returncode)
    if was_killed(child.returncode):
        text = f"is not verified: the process that looked at it {how}, which says nothing about the model; try again"
        return MachineError(f"{folder}: {text}")
    text = f"must load in a child process, which {how}; the file is damaged, train the model again"
    return ArtifactError(f"{folder}: {text}")


def main() -> int:
    """Load the folder named on the command line."""
    try:
        from actors.model.artifact import load_artifact

        loaded = load_artifact(Path(sys.argv[1]), proof=UNPROVED not in sys.argv[2:])
    except Exception as error:
        lack = lack_of(error)
        if not lack and not isinstance(error, ArtifactError):
            raise
        sys.stderr.write(f"{lack or error}\n")
        return LACKING if lack else INVALID
    sys.stdout.write(f"{loaded.sha256}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
