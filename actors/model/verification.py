"""A candidate that may be damaged, first loaded in a child process.

A truncated LightGBM model aborts the whole process instead of raising (measured), so a model that is to replace a
serving one never touches the serving process before a child has survived it.

``python -m actors.model.verification FOLDER`` exits 0, or 2 with one line on stderr.
"""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from actors.errors import ArtifactError

TIMEOUT_S: Final = 30.0  # a whole check takes about 1 s; a machine under load is allowed thirty times that
INVALID: Final = 2

_REPOSITORY = Path(__file__).resolve().parents[2]


def verify_in_child(folder: Path, timeout_s: float = TIMEOUT_S) -> None:
    """Return if the model in ``folder`` loads and proves itself in a process of its own. Blocks meanwhile.

    Raises:
        ArtifactError: it does not, it crashes the child, or it takes longer than ``timeout_s``.
    """
    command = [sys.executable, "-m", "actors.model.verification", str(folder.resolve())]
    try:
        child = subprocess.run(
            command, cwd=_REPOSITORY, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ArtifactError(f"{folder}: must load within {timeout_s:g} s, and does not; keep the old model") from error
    if child.returncode != 0:
        raise ArtifactError(_complaint(folder, child))


def _complaint(folder: Path, child: "subprocess.CompletedProcess[bytes]") -> str:
    lines = child.stderr.decode(errors="replace").strip().splitlines()
    if child.returncode == INVALID and lines:
        return lines[-1]
    end = f"by {signal.Signals(-child.returncode).name}" if child.returncode < 0 else f"with code {child.returncode}"
    return f"{folder}: must load in a child process, and ended it {end}; the file is damaged, train the model again"


def main() -> int:
    """Load the folder named on the command line."""
    from actors.model.artifact import load_artifact

    try:
        load_artifact(Path(sys.argv[1]))
    except ArtifactError as error:
        sys.stderr.write(f"{error}\n")
        return INVALID
    return 0


if __name__ == "__main__":
    sys.exit(main())
