"""One file of JSON lines as frames of text, by the same rules as CSV."""

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

import polars as pl

from sim.tables.problem import named, problem, shown
from sim.tables.text import TextFile, undecoded

SAMPLED_ROWS: Final = 100  # a line may leave out what is absent, so one line does not show every column
_ARRAY: Final = "holds one JSON array, not one object a line; write it as lines (jq -c '.[]' FILE)"


class JsonLinesFile(TextFile):
    """One JSON object a line; blank lines are no rows. Numbers keep the digits that they were written with."""

    def columns(self, wanted: Collection[str] = ()) -> list[str]:
        """Return the keys of the first `SAMPLED_ROWS` objects, and of more while one of ``wanted`` was not among them.

        A key that holds an object or a list is no column, unless it is wanted.

        Raises:
            TransactionFileError: there is no object, or a line that was read is not one.
        """
        keys: dict[str, None] = {}
        missing = set(wanted)
        row = 0
        for row, values in self._objects():
            keys.update((key, None) for key, value in values.items() if key in wanted or not _nested(value))
            missing.difference_update(values)
            if row >= SAMPLED_ROWS and not missing:
                break
        if not row:
            raise problem(self._file, "is empty; give another file")
        return list(keys)

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield the ``columns`` as text, null where a key is absent or null, some rows at a time."""
        row = 0
        for block in self.blocks():
            rows = list(self._of_block(block, row))
            if rows:
                yield pl.DataFrame({column: self._series(column, rows, row) for column in columns})
            row += len(rows)

    def _objects(self) -> Iterator[tuple[int, dict[str, Any]]]:
        row = 0
        for block in self.blocks():
            for row, values in enumerate(self._of_block(block, row), start=row + 1):  # noqa: B020 - goes on from it
                yield row, values

    def _of_block(self, block: str, row: int) -> Iterator[dict[str, Any]]:
        """Yield the objects of ``block``, before which there were ``row`` rows."""
        decoded = not undecoded(block)
        for line in block.split("\n"):
            if not line.strip(" \t\r"):
                continue
            row += 1
            if not decoded and undecoded(line):
                raise problem(self._file, "is not UTF-8; save the file as UTF-8", row=row)
            try:
                values = _decode(line)
            except _RepeatedKeyError as error:
                text = f"has the key {named(error.key)} twice; drop one"
                raise problem(self._file, text, row=row) from error
            except _NoNumberError as error:
                raise problem(self._file, f"has {error}, which is no JSON; write null", row=row) from error
            except json.JSONDecodeError as error:
                raise problem(self._file, _malformed(line, row, error), row=row) from error
            except RecursionError as error:
                text = "is nested too deeply; write one flat object a line"
                raise problem(self._file, text, row=row) from error
            if not isinstance(values, dict):
                text = _ARRAY if isinstance(values, list) and row == 1 else _no_object(values)
                raise problem(self._file, text, row=row)
            yield values

    def _series(self, column: str, rows: list[dict[str, Any]], row: int) -> pl.Series:
        values = [values.get(column) for values in rows]
        texts: list[str | None] = []
        for number, value in enumerate(values, start=row + 1):
            if value is None or isinstance(value, str):
                texts.append(value)
            elif isinstance(value, bool):
                texts.append("true" if value else "false")
            else:
                kind = "a list" if isinstance(value, list) else "an object"
                text = f"must be one value, got {kind}; write it as a key of its own"
                raise problem(self._file, text, row=number, column=column)
        try:
            return pl.Series(column, texts, dtype=pl.String)
        except UnicodeEncodeError as error:
            found = next(at for at, text in enumerate(texts) if text is not None and undecoded(text))
            text = f"has half a character, {shown(texts[found])}, which is no text; mend the row"
            raise problem(self._file, text, row=row + 1 + found, column=column) from error


def _nested(value: object) -> bool:
    return isinstance(value, dict | list)


class _RepeatedKeyError(ValueError):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class _NoNumberError(ValueError):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        keys = [key for key, _ in pairs]
        raise _RepeatedKeyError(next(key for key in keys if keys.count(key) > 1))
    return values


def _constant(name: str) -> Any:  # noqa: ANN401 - as the decoder asks for
    raise _NoNumberError(name)


_decode = json.JSONDecoder(object_pairs_hook=_object, parse_int=str, parse_float=str, parse_constant=_constant).decode


def _malformed(line: str, row: int, error: json.JSONDecodeError) -> str:
    if row == 1 and line.lstrip().startswith("["):
        return _ARRAY
    if error.pos >= len(line.rstrip()) or error.msg.startswith("Unterminated"):
        return "must be one JSON object a line, but breaks off; write the whole object on one line, or drop it"
    around = shown(line[error.pos : error.pos + 20])
    return f"must be one JSON object a line, but is none from character {error.pos + 1} on ({around}); mend or drop it"


def _no_object(value: Any) -> str:  # noqa: ANN401 - whatever JSON may be
    return f"must be one JSON object a line, got {shown(value)}; write keys and values in braces"
