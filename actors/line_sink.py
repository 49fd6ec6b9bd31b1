"""Where lines are appended to: the decision log and the other files of a run."""

from typing import Protocol


class LineSink(Protocol):
    """Takes whole lines, in order.

    Attributes:
        size: bytes appended so far.
    """

    size: int

    def append(self, lines: bytes) -> None:
        """Write ``lines``, which end with a newline; called off the event loop, never twice at once.

        Raises:
            SinkError: they could not be written; nothing of them stays.
        """
        ...

    def cut(self, size: int) -> None:
        """Take back everything after the first ``size`` bytes; called before a batch is appended again.

        Raises:
            SinkError: it cannot be taken back.
        """
        ...


class InMemoryLines:
    """Keeps what is appended in memory."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.size = 0

    def append(self, lines: bytes) -> None:
        """Keep ``lines``."""
        self.content += lines
        self.size = len(self.content)

    def cut(self, size: int) -> None:
        """Forget everything after the first ``size`` bytes."""
        del self.content[size:]
        self.size = size
