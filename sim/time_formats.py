"""How a text says a time: formats such as ``%d/%m/%Y %H:%M``, checked as they are written, and as patterns to read by.

A format here reads one way only: what it does not fit whole is no time. Names of months and days are English; that of a
day is read over.
"""

import re
from functools import cache

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONGER = ("uary", "ruary", "ch", "il", "", "e", "y", "ust", "t?(?:ember)?", "ober", "ember", "ember")
_MONTH = "|".join(f"{short}(?:{more})?" if more else short for short, more in zip(MONTHS, _LONGER, strict=True))
_DAY = "(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
OFFSET = r"Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?"

PATTERNS = {
    "Y": r"[0-9]{4}",
    "y": r"[0-9]{2}",
    "m": r"[0-9]{1,2}",
    "b": _MONTH,
    "a": _DAY,
    "d": r"[0-9]{1,2}",
    "j": r"[0-9]{1,3}",
    "H": r"[0-9]{1,2}",
    "I": r"[0-9]{1,2}",
    "p": r"[ap]\.?m\.?",
    "M": r"[0-9]{1,2}",
    "S": r"[0-9]{1,2}",
    "f": r"[0-9]{1,9}",
    "z": OFFSET,
}
"""What each directive reads; the patterns ignore case."""

_SHORT_FOR = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "B": "%b", "A": "%a", "e": "%d", "h": "%b"}
_RUN_ON = {"m": 2, "d": 2, "j": 3, "H": 2, "I": 2, "M": 2, "S": 2}  # digits, where another digit follows at once
_ALIKE = ("Yy", "mbj", "dj", "HI")
_DATE = (("Yy", "a year, %Y"), ("mbj", "a month, %m or %b"), ("dj", "a day, %d"))
_NEEDS = {"S": "M", "f": "S", "I": "p", "p": "I"}
_DIRECTIVE = re.compile(r"%(-?.|$)", re.DOTALL)
_HINTS = {"s": "leave out format and give unit: s", "Z": "a name of a zone is no offset: use events.timezone, or %z"}
MAX_LENGTH = 100  # of a format; a longer one is no format


def checked(text: str) -> str:
    """Return ``text`` if it is a format from which a whole date can be read, one way only.

    Raises:
        ValueError: it is not; its text is "rule; remedy".
    """
    if len(text) > MAX_LENGTH or not text.isprintable():
        raise ValueError(f"must be a format of 1 to {MAX_LENGTH} characters; write one such as %d/%m/%Y %H:%M")
    letters = [found.group(1) for found in _DIRECTIVE.finditer(_whole(text)) if found.group(1) != "%"]
    for problem in (*map(_unknown, letters), _doubled(letters), _missing(letters)):
        if problem:
            raise ValueError(problem)
    return text


def _unknown(letter: str) -> str:
    if letter in PATTERNS:
        return ""
    known = " ".join(f"%{each}" for each in PATTERNS)
    name = f"%{letter}" if letter.isprintable() else repr(f"%{letter}")
    return f"must be made of {known}, not of {name}; {_HINTS.get(letter, 'write it with those')}"


def _doubled(letters: list[str]) -> str:
    for alike in (*_ALIKE, *PATTERNS):
        given = [letter for letter in letters if letter in alike]
        if len(given) > 1:
            return f"must say each part once, but says %{given[0]} and %{given[1]}; remove one"
    return ""


def _missing(letters: list[str]) -> str:
    for group, what in _DATE:
        if not set(group) & set(letters):
            return f"must have {what}; a time without its date is none: add the column of the date to columns"
    for letter, other in _NEEDS.items():
        if letter in letters and other not in letters:
            return f"must have %{other} beside %{letter}; add it"
    hour = {"H", "I"} & set(letters)
    return "must have an hour, %H, beside %M; add it" if "M" in letters and not hour else ""


@cache
def pattern(text: str) -> str:
    """Return the regular expression of a checked format: a group for each directive, named by its letter.

    Example:
        >>> pattern("%Y%m%d")
        '(?i)^(?P<Y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})$'
    """
    pieces = re.split(r"(%.)", _whole(text))
    parts = [piece for piece in pieces if piece]
    written = [
        _group(part[1], before, after)
        if part.startswith("%") and part != "%%"
        else re.sub(r"(?:\\ )+", " +", re.escape(part.replace("%%", "%")))
        for before, part, after in zip(["", *parts[:-1]], parts, [*parts[1:], ""], strict=True)
    ]
    return f"(?i)^{''.join(written)}$"


def _group(letter: str, before: str, after: str) -> str:
    digits = _RUN_ON.get(letter)
    run_on = digits is not None and (_ends_in_digit(before) or _begins_with_digit(after))
    reads = rf"[0-9]{{{digits}}}" if run_on else PATTERNS[letter]
    return f"(?P<{letter}>{reads})"


def _is_number(part: str) -> bool:
    return part.startswith("%") and part[1:] in (*_RUN_ON, "Y", "y", "f")


def _ends_in_digit(part: str) -> bool:
    return _is_number(part) or part[-1:].isdigit()


def _begins_with_digit(part: str) -> bool:
    return _is_number(part) or part[:1].isdigit()


def _whole(text: str) -> str:
    """Return ``text`` with the short directives written out, and without the - of %-d."""
    return _DIRECTIVE.sub(lambda found: _SHORT_FOR.get(found.group(1)[-1:], f"%{found.group(1)[-1:]}"), text)
