"""The event loop that an object lives on."""

import asyncio


class HomeLoop:
    """Asks for the running loop once: before Python 3.12 the answer takes a system call, six times a batch."""

    __slots__ = ("_loop",)

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def future(self) -> asyncio.Future[None]:
        """Return a future of that loop, for someone to wait on."""
        return asyncio.Future(loop=self._loop or self.get())

    def get(self) -> asyncio.AbstractEventLoop:
        """Return the loop that ran when this was first asked; its owner is used on no other."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop
