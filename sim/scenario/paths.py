"""Paths in a scenario: whose folder each is relative to, and the whole path that it stands for.

A path that stands in a scenario file is relative to the folder of that file; one that ``--set`` brings is relative to
where the command is given, as is every path on a command line. Both become whole paths when the scenario is read, so
that nothing that runs later, in this process or another, depends on where it runs.
"""

from pathlib import Path

from sim.scenario.positions import is_override

HOME_MARK = "~/"
_NOT_FOLDERS = (Path("/dev"), Path("/proc"))  # a scenario that is piped in lies in no folder of its own


def home_of(file: Path) -> Path:
    """Return the folder to which the paths in the scenario ``file`` are relative."""
    folder = file.absolute().parent
    return Path.cwd() if any(folder.is_relative_to(each) for each in _NOT_FOLDERS) else folder


def whole_path(text: str, home: Path) -> str:
    """Return the whole path that ``text`` stands for in ``home``; the last part may be a pattern, or a link."""
    path = home / (Path(text).expanduser() if text.startswith(HOME_MARK) else Path(text))
    try:
        if path.name in ("", ".."):
            return str(path.resolve())
        return str(path.parent.resolve() / path.name)  # a link keeps its own name and ending
    except (OSError, RuntimeError, ValueError):  # a ring of links; a character that no path can have
        return str(path)


def looked_in(written: str, place: str, home: Path) -> str:
    """Return where a path was looked for and why there, in brackets; nothing for a path that is whole as written.

    Args:
        written: the path as it was written.
        place: of the value that holds it, as in errors.
        home: folder of the scenario.
    """
    if Path(written).is_absolute() or written.startswith(HOME_MARK):
        return ""
    if is_override(place):
        return f" (looked for in {Path.cwd()}, where the command was given)"
    return f" (looked for in {home}, the folder of the scenario)"
