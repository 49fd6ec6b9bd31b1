"""The last picture of a run as a file: tried before the run, since nothing after it may replace the verdict."""

import os
from pathlib import Path

from actors.errors import OutputError
from dashboard.frame import Frame

SUFFIX = ".svg"


def check_picture(file: Path) -> None:
    """Check that a picture can be written to ``file``; what is there stays.

    Raises:
        OutputError: it cannot; nothing has run.
    """
    if file.suffix.lower() != SUFFIX:
        raise OutputError(f"--picture {file}: must be an SVG file and end in {SUFFIX}; name it {file.stem}{SUFFIX}")
    there = file.exists() or file.is_symlink()
    try:
        os.close(_opened(file))
        if not there:
            file.unlink()
    except OSError as error:
        raise OutputError(f"--picture {file}: cannot be written: {error.strerror}; name another file") from error


def write_picture(frame: Frame, file: Path) -> str:
    """Write the picture of ``frame``; return why it could not be written, "" when it is.

    It never raises: the run has its verdict already.
    """
    from dashboard.export import to_svg

    try:
        with os.fdopen(_opened(file, os.O_TRUNC), "w", encoding="utf-8") as out:
            out.write(to_svg(frame))
    except Exception as error:  # noqa: BLE001 - of whatever kind, the verdict's exit code stands
        why = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
        return f"--picture {file}: cannot be written: {' '.join(why.split())}; the verdict is as said"
    return ""


def _opened(file: Path, more: int = 0) -> int:
    """Open ``file`` for writing without waiting for anyone.

    Raises:
        OSError: it cannot be written, or is no file but a pipe or a device.
    """
    if file.exists() and not file.is_file():
        raise OSError(0, "is not a file")
    return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | more, 0o644)
