"""Which files a path means, in order; the format of each by its name and first bytes; what separates its columns."""

import glob
import hashlib
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from sim.scalars import Scalar
from sim.tables.problem import listed, problem

COMMA: Final = ","
TAB: Final = "\t"
SEPARATOR_WORDS: Final = {"comma": COMMA, "semicolon": ";", "tab": TAB, "pipe": "|"}
_WRITTEN: Final = SEPARATOR_WORDS | {character: character for character in SEPARATOR_WORDS.values()} | {r"\t": TAB}


def parse_separator(text: str) -> str:
    r"""Return the character that ``text`` names or is.

    Raises:
        ValueError: it is none that can separate columns.

    Example:
        >>> [parse_separator(text) for text in ("semicolon", ";", "tab", "\\t")]
        [';', ';', '\t', '\t']
    """
    bare = text.strip("'\"")  # after --set the quotes of YAML are part of the text
    if bare not in _WRITTEN:
        raise ValueError(f"must be one of {', '.join(SEPARATOR_WORDS)}; write the word")
    return _WRITTEN[bare]


def separator_word(separator: str) -> str:
    """Return the word for ``separator``, which needs no quotes in YAML."""
    return next(word for word, character in SEPARATOR_WORDS.items() if character == separator)


def separator_written(separator: str) -> str:
    """Return ``separator`` as YAML takes it."""
    return "tab" if separator == TAB else f"'{separator}'"


def separator_seen(separator: str) -> str:
    """Return ``separator`` so that the reader of an error recognises it."""
    return "a tab" if separator == TAB else f"'{separator}'"


Separator = Annotated[str, Scalar(parse_separator, separator_word, {"enum": list(_WRITTEN)}, as_typed=True)]


Format = Literal["CSV", "JSON lines", "Parquet"]

_FORMATS: Final[dict[str, Format]] = {
    ".csv": "CSV",
    ".tsv": "CSV",
    ".txt": "CSV",
    ".jsonl": "JSON lines",
    ".ndjson": "JSON lines",
    ".parquet": "Parquet",
}
_PACKED: Final = ".gz"
_UNPACK: Final = "unpack it, and give the file that was in it"
_SAVE_AS_CSV: Final = "save it as CSV (UTF-8), and give that"
_CONVERT: Final = "convert it to Parquet or CSV"
_REMEDIES: Final = {
    **dict.fromkeys((".zip", ".7z", ".rar", ".tar", ".tgz"), f"is an archive: {_UNPACK}"),
    **dict.fromkeys((".zst", ".bz2", ".xz", ".lz4", ".br", ".z"), f"is packed: {_UNPACK} (only .gz is read as it is)"),
    **dict.fromkeys((".xlsx", ".xls", ".xlsm", ".xlsb", ".ods"), f"is a spreadsheet: {_SAVE_AS_CSV}"),
    **dict.fromkeys((".feather", ".arrow", ".ipc", ".avro", ".orc", ".pkl", ".h5"), f"is not read here: {_CONVERT}"),
    **dict.fromkeys((".db", ".sqlite", ".sqlite3"), "is a database: export the table as CSV"),
    ".json": "may be JSON lines: with one object a line, name it .jsonl",
}
_GZIP: Final = b"\x1f\x8b"
_PARQUET: Final = b"PAR1"
_BEGINNINGS: Final = (  # of files that are no text, and what to do with them
    (_PARQUET, "is Parquet inside: let its name end in .parquet"),
    (_GZIP, "is packed by gzip: let its name end in .gz"),
    (b"PK\x03\x04", "is a zip archive or a spreadsheet inside: unpack it, or save it as CSV (UTF-8)"),
    (b"\x28\xb5\x2f\xfd", f"is packed by zstd: {_UNPACK}"),
    (b"\xfd7zXZ\x00", f"is packed by xz: {_UNPACK}"),
    (b"BZh91AY&SY", f"is packed by bzip2: {_UNPACK}"),
    (b"ARROW1", f"is Feather inside: {_CONVERT}"),
    (b"\xd0\xcf\x11\xe0", f"is a spreadsheet inside: {_SAVE_AS_CSV}"),
    (b"SQLite format 3", "is a database inside: export the table as CSV"),
    (b"\xff\xfe", "is UTF-16: save it as UTF-8"),
    (b"\xfe\xff", "is UTF-16: save it as UTF-8"),
)


@dataclass(frozen=True, slots=True)
class FileFormat:
    """What a name says.

    Attributes:
        format: of the file.
        packed: by gzip.
        separator: between its columns, where the name tells.
    """

    format: Format
    packed: bool
    separator: str | None = None


def ending_of(file: Path, separator: str | None = None) -> FileFormat:
    """Return what the name of ``file`` says, in any case of letters.

    Args:
        separator: what the scenario says; a ``.txt`` needs that.

    Raises:
        TransactionFileError: it names no format that is read here.
    """
    last = full_ending(file).removesuffix(_PACKED)
    if last in _REMEDIES:
        raise problem(file, _REMEDIES[last])
    if last not in _FORMATS:
        raise problem(
            file, f"must end in one of {listed(_FORMATS)}, each also with {_PACKED}; convert or rename the file"
        )
    if last == ".txt" and separator is None:
        raise problem(file, "may have any separator: add separator: tab (or comma, semicolon, pipe) to events")
    stated = {".csv": COMMA, ".tsv": TAB}.get(last)
    return FileFormat(_FORMATS[last], file.suffix.lower() == _PACKED, separator or stated)


def refuse_content(file: Path, first: bytes) -> None:
    """Refuse a text file whose ``first`` bytes, unpacked, are those of something else.

    Raises:
        TransactionFileError: with what it is.
    """
    for beginning, text in _BEGINNINGS:
        if first.startswith(beginning):
            raise problem(file, text)


def refuse_unpacked(file: Path, first: bytes) -> None:
    """Refuse a file whose name ends in .gz and whose ``first`` bytes do not say so.

    Raises:
        TransactionFileError: it is empty, or was not packed.
    """
    if not first:
        raise problem(file, "is empty; give another file")
    if not first.startswith(_GZIP):
        raise problem(file, "is not packed by gzip: let its name end without .gz")


def refuse_no_parquet(file: Path, first: bytes, last: bytes) -> None:
    """Refuse a file that does not begin and end as Parquet does.

    Raises:
        TransactionFileError: it is empty, something else, or cut off.
    """
    if not first:
        raise problem(file, "is empty; give another file")
    if not first.startswith(_PARQUET):
        if first.startswith(_GZIP):
            raise problem(file, "is packed by gzip: let its name end in .parquet.gz")
        raise problem(file, "is not Parquet: it does not begin as Parquet does; give it the ending of what it is")
    if not last.endswith(_PARQUET):
        raise problem(file, "is cut off: it does not end as Parquet does; fetch or write it again")


def full_ending(file: Path) -> str:
    """Return the end of a file's name in small letters, with that of the packing: ``.csv.gz``."""
    name = file.name.lower()
    inner = name.removesuffix(_PACKED)
    return Path(inner).suffix + name[len(inner) :]


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


Found = tuple[tuple[int, int, int], ...]
"""Of each file its bytes, when it was written, ns, and its number on its disk."""


def found(files: Sequence[Path]) -> Found:
    """Return what tells that ``files`` are no longer what they were.

    Raises:
        TransactionFileError: one is gone.
    """
    return tuple((each.st_size, each.st_mtime_ns, each.st_ino) for each in map(_status, files))


def _status(file: Path) -> os.stat_result:
    try:
        return file.stat()
    except OSError as error:
        raise problem(file, f"cannot be read ({error.strerror}); leave it alone while it is read") from error


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
