"""A thread for calls that block: the event loop waits for their answers, and knows when one never comes."""

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar

T = TypeVar("T")

HANGS_S: Final = 10.0  # librdkafka's calls with a time-out of seconds have been seen to last minutes (its issue 5456)


class ClientHangsError(Exception):
    """A call of the client has not come back."""


class ClientThread:
    """One thread, in which calls are made one after another; must be made on the event loop.

    It is a daemon: a call that hangs does not keep the process from ending.

    Args:
        name: of the thread.
        hangs_s: a call that takes longer than this beyond what it was allowed is said to hang.
    """

    def __init__(self, name: str, hangs_s: float = HANGS_S) -> None:
        self._loop = asyncio.get_running_loop()
        self._hangs_s = hangs_s
        self._calls: queue.SimpleQueue[tuple[asyncio.Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._name = name
        self._start()

    def _start(self) -> None:
        threading.Thread(target=self._run, args=(self._calls,), name=self._name, daemon=True).start()

    async def call(self, function: Callable[..., T], *args: object) -> T:
        """Return what ``function`` returns, called in the thread behind all calls before it.

        Raises:
            ClientHangsError: it has not come back; nothing more should be asked of this thread, see `renew`.
            Exception: what ``function`` raises.
        """
        answer: asyncio.Future[T] = self._loop.create_future()
        self._calls.put((answer, lambda: function(*args)))
        try:
            async with asyncio.timeout(self._hangs_s):
                return await answer
        except TimeoutError as error:
            if answer.done() and not answer.cancelled():
                raise
            what = getattr(function, "__name__", "a call")
            raise ClientHangsError(
                f"the Kafka client hangs: {what} has not come back for {self._hangs_s:g} s"
            ) from error

    def renew(self) -> None:
        """Leave the call that hangs to its thread, and make the next ones in another."""
        self.close()
        self._calls = queue.SimpleQueue()
        self._start()

    def close(self) -> None:
        """Let the thread end behind the calls that were made."""
        self._calls.put(None)

    def _run(self, calls: "queue.SimpleQueue[tuple[asyncio.Future[Any], Callable[[], Any]] | None]") -> None:
        while (call := calls.get()) is not None:
            answer, function = call
            try:
                result = function()
            except BaseException as error:  # noqa: BLE001 - whatever it is belongs to whoever waits
                self._tell(answer.set_exception, answer, error)
            else:
                self._tell(answer.set_result, answer, result)

    def _tell(self, tell: Callable[[Any], None], answer: "asyncio.Future[Any]", what: object) -> None:
        def on_loop() -> None:
            if not answer.done():
                tell(what)

        try:
            self._loop.call_soon_threadsafe(on_loop)
        except RuntimeError:  # the loop is closed: nobody waits any more
            return
