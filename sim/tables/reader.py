"""Opens files of rows: one, a folder of them, or a pattern, in any format, behind one port."""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import polars as pl

from sim.tables.csv_file import CsvFile
from sim.tables.files import COMMA, Found, digest, ending_of, found, parts_of
from sim.tables.json_lines import JsonLinesFile
from sim.tables.parquet import FRAME_ROWS, ParquetFile
from sim.tables.problem import named, problem


class OneFile(Protocol):
    """One file in its format; its frames may be empty.

    Attributes:
        share: of the file that the latest pass has read, 0 to 1.
    """

    share: float

    def columns(self, wanted: Collection[str] = ()) -> list[str]:
        """Return the header."""
        ...

    def types(self) -> dict[str, str]:
        """Return the type of each column; nothing where all is text."""
        ...

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield the columns, a bounded number of rows at a time."""
        ...


class TableReader:
    """All rows of one file, or of several as if they were one. It keeps no handle between calls.

    CSV and JSON lines give text, as it was written, null where there is nothing; Parquet gives its own types.

    Attributes:
        files: that are read, in order.
    """

    def __init__(self, path: Path, files: Sequence[tuple[Path, OneFile]]) -> None:
        self.files = [file for file, _ in files]
        self._path = path
        self._parts = [part for _, part in files]
        self._starts = [0]  # rows before each part that a pass has begun
        self._part = 0
        self._compared = False  # once is enough for all passes

    @property
    def share(self) -> float:
        """Share of the rows that the latest pass of `frames` has read, 0 to 1, files counted alike."""
        return (self._part + self._parts[self._part].share) / len(self._parts)

    def columns(self, wanted: Collection[str] = ()) -> list[str]:
        """Return the names of the columns, as they are.

        Of JSON lines those of the first hundred rows, and of more while one of ``wanted`` is not among them.

        Raises:
            TransactionFileError: a file is not in its format, or has other columns than the first one; or a name would
                be taken for a pattern of names where columns are computed with.
        """
        names = self._parts[0].columns(wanted)
        types = self._parts[0].types()
        for file, part in zip(self.files[1:], self._parts[1:], strict=True):
            if isinstance(part, JsonLinesFile):
                names += [name for name in part.columns(set(wanted) - set(names)) if name not in names]
            else:
                self._compare(file, names, part.columns(wanted), types, part.types())
        if pattern := next((name for name in names if _is_pattern(name)), None):
            raise problem(self.files[0], f"has a column named {named(pattern)}, which reads as a pattern; rename it")
        return names

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield ``columns`` under their own names in the order of the rows, at least one row and a bounded number each.

        Raises:
            TransactionFileError: a row is not whole or not sound, or there is none; or a part is a copy of another one,
                which nothing else would tell where rows have no ids.
        """
        self._starts = [0]
        rows = 0
        for number, part in enumerate(self._parts):
            self._part = number
            for frame in part.frames(columns):
                for start in range(0, len(frame), FRAME_ROWS):
                    piece = frame.slice(start, FRAME_ROWS)
                    rows += len(piece)
                    yield piece
            self._starts.append(rows)
        if not rows:
            besides = "has a header and no row" if isinstance(self._parts[0], CsvFile) else "holds none"
            raise problem(self._path, f"must hold at least one transaction, but {besides}; give another file")
        if not self._compared:
            self._refuse_copies()
            self._compared = True

    def found(self) -> Found:
        """Return what tells that the files are no longer what they were."""
        return found(self.files)

    def refuse_changed(self, before: Found) -> None:
        """Refuse files that are not what they were ``before``.

        Raises:
            TransactionFileError: one was written, replaced or removed, or others have come or gone.
        """
        now = self.found()
        if now == before:
            return
        changed = [file for file, one, other in zip(self.files, now, before, strict=False) if one != other]
        place = changed[0] if changed else self._path
        raise problem(place, "has changed since it was first read; leave it alone while it is read, and run it again")

    def place(self, row: int) -> tuple[Path, int]:
        """Return the file of ``row`` and its number there; rows count from 1, over the files that `frames` reached."""
        part = min(bisect_left(self._starts, row), len(self.files)) - 1
        return self.files[part], row - self._starts[part]

    def _refuse_copies(self) -> None:
        """Refuse a part with the same bytes as one before it; all that have no row, only a header, may be alike."""
        sizes: dict[int, list[Path]] = {}
        for file, (before, after) in zip(self.files, pairwise(self._starts), strict=True):
            if after > before:
                ((size, *_),) = found([file])
                sizes.setdefault(size, []).append(file)
        for files in sizes.values():
            first: dict[str, Path] = {}
            for file in files if len(files) > 1 else ():
                same = first.setdefault(digest(file), file)
                if same is not file:
                    text = f"is a copy of {same.name}, and every row of it would count twice; leave one of them out"
                    raise problem(file, text)

    def _compare(
        self, file: Path, names: list[str], others: list[str], types: dict[str, str], other_types: dict[str, str]
    ) -> None:
        first = self.files[0].name
        if others != names:
            differing = set(others) ^ set(names)
            found = next((name for name in (*others, *names) if name in differing), None)
            what = "in another order" if found is None else f"such as {named(found)}"
            raise problem(file, f"has other columns than {first}, {what}; give each part the same columns")
        for name, kind in types.items():
            if other_types[name] != kind:
                text = f"is {other_types[name]} here, but {kind} in {first}; give each part the same types"
                raise problem(file, text, column=name)


def reader(path: Path, *, separator: str | None = None, multiline: bool = False) -> TableReader:
    """Return the reader of ``path``: a file, a folder of files, or a pattern.

    Args:
        separator: between the columns of CSV; None is the comma, or what the name says.
        multiline: a field of CSV may have several lines even where they look like rows.

    Raises:
        TransactionFileError: nothing is there, or it is of no known format, or of several; or something is said of CSV,
            and it is none.
    """
    return TableReader(path, [(file, _one(file, separator, multiline=multiline)) for file in parts_of(path)])


def _is_pattern(name: str) -> bool:
    return name == "*" or (name.startswith("^") and name.endswith("$"))


def _one(file: Path, separator: str | None, *, multiline: bool) -> OneFile:
    ending = ending_of(file, separator)
    for key, given in (("separator", separator is not None), ("multiline", multiline)):
        if given and ending.format != "CSV":
            raise problem(file, f"is {ending.format}, and {key} is for CSV alone; leave it out")
    if ending.format == "Parquet":
        return ParquetFile(file, packed=ending.packed)
    if ending.format == "JSON lines":
        return JsonLinesFile(file, packed=ending.packed)
    return CsvFile(file, packed=ending.packed, separator=ending.separator or COMMA, multiline=multiline)
