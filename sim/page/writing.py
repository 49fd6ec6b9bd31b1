"""Pages on their way to a file: whole or not at all, and never at the cost of a run."""

import contextlib
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from actors.core.errors import OutputError
from sim.explore.exploration import EXPLORE, Exploration
from sim.installation import PROGRAM
from sim.page.explore_page import explore_page
from sim.page.recorded import check_folder, read_document, read_run
from sim.page.run_page import run_page
from sim.page.twin_page import twin_page
from sim.report.run_folder import PARTIAL, REPORT, RunFolder
from sim.twin.result import TWIN, Twin


def report_of(folder: RunFolder, *, hurried: bool = False) -> None:
    """Write the page of the run that has ended in ``folder``, unless whoever waits for it is ``hurried``."""

    def page() -> str:
        if hurried:
            raise KeyboardInterrupt
        return run_page(read_run(folder.path))

    unharmed(folder, page)


def unharmed(folder: RunFolder, page: Callable[[], str]) -> None:
    """Write a page into ``folder``; what keeps it from being written is a line, no more."""
    later = f"{PROGRAM} report {shlex.quote(str(folder.path))}"
    try:
        folder.write(REPORT, page())
    except KeyboardInterrupt:  # of someone who wants it to end, and has what was found
        sys.stderr.write(f"no report: interrupted; {later} makes it; everything else is as said\n")
    except Exception as error:  # noqa: BLE001 - of whatever kind, the exit code is that of what was found
        why = " ".join(str(error).split()) or type(error).__name__
        sys.stderr.write(f"no report: {why}; {later} makes it later; everything else is as said\n")


def rebuild(folder: Path, out: Path | None = None) -> Path:
    """Write the page of the run, twin or exploration in ``folder`` anew, there or to ``out``; return where it is.

    Raises:
        OutputError: there is none, or it is written right now, or the page cannot be written.
    """
    check_folder(folder)
    target = folder / REPORT if out is None else out
    put(target, page_of(folder))
    return target


def page_of(folder: Path) -> str:
    """Return the page of what ``folder`` holds.

    Raises:
        OutputError: a file in it cannot be read, or is of another version.
    """
    if (twin := read_document(folder / TWIN, Twin)) is not None:
        return twin_page(twin)
    if (found := read_document(folder / EXPLORE, Exploration)) is not None:
        return explore_page(found)
    return run_page(read_run(folder))


def put(file: Path, text: str) -> None:
    """Write ``text`` to ``file`` at once: a reader sees the old one or the new one, never a part.

    Raises:
        OutputError: it cannot be written.
    """
    if file.exists() and not file.is_file():  # a device or a pipe would be put away for it
        raise OutputError(f"{file}: cannot be written: is not a file; name another file with --out")
    partial = file.with_name(file.name + PARTIAL)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            partial.unlink()
        with partial.open("xb") as stream:
            stream.write(text.encode())
        partial.replace(file)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise OutputError(f"{file}: cannot be written: {error.strerror}; name another file with --out") from error
