"""One Parquet file as frames of its own types."""

import gzip
import shutil
import tempfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import polars as pl

from sim.tables.endings import refuse_no_parquet, refuse_unpacked
from sim.tables.problem import problem

FRAME_ROWS: Final = 65_536  # about 10 MB of a frame; larger ones read no faster
_MAGIC_BYTES: Final = 8
_BROKEN: Final = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


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
        with self._plain() as plain:
            try:
                return {name: str(kind) for name, kind in _scan(plain).collect_schema().items()}
            except _BROKEN as error:
                raise self._damaged() from error

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield the ``columns``, up to `FRAME_ROWS` rows at a time."""
        with self._plain() as plain:
            try:
                total = _scan(plain).select(pl.len()).collect().item()
                read = 0
                for frame in _scan(plain).select(columns).collect_batches(chunk_size=FRAME_ROWS, maintain_order=True):
                    read += len(frame)
                    self.share = read / total if total else 1.0
                    yield frame
            except _BROKEN as error:
                raise self._damaged() from error
        if read != total:
            raise self._damaged()

    @contextmanager
    def _plain(self) -> Iterator[Path]:
        if not self._packed:
            self._check(self._file)
            yield self._file
            return
        with tempfile.TemporaryDirectory(prefix="riskdrill-") as folder:
            plain = Path(folder) / "plain.parquet"
            self._unpack(plain)
            self._check(plain)
            yield plain

    def _unpack(self, plain: Path) -> None:
        try:
            with self._file.open("rb") as raw, plain.open("wb") as target:
                refuse_unpacked(self._file, raw.read(_MAGIC_BYTES))
                raw.seek(0)
                with gzip.GzipFile(fileobj=raw) as source:
                    shutil.copyfileobj(source, target)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise problem(self._file, "is damaged: its gzip data does not unpack; fetch or pack it again") from error
        except OSError as error:
            raise problem(self._file, f"cannot be unpacked ({error.strerror}); unpack it with gunzip") from error

    def _check(self, plain: Path) -> None:
        try:
            with plain.open("rb") as stream:
                first = stream.read(_MAGIC_BYTES)
                stream.seek(max(0, plain.stat().st_size - _MAGIC_BYTES))
                refuse_no_parquet(self._file, first, stream.read())
        except OSError as error:
            raise problem(self._file, f"cannot be read ({error.strerror}); check its permissions") from error

    def _damaged(self) -> Exception:
        return problem(self._file, "is damaged: it cannot be read as Parquet; fetch or write it again")


def _scan(file: Path) -> pl.LazyFrame:
    return pl.scan_parquet(file, glob=False, hive_partitioning=False)
