"""Frames on a pipe between two processes of ours: a kind, a length, and so many bytes.

A pipe that ends between or within frames means that the writer died: only a frame of kind END says that all was sent.
No write is taken to write all, and no read to read all: a pipe that is nearly full takes a part, a signal cuts a call
short, and a stream without a buffer (``PYTHONUNBUFFERED``) passes both on.
"""

import select
import struct
from typing import BinaryIO

BLOCK, END, ERROR = b"B", b"E", b"X"
_HEAD = struct.Struct("<cI")


def write_frame(pipe: BinaryIO, kind: bytes, body: bytes = b"") -> None:
    """Write one frame and push it out; blocks until all of it is through.

    Raises:
        OSError: nobody reads any more.
    """
    write_all(pipe, _HEAD.pack(kind, len(body)))
    write_all(pipe, body)
    pipe.flush()


def read_frame(pipe: BinaryIO) -> tuple[bytes, bytes]:
    """Return kind and body of the next frame; blocks until it is whole.

    Raises:
        EOFError: the pipe ended before a whole frame.
    """
    kind, size = _HEAD.unpack(read_exactly(pipe, _HEAD.size))
    return kind, read_exactly(pipe, size)


def write_all(pipe: BinaryIO, content: bytes) -> None:
    """Write all of ``content``, in as many calls as it takes.

    Raises:
        OSError: nobody reads any more.
    """
    rest = memoryview(content)
    while rest:
        done: int | None = pipe.write(rest)
        if done is None:  # of a pipe that does not wait: full
            select.select([], [pipe], [])
        else:
            rest = rest[done:]


def read_exactly(pipe: BinaryIO, size: int) -> bytes:
    """Return the next ``size`` bytes; blocks until they are there.

    Raises:
        EOFError: the pipe ended before them.
    """
    parts, missing = [], size
    while missing:
        part: bytes | None = pipe.read(missing)
        if part is None:  # of a pipe that does not wait: empty
            select.select([pipe], [], [])
            continue
        if not part:
            raise EOFError(f"{size - missing:,} of {size:,} bytes")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
