"""Frames on a pipe between two processes of ours: a kind, a length, and so many bytes.

A pipe that ends between or within frames means that the writer died: only a frame of kind END says that all was sent.
"""

import struct
from typing import BinaryIO

BLOCK, END, ERROR = b"B", b"E", b"X"
_HEAD = struct.Struct("<cI")


def write_frame(pipe: BinaryIO, kind: bytes, body: bytes = b"") -> None:
    """Write one frame and push it out."""
    pipe.write(_HEAD.pack(kind, len(body)))
    pipe.write(body)
    pipe.flush()


def read_frame(pipe: BinaryIO) -> tuple[bytes, bytes]:
    """Return kind and body of the next frame; blocks until it is whole.

    Raises:
        EOFError: the pipe ended before a whole frame.
    """
    head = pipe.read(_HEAD.size)
    if len(head) < _HEAD.size:
        raise EOFError
    kind, size = _HEAD.unpack(head)
    body = pipe.read(size)
    if len(body) < size:
        raise EOFError
    return kind, body
