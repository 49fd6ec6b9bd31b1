"""The control topic as a process sees it: a port, its adapter in this process, and the one over an adapter of bytes."""

import asyncio
from typing import Protocol

from sim.stream.control_messages import Control, decode, encode


class ControlLink(Protocol):
    """One process's end of the control topic."""

    async def receive(self) -> Control:
        """Return the next message, whoever sent it, from those that were sent after the link was made; wait for it.

        A topic that is out of reach has none: it is waited for.
        """
        ...

    def send(self, message: Control) -> None:
        """Have ``message`` sent, behind those before it; never waits, never raises.

        What cannot be sent for a while is dropped, the oldest first: every message that matters is repeated or missed.
        """
        ...

    async def close(self) -> None:
        """Send what is left, if that takes no more than a moment."""
        ...


class ByteLink(Protocol):
    """The same for documents, as an adapter of a broker has it."""

    async def receive(self) -> bytes:
        """Return the next document."""
        ...

    def send(self, document: bytes) -> None:
        """Have ``document`` sent."""
        ...

    async def close(self) -> None:
        """Send what is left."""
        ...


class EncodedLink:
    """A `ControlLink` over one of bytes; what is no message of ours is passed over."""

    def __init__(self, link: ByteLink) -> None:
        self._link = link

    async def receive(self) -> Control:
        """Return the next message."""
        while (message := decode(await self._link.receive())) is None:
            pass
        return message

    def send(self, message: Control) -> None:
        """Have ``message`` sent."""
        self._link.send(encode(message))

    async def close(self) -> None:
        """Send what is left."""
        await self._link.close()


class InMemoryControl:
    """A control topic in this process; each `link` is one process's end of it."""

    def __init__(self) -> None:
        self.sent: list[Control] = []
        self._queues: list[asyncio.Queue[Control]] = []

    def link(self) -> "InMemoryLink":
        """Return an end that gets what is sent from now on."""
        queue: asyncio.Queue[Control] = asyncio.Queue()
        self._queues.append(queue)
        return InMemoryLink(self, queue)

    def send(self, message: Control) -> None:
        """Give ``message`` to every end."""
        self.sent.append(message)
        for queue in self._queues:
            queue.put_nowait(message)


class InMemoryLink:
    """One end of an `InMemoryControl`."""

    def __init__(self, topic: InMemoryControl, queue: "asyncio.Queue[Control]") -> None:
        self._topic = topic
        self._queue = queue

    async def receive(self) -> Control:
        """Return the next message."""
        return await self._queue.get()

    def send(self, message: Control) -> None:
        """Give ``message`` to every end, this one too."""
        self._topic.send(message)

    async def close(self) -> None:
        """Nothing is left."""
