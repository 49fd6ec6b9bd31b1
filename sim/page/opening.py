"""A page shown in a browser."""

import webbrowser
from pathlib import Path

from actors.core.errors import OutputError
from sim.report.run_folder import REPORT, RESULTS, RUNS, SERIES


def latest(runs: Path = RUNS) -> Path:
    """Return the folder of the latest run below ``runs``.

    Raises:
        OutputError: there is none.
    """
    try:
        folders = [
            each for each in runs.iterdir() if any((each / name).is_file() for name in (*RESULTS, SERIES, REPORT))
        ]
    except OSError:
        folders = []
    if not folders:
        raise OutputError(f"{runs}: holds no run; name the folder of one")
    return max(folders, key=lambda each: (each.stat().st_mtime, each.name))


def show(page: Path) -> None:
    """Open ``page`` in the user's browser.

    Raises:
        OutputError: there is none that can be opened.
    """
    try:
        shown = webbrowser.open(page.resolve().as_uri())
    except (webbrowser.Error, OSError):
        shown = False
    if not shown:
        raise OutputError(f"{page}: no browser can be opened here; open this file in one yourself")
