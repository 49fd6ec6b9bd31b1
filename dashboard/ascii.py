r"""What stands for a character where the output cannot write it: another sign of one cell, never a question mark.

Signs that mean different things stay different: pass is ``+``, fail ``x``, inconclusive ``?``. A letter loses its
accent; whatever else there is no sign for is written as its escape, so nothing is lost.

Example:
    >>> "✓ 812 µs … ✗ Çelik 中".encode("ascii", PLAIN_SIGNS)
    b'+ 812 us ~ x Celik \\u4e2d'
    >>> "✓ 812 µs".encode("latin-1", PLAIN_SIGNS)
    b'+ 812 \xb5s'
"""

import codecs
import unicodedata
from collections.abc import Iterable
from typing import Final

PLAIN_SIGNS: Final = "riskdrill.plain_signs"  # the name under which encoders know it: ``errors=PLAIN_SIGNS``

_SIGNS: Final = {
    **dict(zip("✓✗▲▼·▸●◐○–−…×→←↑↓↻", "+x!v.>*Oo--~x><^v@", strict=True)),
    **dict(zip("▁▂▃▄▅▆▇█", "_.:-=+*#", strict=True)),  # levels of a chart, ever darker
    **dict(zip("▏▎▍▌▋▊▉", "|||====", strict=True)),  # the end of a bar; an empty cell is a dot
    **dict.fromkeys("─╌╴╶", "-"),
    "━": "=",  # the part of a progress bar that is done
    **dict.fromkeys("│┃║‖", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╯╰", "+"),
    **dict.fromkeys("“”„", '"'),
    **dict.fromkeys("\u2018\u2019\u201a", "'"),
    **dict(zip("µμσρπαγ±≈", "uusrpag~~", strict=True)),
    "≤": "<=",  # not in one cell: a sign that says something else would be worse than a line one cell longer
    "≥": ">=",
    "≠": "!=",
    "�": "_",
}
_BRAILLE: Final = range(0x2800, 0x2900)  # what spinners are made of


def plain_sign(char: str) -> str:
    """Return ASCII for one character."""
    if char in _SIGNS:
        return _SIGNS[char]
    if ord(char) in _BRAILLE:
        return "*"
    plain = "".join(part for part in unicodedata.normalize("NFKD", char) if part.isascii())
    return plain or char.encode("ascii", "backslashreplace").decode("ascii")


def _substitute(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(plain_sign, _of(error))), error.end


def _of(error: UnicodeEncodeError) -> Iterable[str]:
    return error.object[error.start : error.end]


codecs.register_error(PLAIN_SIGNS, _substitute)
