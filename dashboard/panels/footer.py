"""The bottom line: whether the books balance, the most important warning, and the keys."""

from dashboard.frame import Frame
from dashboard.panels.header import warning
from dashboard.rows import Piece, Row, left, row, spread
from dashboard.theme import BAD, CARE, DIM, GOOD, TITLE

KEYS = (("q", "quit"), ("p", "freeze"), ("h", "help"))


def draw(frame: Frame, width: int, status: str = "", *, keys: bool = True) -> Row:
    """Return the line; ``status`` (frozen, waiting) takes the place of the warning, and a final picture has no keys."""
    hints: list[Piece] = []
    for key, word in KEYS if keys else ():
        hints += [(f" {key} ", TITLE), (f"{word} ", DIM)]
    end = row(*hints)
    books = _books(frame)
    text, style = (f"▲ {status}", CARE) if status else warning(frame.header)
    room = width - sum(segment.cell_length for segment in end) - len(books[0]) - 5
    return spread(row(" ", books, "  ", (left(text, max(0, room)), style)), end, width)


def _books(frame: Frame) -> Piece:
    if frame.ledger is None:
        return "", DIM
    return ("ledger ✓ balanced", GOOD) if frame.ledger.balanced else ("ledger ✗ BROKEN", BAD)
