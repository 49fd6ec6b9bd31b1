"""Which files a path means: one file, all of a folder, or those that fit a pattern; in order."""

import glob
import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from sim.tables.endings import ending_of, full_ending
from sim.tables.problem import listed, problem

STDIN: Final = "-"
NO_STDIN: Final = ("cannot be standard input, which is read only once", "save it to a file, and name that")
_SIGNS: Final = re.compile(r"[*?\[]")
_DIGITS: Final = re.compile(r"([0-9]+)")


def exists(path: Path) -> bool:
    """Tell whether ``path`` is a file or folder, or a pattern that fits one."""
    return _is(path, Path.exists) or bool(_matches(path))


def is_pattern(path: Path) -> bool:
    """Tell whether ``path`` has a sign that stands for many names; a file may have such a name all the same."""
    return _SIGNS.search(str(path)) is not None


def parts_of(path: Path) -> list[Path]:
    """Return the files that ``path`` means: itself, those in the folder that it is, or those that fit the pattern.

    They are in order of their names, where numbers go by value: ``part-9`` before ``part-10``. What begins with a dot
    or ``_`` is no part; Spark marks its folders with such files.

    Raises:
        TransactionFileError: there is none, or they are not all of one kind.
    """
    if _is(path, Path.is_file):
        return [path]
    if _is(path, Path.is_dir):
        return _same_kind(path, _in_folder(path))
    if _is(path, Path.exists):
        raise problem(path, "must be a file or a folder of files, but is neither; give another")
    if not is_pattern(path):
        raise problem(path, "no such file; give the path of a file of transactions in events.file")
    found = [each for each in _matches(path) if _is(each, Path.is_file) and not each.name.startswith("_")]
    if not found:
        raise problem(path, "fits no file; check the pattern, and the folder it starts from")
    return _same_kind(path, found)


def digest(path: Path) -> str:
    """Return a SHA-256 of what the files of ``path`` hold, in order, wherever they lie.

    Raises:
        TransactionFileError: as `parts_of`, or one cannot be read.
    """
    digests = [_digest(file) for file in parts_of(path)]
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise problem(file, f"cannot be read ({error.strerror}); check its permissions") from error


def _in_folder(folder: Path) -> list[Path]:
    try:
        inside = [each for each in folder.iterdir() if not each.name.startswith((".", "_"))]
    except OSError as error:
        raise problem(folder, f"cannot be read ({error.strerror}); check its permissions") from error
    if folders := sorted(each.name for each in inside if each.is_dir()):
        values = " (values in their names are not read)" if any("=" in name for name in folders) else ""
        text = f"has folders in it, {listed(folders)}{values}; give a pattern, such as {folder.name}/*/*.parquet"
        raise problem(folder, text)
    if not inside:
        raise problem(folder, "is a folder without files of transactions; give a file, or another folder")
    return inside


def _same_kind(path: Path, files: Sequence[Path]) -> list[Path]:
    ordered = sorted(files, key=lambda file: _natural(str(file)))
    kinds: dict[str, Path] = {}
    for file in ordered:
        ending_of(file, ",")  # refuses what is no file of rows; which separator it has is asked later
        kinds.setdefault(full_ending(file), file)
    if len(kinds) > 1:
        names = listed(file.name for file in kinds.values())
        raise problem(
            path, f"has files of several kinds, such as {names}; give a pattern, such as *{next(iter(kinds))}"
        )
    return ordered


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    parts = _DIGITS.split(name)
    return [(int(part), "") if number % 2 else (0, part) for number, part in enumerate(parts)], name


def _matches(path: Path) -> list[Path]:
    if not is_pattern(path):
        return []
    try:
        return [Path(name) for name in glob.glob(str(path), recursive=True)]  # noqa: PTH207 - Path.glob takes no absolute one
    except (OSError, ValueError, re.error):
        return []


def _is(path: Path, check: Callable[[Path], bool]) -> bool:
    try:
        return check(path)
    except (OSError, ValueError):  # a name that is too long, or has a character no name can have
        return False
