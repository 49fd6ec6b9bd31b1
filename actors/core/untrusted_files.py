"""Files that someone else may have written, read within bounds and without running anything in them.

Whoever opens a path believes that it ends, and soon: a device, a pipe or an archive that unfolds to a thousand times
its size does not.
"""

import os
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from numpy.lib.npyio import NpzFile


def read_bytes(file: Path, most: int) -> bytes:
    """Return the content of ``file``.

    Args:
        most: bytes that it may have.

    Raises:
        OSError: it cannot be read, or is no regular file.
        ValueError: it has more bytes than ``most``.
    """
    with open_regular(file) as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise ValueError(f"must have at most {most:,} bytes, and has more")
    return content


@contextmanager
def read_arrays(file: Path, most: int | None = None) -> "Iterator[NpzFile]":
    """Give the arrays in ``file`` (npz), by name; objects among them are refused, since those are pickles.

    Args:
        most: bytes that all its arrays may have together; None: as many as the file, whose arrays are not compressed.

    Raises:
        OSError: it cannot be read, or is no regular file.
        ValueError: it is no such archive, would unfold to more than ``most``, or holds objects.
    """
    with open_regular(file) as stream:
        allowed = os.fstat(stream.fileno()).st_size if most is None else most
        try:
            unfolded = sum(member.file_size for member in zipfile.ZipFile(stream).infolist())
        except zipfile.BadZipFile as error:
            raise ValueError("must be an archive of arrays (npz), and is not one, or not a whole one") from error
        if unfolded > allowed:
            raise ValueError(f"must unfold to at most {allowed:,} bytes, and would to {unfolded:,}")
        stream.seek(0)
        with np.load(stream, allow_pickle=False) as arrays:
            yield arrays


def open_regular(file: Path) -> BinaryIO:
    """Return ``file`` open for reading.

    Raises:
        OSError: it cannot be opened, or is a device, a pipe or a folder.
    """
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)  # a pipe without a writer would keep us waiting
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{file} must be a regular file")
    return os.fdopen(descriptor, "rb")
