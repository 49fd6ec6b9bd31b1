"""Frames on a pipe, whatever part of them a call takes."""

import io
import os
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.feeds.frames import BLOCK, END, ERROR, read_frame, write_frame

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

FRAMES = st.lists(st.tuples(st.sampled_from([BLOCK, END, ERROR]), st.binary(max_size=200)), max_size=8)


class Grudging(io.RawIOBase):
    """A stream without a buffer that takes and gives only a part at a time, and now and then says: not now.

    Args:
        content: that can be read.
        parts: how many bytes each call takes or gives; 0: not now.
    """

    def __init__(self, content: bytes = b"", parts: tuple[int, ...] = (1,)) -> None:
        super().__init__()
        self.content = bytearray(content)
        self._parts = parts
        self._calls = 0

    def _part(self) -> int | None:
        self._calls += 1
        return self._parts[self._calls % len(self._parts)] or None

    def write(self, data: "ReadableBuffer", /) -> int:
        """Take a part."""
        size = self._part()
        if size is None:
            return None  # type: ignore[return-value]  # as a raw stream does that does not block
        taken = bytes(data)[:size]
        self.content += taken
        return len(taken)

    def read(self, size: int = -1, /) -> bytes | None:
        """Give a part."""
        part = self._part()
        if part is None:
            return None
        given = bytes(self.content[: min(size, part)])
        del self.content[: len(given)]
        return given

    def fileno(self) -> int:
        """Return a descriptor that is always ready."""
        return os.open(os.devnull, os.O_RDWR)


@given(frames=FRAMES, parts=st.lists(st.integers(0, 9), min_size=1, max_size=5).filter(any))
def test_frames_arrive_whole_however_little_a_call_takes(frames: list[tuple[bytes, bytes]], parts: list[int]) -> None:
    """No write is taken to write all, and no read to read all."""
    pipe = Grudging(parts=tuple(parts))
    for frame in frames:
        write_frame(pipe, *frame)  # type: ignore[arg-type]  # a raw stream, as standard output without a buffer is
    reader = Grudging(bytes(pipe.content), tuple(parts))
    assert [read_frame(reader) for _ in frames] == frames  # type: ignore[arg-type]


@given(frame=st.binary(min_size=1, max_size=50), data=st.data())
def test_pipe_that_ends_within_a_frame_is_no_frame(frame: bytes, data: st.DataObject) -> None:
    """What a writer that died had begun is never taken for whole."""
    pipe = io.BytesIO()
    write_frame(pipe, BLOCK, frame)
    cut = data.draw(st.integers(0, len(pipe.getvalue()) - 1))
    with pytest.raises(EOFError):
        read_frame(io.BytesIO(pipe.getvalue()[:cut]))


def test_frames_pass_a_real_pipe_without_buffers() -> None:
    """Frames far larger than the pipe, from a thread that writes raw to one that reads raw."""
    reading, writing = os.pipe()
    frames = [(BLOCK, bytes([number]) * 300_000) for number in range(5)]

    def write() -> None:
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            for frame in frames:
                write_frame(pipe, *frame)

    writer = threading.Thread(target=write)
    writer.start()
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        assert [read_frame(pipe) for _ in frames] == frames
    writer.join()
