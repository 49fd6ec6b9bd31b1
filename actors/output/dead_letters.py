"""Where transactions go that could not be handled: the port, the buffer before it, what is made safe to be kept."""

import asyncio
import re
from collections.abc import Awaitable, Sequence
from typing import Final, Protocol

from actors.core.awaiting import Completed
from actors.core.batches import DeadLetter
from actors.core.cancellation import answer_of

PUT_TIMEOUT_S: Final = 1.0  # nobody waits for a dead letter; the end of a run waits for two calls at most
WAITING_LETTERS: Final = 10_000  # 3 MB

KEPT_RAW_BYTES = 256  # enough to see what it was; a giant payload must not fill the disk
_SHOWN_FROM = [length - min(4, length // 2) for length in range(8)]  # where the shown end of a short token begins
_CARD_FIELD = re.compile(rb'("card"\s*:\s*")([^"]*)')
_LONG_NUMBER = re.compile(rb"\d{13,19}")


class DeadLetterSink(Protocol):
    """Where dead letters are kept."""

    async def put(self, letters: Sequence[DeadLetter]) -> None:
        """Keep ``letters``, at least one, behind all that came before; called one call at a time.

        Raises:
            SinkError: none of them is kept, or nobody knows. They are in the ledger and are counted as not kept; they
                are not put again, and no transaction is decided otherwise for it. The same goes for those of a call
                that takes longer than `PUT_TIMEOUT_S`, which is cancelled.
        """
        ...


class DeadLetterBuffer:
    """Stands between the actors, which cannot wait when they set a transaction aside, and the sink of dead letters.

    A sink that answers with `Completed` has its letters at once. Any other call is awaited in a task of its own from
    its first step to its last, because a time-out inside it is bound to the task that began it. Meanwhile letters wait
    here, and go into the next call all together; what finds no room is counted and not kept: a flood of rubbish must
    not fill the memory.

    Args:
        sink: where they are kept.
        capacity: letters that may wait.

    Attributes:
        unkept_count: letters that could not be kept.
    """

    def __init__(self, sink: DeadLetterSink, capacity: int = WAITING_LETTERS) -> None:
        self._sink = sink
        self._capacity = capacity
        self._waiting: list[DeadLetter] = []
        self._putting: asyncio.Task[None] | None = None
        self.unkept_count = 0

    def put(self, letters: list[DeadLetter]) -> None:
        """Have ``letters`` kept, at least one; never raises."""
        if self._putting is not None:
            room = max(0, self._capacity - len(self._waiting))
            self._waiting += letters[:room]
            self.unkept_count += len(letters[room:])
            return
        try:
            call = self._sink.put(letters)
        except Exception:  # noqa: BLE001 - whatever is wrong with the sink must not crash the actor that sets poison aside
            self.unkept_count += len(letters)
            return
        if type(call) is not Completed:
            self._putting = asyncio.create_task(self._wait_for(call, letters), name="dead letters")

    async def drained(self) -> None:
        """Wait until all letters are kept, or counted as not kept; no longer than two calls may take."""
        while self._putting is not None and not self._putting.done():
            await asyncio.gather(asyncio.shield(self._putting), return_exceptions=True)

    async def _wait_for(self, call: Awaitable[None] | None, letters: list[DeadLetter]) -> None:
        """Wait for ``call``, which has ``letters``, then put those that came meanwhile, until none is left."""
        try:
            while letters:
                try:
                    async with asyncio.timeout(PUT_TIMEOUT_S):
                        await answer_of(self._sink.put(letters) if call is None else call)
                except Exception:  # noqa: BLE001 - as above; a time-out is among it
                    self.unkept_count += len(letters)
                call, letters, self._waiting = None, self._waiting, []
        finally:  # letters are left only where this was cancelled
            self.unkept_count += len(letters) + len(self._waiting)
            self._putting, self._waiting = None, []


def mask_card(card: str) -> str:
    """Return a card token fit to be written: its last 4 characters, fewer when it is short."""
    return "***" + card[-min(4, len(card) // 2) :] if len(card) > 1 else "***"


def mask_cards(cards: Sequence[str]) -> list[str]:
    """Return each of ``cards`` as `mask_card` does; quicker for many."""
    return ["***" + (card[-4:] if len(card) >= len(_SHOWN_FROM) else card[_SHOWN_FROM[len(card)] :]) for card in cards]


def redacted(raw: bytes) -> bytes:
    """Return the first bytes of ``raw`` with card numbers masked."""
    start = raw[: 2 * KEPT_RAW_BYTES]
    masked = _CARD_FIELD.sub(lambda found: found[1] + mask_card(found[2].decode(errors="replace")).encode(), start)
    return _LONG_NUMBER.sub(b"***", masked)[:KEPT_RAW_BYTES]
