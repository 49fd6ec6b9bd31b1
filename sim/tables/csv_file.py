"""One CSV file as frames of text."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import polars as pl

from actors.errors import TransactionFileError
from sim.tables.csv_rows import CsvRows
from sim.tables.problem import named, problem
from sim.tables.separators import WORDS, seen, written
from sim.tables.text import TextFile


class CsvFile(TextFile):
    """A CSV file. Every byte of it is read, whatever columns are wanted; values stay as they were written."""

    def __init__(self, file: Path, *, packed: bool, separator: str, multiline: bool) -> None:
        super().__init__(file, packed=packed)
        self._separator = separator
        self._multiline = multiline

    def columns(self, wanted: Collection[str] = ()) -> list[str]:
        """Return the header.

        Raises:
            TransactionFileError: there is none, it names a column twice, or another separator fits it, and ``wanted``.
        """
        try:
            header = self._rows(self._separator).header
        except TransactionFileError:
            self._suggest([], wanted)
            raise
        if header[0].lower().startswith("sep=") and len("".join(header)) <= len("sep=;"):
            raise problem(self._file, "begins with a line for spreadsheets; remove it", line=1)
        if (wanted and not set(wanted) <= set(header)) or (not wanted and len(header) == 1):
            self._suggest(header, wanted)
        for name, count in Counter(header).items():
            if count > 1 and name:
                first = header.index(name) + 1
                second = header.index(name, first) + 1
                text = f"has {count} columns named {named(name)} (number {first} and {second}); rename all but one"
                raise problem(self._file, text)
        if "" in wanted and header.count("") != 1:
            raise problem(self._file, "has no one column without a name, which events.columns gives; name the column")
        return header

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield the ``columns`` as text, null where a field is empty, some rows at a time; every row is looked at."""
        rows = self._rows(self._separator)
        try:
            wanted = [rows.header.index(name) for name in columns]
        except ValueError as error:
            raise problem(self._file, "has other columns than a moment ago; leave it alone while it is read") from error
        for parts in rows.columns(wanted):
            yield pl.DataFrame(dict(zip(columns, parts, strict=True)), schema=dict.fromkeys(columns, pl.String))

    def _rows(self, separator: str) -> CsvRows:
        return CsvRows(self._file, self.blocks(), separator, multiline=self._multiline)

    def _suggest(self, header: list[str], wanted: Collection[str]) -> None:
        """Refuse the file with another separator if that fits better."""
        best, most = "", 0
        for separator in WORDS.values():
            if separator == self._separator:
                continue
            try:
                other = self._rows(separator).header
            except TransactionFileError:
                continue
            found = len(set(wanted) & set(other)) if wanted else len(other)
            fits = found > (len(set(wanted) & set(header)) if wanted else 1)
            fits = fits or (len(header) < 2 <= len(other))  # noqa: PLR2004 - of one column there is no separator
            if fits and len(other) > most:
                best, most = separator, len(other)
        if best:
            raise problem(
                self._file, f"columns are separated by {seen(best)}: add separator: {written(best)} to events"
            )
