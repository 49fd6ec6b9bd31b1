"""A text file as blocks of whole lines: unpacked, decoded, never more than a bounded part of it in memory."""

import gzip
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from sim.tables.files import refuse_content, refuse_unpacked
from sim.tables.problem import problem

BLOCK_BYTES: Final = 1 << 20  # larger blocks read no faster
MAX_LINE_BYTES: Final = BLOCK_BYTES  # a longer line is none: a file without line ends, or made to fill memory
_BOM: Final = b"\xef\xbb\xbf"
_UNDECODED: Final = re.compile("[\ud800-\udfff]")


class TextFile:
    """A file of lines.

    Args:
        file: where it is.
        packed: by gzip.

    Attributes:
        share: of the file that the latest pass has read, 0 to 1.
    """

    def __init__(self, file: Path, *, packed: bool) -> None:
        self.share = 0.0
        self._file = file
        self._packed = packed

    def types(self) -> dict[str, str]:
        """Return the types of its columns: none, for all is text."""
        return {}

    def blocks(self) -> Iterator[str]:
        r"""Yield the text without its byte order mark, each block ending with a line's ``\n`` or with the file.

        Bytes that are not UTF-8 come as `undecoded` characters, so that the caller, who knows the row, can name it.

        Raises:
            TransactionFileError: not readable, cut off, damaged, no text, or with a line beyond `MAX_LINE_BYTES`.
        """
        begun, lines = b"", 0
        for data in self._bytes():
            first = data.find(b"\n")
            if len(begun) + (first if first >= 0 else len(data)) > MAX_LINE_BYTES:
                raise self._too_long(begun + data, lines + 1)
            end = data.rfind(b"\n") + 1
            if end:
                yield _decoded(begun + data[:end])
                lines += data.count(b"\n")
                begun = data[end:]
            else:
                begun += data
        if begun:
            yield _decoded(begun)

    def _bytes(self) -> Iterator[bytes]:
        try:
            with self._file.open("rb") as raw:
                size = os.fstat(raw.fileno()).st_size
                first = raw.read(BLOCK_BYTES)
                if not self._packed:
                    yield from self._sized(self._begun(first, raw), raw, size)
                    return
                refuse_unpacked(self._file, first)
                raw.seek(0)
                with gzip.GzipFile(fileobj=raw) as unpacked:
                    yield from self._sized(self._begun(unpacked.read(BLOCK_BYTES), unpacked), raw, size)
        except EOFError as error:
            raise problem(self._file, "is cut off: its gzip data ends in the middle; fetch or pack it again") from error
        except gzip.BadGzipFile as error:
            raise problem(self._file, self._damage(error)) from error
        except zlib.error as error:
            raise problem(self._file, "is damaged: its gzip data does not unpack; fetch or pack it again") from error
        except OSError as error:
            raise problem(self._file, f"cannot be read ({error.strerror or error}); check its permissions") from error

    def _begun(self, first: bytes, source: BinaryIO | gzip.GzipFile) -> Iterator[bytes]:
        refuse_content(self._file, first)
        data = first.removeprefix(_BOM)
        while data:
            yield data
            data = source.read(BLOCK_BYTES)

    def _sized(self, blocks: Iterator[bytes], raw: BinaryIO, size: int) -> Iterator[bytes]:
        for block in blocks:
            self.share = min(1.0, raw.tell() / size) if size else 1.0
            yield block

    def _damage(self, error: gzip.BadGzipFile) -> str:
        if str(error).startswith("Not a gzipped file"):
            return "has something after its gzip data that is none; remove that, or fetch or pack it again"
        return "is damaged: its gzip data does not match its checksum; fetch or pack it again"

    def _too_long(self, begun: bytes, line: int) -> Exception:
        if b"\r" in begun:
            return problem(self._file, 'ends its lines with "\\r" alone; save it with ordinary line ends', line=line)
        text = f"is longer than {MAX_LINE_BYTES:,} bytes, which no row is; check that the file is what it should be"
        return problem(self._file, text, line=line)


def undecoded(text: str) -> bool:
    """Tell whether ``text`` comes from bytes that are not UTF-8, or has half a character, which no text can have."""
    return not text.isascii() and _UNDECODED.search(text) is not None


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode(errors="surrogateescape")
