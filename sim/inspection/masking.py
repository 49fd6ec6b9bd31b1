"""Values of a file as they may be shown: on one line, short, and without the number of anybody's card."""

import re
from typing import Final

from actors.errors import printable

LONGEST: Final = 22  # characters of a sample
_LIKE_A_CARD: Final = re.compile(r"(?<![0-9.])[0-9](?:[ -]?[0-9]){11,18}(?![0-9])")
_KEPT: Final = 4  # last digits, which a receipt shows as well


def masked(text: str, *, card: bool = False) -> str:
    """Return ``text`` with each number that may be that of a card cut to its last digits.

    Args:
        text: a value.
        card: it is from a column of cards, where every long number is one, whatever its check digit.

    Example:
        >>> masked("4111 1111 1111 1111"), masked("1709539269000000")
        ('…1111', '1709539269000000')
    """

    def hidden(found: re.Match[str]) -> str:
        digits = re.sub("[^0-9]", "", found[0])
        return f"…{digits[-_KEPT:]}" if card or _checks(digits) else found[0]

    return _LIKE_A_CARD.sub(hidden, text)


def refusal(text: str) -> str:
    """Return the line of an error with the value in it masked as one of a column of cards."""
    rule, got, value = text.partition(", got ")
    return f"{rule}{got}{masked(value, card=True)}"


def sample(value: object, *, card: bool = False) -> str:
    """Return a value of a file as a table shows it."""
    plain = f"{value:g}" if isinstance(value, float) else str(value)
    text = printable(masked(plain, card=card))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _checks(digits: str) -> bool:
    """Return whether the last digit is the check digit of the others (Luhn)."""
    doubled = [int(digit) * (2 if number % 2 else 1) for number, digit in enumerate(reversed(digits))]
    return sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0  # noqa: PLR2004 - the sum of two digits
