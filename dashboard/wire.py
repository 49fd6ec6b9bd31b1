"""Whole messages on a byte stream: four bytes of length, then the message as MessagePack.

Example:
    >>> inbox = Inbox()
    >>> data = pack(Notice(title="one")) + pack(Notice(title="two"))
    >>> inbox.feed(data[:9]), inbox.feed(data[9:])
    (None, None)
    >>> inbox.take().title, inbox.take()
    ('two', None)
"""

import struct
from typing import Final

import msgspec

from dashboard.frame import Frame, Message, Notice

_LENGTH: Final = struct.Struct(">I")
LARGEST_BYTES: Final = 4_000_000  # a frame has about 20,000; anything near this is not a frame
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final[msgspec.msgpack.Decoder[Message]] = msgspec.msgpack.Decoder(Frame | Notice)


class WireError(Exception):
    """The stream holds something that is not a message; nothing after it can be read."""


def pack(message: Message) -> bytes:
    """Return the message as it goes down the pipe."""
    body = _ENCODER.encode(message)
    return _LENGTH.pack(len(body)) + body


class Inbox:
    """The receiving end: keeps only the latest whole message, and decodes none that was overtaken."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._latest: bytes | None = None

    def feed(self, data: bytes) -> None:
        """Add what has arrived, cut anywhere.

        Raises:
            WireError: a length that no message has.
        """
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > LARGEST_BYTES:
                msg = f"a message of {length:,} bytes, more than {LARGEST_BYTES:,}: not a frame"
                raise WireError(msg)
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                return
            self._latest = bytes(self._buffer[_LENGTH.size : end])
            del self._buffer[:end]

    def take(self) -> Message | None:
        """Return the latest message not yet taken, None without one.

        Raises:
            WireError: it cannot be read.
        """
        body, self._latest = self._latest, None
        if body is None:
            return None
        try:
            return _DECODER.decode(body)
        except msgspec.DecodeError as error:
            raise WireError(str(error)) from error
