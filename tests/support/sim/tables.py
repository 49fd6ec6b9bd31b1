"""What a file of rows gives: its columns whole, or the one line with which it is refused."""

from pathlib import Path

import polars as pl

from actors.core.errors import TransactionFileError
from sim.tables.reader import reader

Table = dict[str, list[object]]


def read(path: Path, separator: str | None = None, *, multiline: bool = False) -> Table:
    """Return every column of ``path`` with every row."""
    source = reader(path, separator=separator, multiline=multiline)
    columns = source.columns()
    frames = list(source.frames(columns))
    assert all(len(frame) for frame in frames)
    return pl.concat(frames).to_dict(as_series=False)


def answer(path: Path, separator: str | None = None, *, multiline: bool = False) -> Table | str:
    """Return what `read` does, or the one printable line of a refusal."""
    try:
        return read(path, separator, multiline=multiline)
    except TransactionFileError as error:
        text = str(error)
    assert text.isprintable()
    return text


def written(folder: Path, name: str, content: str | bytes) -> Path:
    """Return a new file with ``content``."""
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def refusal(path: Path, separator: str | None = None, *, multiline: bool = False) -> str:
    """Return the line with which ``path`` is refused, without the folder it lies in."""
    text = answer(path, separator, multiline=multiline)
    assert isinstance(text, str), f"it was read: {text}"
    return text.replace(f"{path.parent}/", "")
