"""One CSV file as frames of text; an incomplete row, or one that may be several, is refused."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

import polars as pl

from actors.core.errors import TransactionFileError
from sim.tables.files import COMMA, SEPARATOR_WORDS, separator_seen, separator_written
from sim.tables.problem import named, problem, shown
from sim.tables.text import TextFile, undecoded

Cell = str | None
MAX_ROW_CHARACTERS: Final = 1 << 20  # a field of many lines may be long, but one that never closes must end somewhere
_QUOTED: Final = re.compile(r'"([^"]*(?:""[^"]*)*)"')
_FIELD: Final = "\0"  # stands for a field that was taken out
_DOUBLED: Final = "\1"  # for two quotes; alone in a cell they are a quoted empty field
_QUOTE_RULE: Final = "quote the whole field and double the quotes in it, or remove them"


class CsvRows:
    """Cuts the text of one file into rows, from its start to its end, once.

    An empty field is None; a quoted empty one is "". Blank lines are no rows.

    Args:
        file: for errors.
        blocks: its text, in blocks of whole lines.
        separator: between columns.
        multiline: a field may have several lines even where they look like rows.

    Attributes:
        header: names of the columns, as they are.
    """

    def __init__(self, file: Path, blocks: Iterator[str], separator: str, *, multiline: bool) -> None:
        self._file = file
        self._separator = separator
        self._multiline = multiline
        self._row = -1  # the header counts as row 0
        self._line = 0
        self._first_line = 0  # of the row at hand
        self._open: list[str] = []  # lines of a row with a quote that has not closed yet
        self._quotes = 0
        self._characters = 0
        self.header: list[str] = []
        self._blocks = self._without_header(blocks)

    def columns(self, wanted: Sequence[int]) -> Iterator[list[list[Cell]]]:
        """Yield the cells of the ``wanted`` columns, by number, of some rows at a time.

        Raises:
            TransactionFileError: a row is not whole or not sound.
        """
        for block in self._blocks:
            columns = self._regular(block, wanted)
            if columns is None:
                rows = [row for line in _lines(block) if (row := self._take(line)) is not None]
                columns = [[row[index] for row in rows] for index in wanted]
            yield columns
        if self._open:
            raise self._unclosed()

    def _without_header(self, blocks: Iterator[str]) -> Iterator[str]:
        for block in blocks:
            at = 0
            while at < len(block):
                end = block.find("\n", at)
                end = len(block) if end < 0 else end
                row = self._take(block[at:end])
                at = end + 1
                if row is not None:
                    self.header = [cell or "" for cell in row]
                    return chain([block[at:]], blocks)
        if self._open:
            raise self._unclosed()
        raise problem(self._file, "is empty; give another file")

    def _regular(self, block: str, wanted: Sequence[int]) -> list[list[Cell]] | None:
        """Return the cells of a block of plain rows, which needs no look at each of them; None of any other block.

        Quoted fields are taken out, each leaving one mark that must then be a cell of its own; so a field that begins
        with a doubled quote, or has a quote where none may be, leaves the block to `_take`.
        """
        width = len(self.header)
        if self._open or width == 1 or _FIELD in block or _DOUBLED in block or undecoded(block):
            return None
        text = block.replace("\r\n", "\n") if "\r" in block else block
        inside: list[str] = []
        if '"' in text:
            pieces = text.replace('""', _DOUBLED).split('"')
            text, inside = _FIELD.join(pieces[::2]), pieces[1::2]
            if len(pieces) % 2 == 0 or any("\n" in each for each in inside):
                return None
        lines = _lines(text)
        if "\r" in text or {line.count(self._separator) for line in lines} != {width - 1}:
            return None
        cells = self._separator.join(lines).split(self._separator)
        if text.count(_FIELD) != cells.count(_FIELD) or text.count(_DOUBLED) != cells.count(_DOUBLED):
            return None
        self._row += len(lines)
        self._line += len(lines)
        if inside or _DOUBLED in text:
            filled = _refilled(cells, iter(inside))
            return [filled[index::width] for index in wanted]
        return [[cell or None for cell in cells[index::width]] for index in wanted]

    def _take(self, line: str) -> list[Cell] | None:
        """Return the row that ends with ``line``, None when it is blank or the row goes on."""
        self._line += 1
        quotes = line.count('"')
        if not self._open:
            if self._blank(line):
                return None
            self._row += 1
            self._first_line = self._line
            if not quotes:
                return self._whole([cell or None for cell in self._ended(line).split(self._separator)], line)
        self._open.append(line)
        self._quotes += quotes
        self._characters += len(line) + 1
        if self._quotes % 2:  # an odd number of quotes: one of them is still open
            if self._characters > MAX_ROW_CHARACTERS:
                raise self._unclosed()
            return None
        text = "\n".join(self._open)
        self._open, self._quotes, self._characters = [], 0, 0
        return self._whole(list(self._cells(self._ended(text))), text)

    def _blank(self, line: str) -> bool:
        blanks = " \t\r" if self.header else "\r"  # the one column of a file may be called " "
        if line.strip(blanks) or self._separator in line:
            return False
        if len(self.header) == 1:
            text = 'is blank, which may be an absent value: write "" for that, or remove the line'
            raise problem(self._file, text, line=self._line)
        return True

    def _ended(self, text: str) -> str:
        text = text.removesuffix("\r")
        if "\0" in text:
            raise self._wrong("holds NUL bytes, which no text has; save it as UTF-8 text, or fetch it again")
        if undecoded(text):
            raise self._wrong("is not UTF-8; save the file as UTF-8")
        if "\r" in text and '"' not in text:
            raise self._wrong(r'has "\r" alone in it, which ends no line; save the file with ordinary line ends')
        return text

    def _cells(self, text: str) -> Iterator[Cell]:
        at, column, end = 0, 0, -1
        while end < len(text):
            if text.startswith('"', at):
                match = _QUOTED.match(text, at)
                if match is None:
                    raise self._wrong(self._open_text(), column)
                end = match.end()
                if not text.startswith(self._separator, end) and end < len(text):
                    raise self._wrong(self._text_after(match[1].count("\n")), column)
                if "\n" in match[1] and not self._multiline:
                    self._check_lines(match[1].split("\n"), column)
                yield match[1].replace('""', '"')
            else:
                end = text.find(self._separator, at)
                end = len(text) if end < 0 else end
                cell = text[at:end]
                if '"' in cell:
                    cell = cell.partition("\n")[0]
                    raise self._wrong(f"has a quote in the middle of a field, {shown(cell)}; {_QUOTE_RULE}", column)
                if "\r" in cell:
                    raise self._wrong(r'has "\r" alone in it, which ends no line; quote the field', column)
                yield cell or None
            at = end + 1
            column += 1

    def _check_lines(self, lines: list[str], column: int) -> None:
        """Refuse a field of several lines that may be rows which two stray quotes made one."""
        if not self.header:
            raise self._wrong("has a column name of several lines; remove the line ends, or say multiline: true")
        within = len(self.header) - 1
        first, *inner, last = (line.count(self._separator) for line in lines)
        ends_fit = first == within - column and last == column
        if ends_fit or within in inner:
            until = self._row + len(lines) - 1
            text = (
                f"a quote opens in row {self._row} and closes in row {until}, if each line is a row, as they look; "
                "remove the stray quotes, or add multiline: true to events if it is one field"
            )
            raise self._wrong(text, column)

    def _whole(self, row: list[Cell], text: str) -> list[Cell]:
        width = len(self.header)
        if not width or len(row) == width:
            return row
        fields = "1 field" if len(row) == 1 else f"{len(row)} fields"
        if "\n" in text:
            remedy = f"a quote makes {text.count(chr(10)) + 1} lines one row: is it meant?"
        elif len(row) > width and self._separator == COMMA:
            remedy = "quote a field that holds a comma, or drop the row"
        else:
            remedy = "mend or drop the row"
        raise self._wrong(
            f"has {fields}, but the header has {width} (separated by {separator_seen(self._separator)}); {remedy}"
        )

    def _unclosed(self) -> TransactionFileError:
        try:
            for _ in self._cells(self._ended("\n".join(self._open))):
                pass
        except TransactionFileError as error:
            return error
        return self._wrong(self._open_text())

    def _open_text(self) -> str:
        within = f" within {MAX_ROW_CHARACTERS:,} characters" if self._characters > MAX_ROW_CHARACTERS else ""
        row = f"row {self._row}" if self._row else "the header"
        return f"a quote opens in {row} and never closes{within}; remove it, or close the field with another"

    def _text_after(self, lines: int) -> str:
        if not lines:
            return f"has text after a closing quote; {_QUOTE_RULE}"
        on = f"{lines} line{'s' if lines > 1 else ''} on"
        return f"a quote opens in row {self._row}, and the next, {on}, closes no field; remove the stray one"

    def _wrong(self, text: str, column: int | None = None) -> TransactionFileError:
        name = None if column is None else self.header[column] if column < len(self.header) else str(column + 1)
        line = self._first_line if self._first_line != self._row + 1 else None
        if not self._row:
            return problem(self._file, text, line=self._first_line)
        return problem(self._file, text, row=self._row, line=line, column=name)


def _refilled(cells: list[str], inside: Iterator[str]) -> list[Cell]:
    """Return ``cells`` with what was ``inside`` the quotes in place of each mark, None for an empty one."""
    filled: list[Cell] = []
    for cell in cells:
        if cell == _FIELD:
            filled.append(next(inside).replace(_DOUBLED, '"'))
        else:
            filled.append("" if cell == _DOUBLED else cell or None)
    return filled


def _lines(block: str) -> list[str]:
    return block.removesuffix("\n").split("\n") if block else []


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
        for separator in SEPARATOR_WORDS.values():
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
                self._file,
                f"columns are separated by {separator_seen(best)}: add separator: {separator_written(best)} to events",
            )
