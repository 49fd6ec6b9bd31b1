"""Two numbers in one word of a ring: half the memory, and one array to gather instead of two.

The upper part is a number that is compared or added, the lower 25 bits are an entity's identity. Identities 33 million
apart look alike; a ring of 16 that holds two such is rarer than a broken disk.
"""

from typing import TypeVar

from actors.arrays import I64

IDENTITY_BITS = 25  # leaves 38 for a number: an amount up to 10^9 in cents, or seconds up to the year 10000
IDENTITY_MASK = (1 << IDENTITY_BITS) - 1

Word = TypeVar("Word", int, I64)


def pack(number: Word, identity: Word) -> Word:
    """Return one word of ``number``, 0 <= number < 2^38, and ``identity``.

    Example:
        >>> word = pack(1_999, 7)
        >>> number_in(word), identity_in(word)
        (1999, 7)
    """
    return (number << IDENTITY_BITS) | (identity & IDENTITY_MASK)


def number_in(word: Word) -> Word:
    """Return the number in ``word``."""
    return word >> IDENTITY_BITS


def identity_in(word: Word) -> Word:
    """Return the identity in ``word``."""
    return word & IDENTITY_MASK


def last_before(number: Word) -> Word:
    """Return the greatest word whose number is at most ``number``: a word above it has a greater number."""
    return (number << IDENTITY_BITS) | IDENTITY_MASK
