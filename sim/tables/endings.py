"""What the end of a file's name and its first bytes say about its format."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from sim.tables.problem import listed, problem
from sim.tables.separators import COMMA, TAB

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
class Ending:
    """What a name says.

    Attributes:
        format: of the file.
        packed: by gzip.
        separator: between its columns, where the name tells.
    """

    format: Format
    packed: bool
    separator: str | None = None


def ending_of(file: Path, separator: str | None = None) -> Ending:
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
    return Ending(_FORMATS[last], file.suffix.lower() == _PACKED, separator or stated)


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
