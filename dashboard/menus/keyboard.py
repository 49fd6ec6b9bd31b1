r"""From bytes of a terminal to keys, each with a name.

A printable character is its own name; the others are ``enter``, ``esc``, ``backspace``, ``tab``, ``up``, ``down``,
``left``, ``right``. Sequences of other keys are swallowed whole, so that none of their characters does anything.

Example:
    >>> Keyboard().feed(b"n\x1b[A\r")
    ['n', 'up', 'enter']
"""

import codecs
import re
from typing import Final

_NAMED: Final = {"\r": "enter", "\n": "enter", "\x1b": "esc", "\x7f": "backspace", "\b": "backspace", "\t": "tab"}
_ARROWS: Final = {"A": "up", "B": "down", "C": "right", "D": "left", "Z": "up"}  # Z is Tab with Shift
_SEQUENCE: Final = re.compile(r"\x1b(?:\[[0-9;?<>=]*[ -/]*([@-~])|O([A-Za-z]))")
_BEGUN: Final = re.compile(r"\x1b(?:\[[0-9;?<>=]*[ -/]*|O)?\Z")
_LONGEST: Final = 32  # characters of a sequence; what is longer is none


class Keyboard:
    """Puts keys together that arrive in pieces."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="ignore")
        self._begun = ""

    @property
    def waiting(self) -> bool:
        """Whether a sequence has begun that may go on; without more in a moment it was the key Esc."""
        return bool(self._begun)

    def feed(self, data: bytes) -> list[str]:
        """Return the keys that are whole now."""
        text = self._begun + self._decoder.decode(data)
        self._begun = ""
        keys: list[str] = []
        at = 0
        while at < len(text):
            if text[at] == "\x1b":
                if (found := _SEQUENCE.match(text, at)) is not None:
                    keys += [_ARROWS[last] for last in found.groups() if last in _ARROWS]
                    at = found.end()
                    continue
                if _BEGUN.match(text, at) and len(text) - at <= _LONGEST:
                    self._begun = text[at:]
                    break
            keys += [name] if (name := _name(text[at])) else []
            at += 1
        return keys

    def flush(self) -> list[str]:
        """Return Esc if that is what was pressed: nothing has come after it."""
        begun, self._begun = self._begun, ""
        return ["esc"] if begun else []


def _name(char: str) -> str:
    return _NAMED.get(char) or (char if char.isprintable() else "")
