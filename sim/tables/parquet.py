"""One Parquet file as frames of its own types."""

import gzip
import os
import sys
import tempfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

import polars as pl

from sim.tables.files import refuse_no_parquet, refuse_unpacked
from sim.tables.problem import problem

FRAME_ROWS: Final = 65_536  # about 10 MB of a frame; larger ones read no faster
MAX_GROWTH: Final = 100  # Parquet is packed inside, so gzip gains little; what grows more is made to fill the disk
PIECE_BYTES: Final = 1 << 24
SETTLING: Final = 3  # passes over a frame, after which the library's threads have reported their panics
_MAGIC_BYTES: Final = 8
_BROKEN: Final = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, StopIteration)


class ParquetFile:
    """A Parquet file, whose columns have types of their own. A packed one is unpacked to a temporary file."""

    def __init__(self, file: Path, *, packed: bool) -> None:
        self._file = file
        self._packed = packed
        self.share = 0.0

    def columns(self, wanted: Collection[str] = ()) -> list[str]:  # noqa: ARG002 - one schema has them all
        """Return the names in the schema.

        Raises:
            TransactionFileError: it is no whole Parquet file.
        """
        return list(self.types())

    def types(self) -> dict[str, str]:
        """Return the type of each column."""
        with self._plain() as plain, self._judged():
            return {name: str(kind) for name, kind in _scan(plain).collect_schema().items()}

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield the ``columns``, up to `FRAME_ROWS` rows at a time, after all of them were found readable."""
        with self._plain() as plain:
            with self._judged():
                total = _rows(plain, columns)
            read, batches = 0, _batches(plain, columns)
            while read < total:
                with self._judged():
                    frame = next(batches)
                read += len(frame)
                self.share = read / total
                yield frame

    @contextmanager
    def _judged(self) -> Iterator[None]:
        """Turn whatever is wrong with the file into the one line for it."""
        try:
            with _silenced():
                yield
        except pl.exceptions.DuplicateError as error:
            raise problem(self._file, "has two columns of one name; rename one") from error
        except _BROKEN as error:
            text = "is damaged: it cannot be read as Parquet; fetch or write it again"
            raise problem(self._file, text) from error

    @contextmanager
    def _plain(self) -> Iterator[Path]:
        if not self._packed:
            self._check(self._file)
            yield self._file
            return
        try:
            folder = tempfile.TemporaryDirectory(prefix="riskdrill-")
        except OSError as error:
            raise self._not_unpacked(error) from error
        with folder as name:
            plain = Path(name) / "plain.parquet"
            self._unpack(plain)
            self._check(plain)
            yield plain

    def _unpack(self, plain: Path) -> None:
        try:
            with self._file.open("rb") as raw, plain.open("wb") as target:
                refuse_unpacked(self._file, raw.read(_MAGIC_BYTES))
                raw.seek(0)
                limit = MAX_GROWTH * os.fstat(raw.fileno()).st_size + PIECE_BYTES
                with gzip.GzipFile(fileobj=raw) as source:
                    while piece := source.read(PIECE_BYTES):
                        target.write(piece)
                        if target.tell() > limit:
                            text = f"unpacks to more than {MAX_GROWTH} times its size; unpack it with gunzip"
                            raise problem(self._file, text)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise problem(self._file, "is damaged: its gzip data does not unpack; fetch or pack it again") from error
        except OSError as error:
            raise self._not_unpacked(error) from error

    def _not_unpacked(self, error: OSError) -> Exception:
        return problem(self._file, f"cannot be unpacked ({error.strerror or error}); unpack it with gunzip")

    def _check(self, plain: Path) -> None:
        try:
            with plain.open("rb") as stream:
                first = stream.read(_MAGIC_BYTES)
                stream.seek(max(0, plain.stat().st_size - _MAGIC_BYTES))
                refuse_no_parquet(self._file, first, stream.read())
        except OSError as error:
            raise problem(self._file, f"cannot be read ({error.strerror}); check its permissions") from error


def _scan(file: Path) -> pl.LazyFrame:
    return pl.scan_parquet(file, glob=False, hive_partitioning=False)


def _batches(file: Path, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    return _scan(file).select(columns).collect_batches(chunk_size=FRAME_ROWS, maintain_order=True)


def _rows(file: Path, columns: Sequence[str]) -> int:
    """Return how many rows ``columns`` have, once every one of them was read."""
    rows: int = _scan(file).select(pl.len()).collect().item()
    if rows and sum(map(len, _batches(file, columns))) != rows:  # one without rows has nothing to read
        raise pl.exceptions.ComputeError
    return rows


@contextmanager
def _silenced() -> Iterator[None]:
    """Keep off the terminal what native code writes there by itself when it panics over a damaged file."""
    with ExitStack() as undo:
        if sys.__stderr__ is not None:  # closed from the start, its number belongs to something else
            with suppress(OSError, ValueError):
                sys.stderr.flush()
                terminal = os.dup(2)
                undo.callback(os.close, terminal)
                nowhere = os.open(os.devnull, os.O_WRONLY)
                undo.callback(os.close, nowhere)
                os.dup2(nowhere, 2)
                undo.callback(os.dup2, terminal, 2)
        try:
            yield
        except _BROKEN:
            _settle()
            raise


def _settle() -> None:
    """Wait until the threads of the library, which end one after another when one panics, have done some work."""
    for _ in range(SETTLING):
        pl.LazyFrame({"a": range(FRAME_ROWS)}).select(pl.col("a").sum()).collect(engine="streaming")
