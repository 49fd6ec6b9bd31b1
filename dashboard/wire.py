"""Whole messages on a byte stream, both ways: four bytes of length, then the message as MessagePack.

To the screen the latest wins, but for what is *kept*, which is told once and never overtaken. To the run every message
counts.

Example:
    >>> from dashboard.actions import Lift
    >>> inbox = Inbox()
    >>> data = pack(Notice(title="one")) + pack(Notice(title="two"))
    >>> inbox.feed(data[:9]), inbox.feed(data[9:])
    (None, None)
    >>> inbox.take().title, inbox.take()
    ('two', None)
    >>> ActionInbox().feed(pack(Lift("store-down")))
    [Lift(fault='store-down')]
"""

import struct
from typing import Final, TypeVar

import msgspec

from dashboard.actions import Action
from dashboard.choices import Choices
from dashboard.frame import Frame, Message, Notice

_LENGTH: Final = struct.Struct(">I")
_KEPT: Final = 1 << 31  # the highest bit of a length says that the message is kept
LARGEST_BYTES: Final = 4_000_000  # a frame has about 20,000; anything near this is not a frame
LARGEST_ACTION_BYTES: Final = 16_000  # a note has some hundreds
_ENCODER: Final = msgspec.msgpack.Encoder()
_MESSAGES: Final[msgspec.msgpack.Decoder[Message]] = msgspec.msgpack.Decoder(Frame | Notice)
_CHOICES: Final = msgspec.msgpack.Decoder(Choices)
_ACTIONS: Final[msgspec.msgpack.Decoder[Action]] = msgspec.msgpack.Decoder(Action)

T = TypeVar("T")


class WireError(Exception):
    """The stream holds something that is not a message; nothing after it can be read."""


def pack(message: Message | Choices | Action) -> bytes:
    """Return the message as it goes down the pipe."""
    body = _ENCODER.encode(message)
    return _LENGTH.pack(len(body) | (_KEPT if isinstance(message, Choices) else 0)) + body


class _Bodies:
    """Cuts a stream into the bodies of its messages, each with whether it is kept."""

    def __init__(self, largest_bytes: int) -> None:
        self._largest = largest_bytes
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[bytes, bool]]:
        """Return those that are whole now.

        Raises:
            WireError: a length that no message has.
        """
        whole = []
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (word,) = _LENGTH.unpack_from(self._buffer)
            kept, length = bool(word & _KEPT), word & ~_KEPT
            if length > self._largest:
                msg = f"a message of {length:,} bytes, more than {self._largest:,}: not one of ours"
                raise WireError(msg)
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                break
            whole.append((bytes(self._buffer[_LENGTH.size : end]), kept))
            del self._buffer[:end]
        return whole


class Inbox:
    """The screen's end: keeps only the latest whole message, and decodes none that was overtaken.

    Attributes:
        choices: what was told once; empty before.
    """

    def __init__(self) -> None:
        self._bodies = _Bodies(LARGEST_BYTES)
        self._latest: bytes | None = None
        self.choices = Choices()

    def feed(self, data: bytes) -> None:
        """Add what has arrived, cut anywhere.

        Raises:
            WireError: it is not a message.
        """
        for body, kept in self._bodies.feed(data):
            if kept:
                self.choices = _decoded(_CHOICES, body)
            else:
                self._latest = body

    def take(self) -> Message | None:
        """Return the latest message not yet taken, None without one.

        Raises:
            WireError: it cannot be read.
        """
        body, self._latest = self._latest, None
        return None if body is None else _decoded(_MESSAGES, body)


class ActionInbox:
    """The run's end: every action, in order."""

    def __init__(self) -> None:
        self._bodies = _Bodies(LARGEST_ACTION_BYTES)

    def feed(self, data: bytes) -> list[Action]:
        """Add what has arrived, cut anywhere; return the actions that are whole now.

        Raises:
            WireError: it is not an action.
        """
        return [_decoded(_ACTIONS, body) for body, _ in self._bodies.feed(data)]


def _decoded(decoder: msgspec.msgpack.Decoder[T], body: bytes) -> T:
    try:
        return decoder.decode(body)
    except msgspec.DecodeError as error:
        raise WireError(str(error)) from error
