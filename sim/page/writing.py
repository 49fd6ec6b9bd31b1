"""Pages on their way to a file: whole or not at all, and never at the cost of a run."""

import contextlib
import sys
from pathlib import Path

from actors.core.errors import OutputError
from sim.page.recorded import check_folder, read_run
from sim.page.run_page import run_page
from sim.report.run_folder import PARTIAL, REPORT, RunFolder


def report_of(folder: RunFolder) -> None:
    """Write the page of the run that has ended in ``folder``; what keeps it from being written is a line, no more."""
    try:
        folder.write(REPORT, run_page(read_run(folder.path)))
    except Exception as error:  # noqa: BLE001 - of whatever kind, the verdict's exit code stands
        why = " ".join(str(error).split()) or type(error).__name__
        sys.stderr.write(f"no report: {why}; the verdict is as said\n")


def rebuild(folder: Path, out: Path | None = None) -> Path:
    """Write the page of the run in ``folder`` anew, there or to ``out``; return where it is.

    Raises:
        OutputError: there is no run, or it is written right now, or the page cannot be written.
    """
    check_folder(folder)
    target = folder / REPORT if out is None else out
    put(target, run_page(read_run(folder)))
    return target


def put(file: Path, text: str) -> None:
    """Write ``text`` to ``file`` at once: a reader sees the old one or the new one, never a part.

    Raises:
        OutputError: it cannot be written.
    """
    partial = file.with_name(file.name + PARTIAL)
    try:
        with contextlib.suppress(FileNotFoundError):
            partial.unlink()
        with partial.open("xb") as stream:
            stream.write(text.encode())
        partial.replace(file)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise OutputError(f"{file}: cannot be written: {error.strerror}; name another file with --out") from error
