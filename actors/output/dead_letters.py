"""Where transactions go that no one could handle: the port, and what is made safe before it is kept."""

import re
from collections.abc import Sequence
from typing import Protocol

from actors.core.batches import DeadLetter

KEPT_RAW_BYTES = 256  # enough to see what it was; a giant payload must not fill the disk
_SHOWN_FROM = [length - min(4, length // 2) for length in range(8)]  # where the shown end of a short token begins
_CARD_FIELD = re.compile(rb'("card"\s*:\s*")([^"]*)')
_LONG_NUMBER = re.compile(rb"\d{13,19}")


class DeadLetterSink(Protocol):
    """Takes dead letters, in order; must not raise: what it cannot keep it counts."""

    def put(self, letters: Sequence[DeadLetter]) -> None:
        """Keep ``letters``."""
        ...


class InMemoryDeadLetters:
    """Keeps dead letters in a list."""

    def __init__(self) -> None:
        self.letters: list[DeadLetter] = []

    def put(self, letters: Sequence[DeadLetter]) -> None:
        """Keep ``letters``."""
        self.letters.extend(letters)


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
