"""Why a worker that a run has started ended is told with its last line, and what it says takes no room for ever."""

import os
import signal
import sys
from multiprocessing.connection import Connection

import pytest

from actors.core.child_process import Child
from sim.coordinator.last_words import KEPT_BYTES, LastWords, Listener


def say(_: Connection, words: Listener, lines: str, code: int) -> None:
    """Say ``lines`` and end, as a worker does."""
    words.take_standard_error()
    sys.stderr.write(lines)
    sys.stderr.flush()
    if code < 0:
        os.kill(os.getpid(), -code)
    sys.exit(code)


def end(words: LastWords, lines: str, code: int) -> None:
    """Have a child say ``lines`` and end with ``code``."""
    child = Child(say, words, lines, code)
    with pytest.raises(EOFError):
        child.receive()
    assert child.close() == code


@pytest.mark.parametrize(
    ("lines", "code", "last"),
    [
        ("begins\nthe client hangs\n\n", 75, "the client hangs"),
        ("begins\ncut o", -signal.SIGKILL, "cut o"),
        ("", 1, ""),
        (f"{'x' * 9_000}\nä\x1b[2J\n", 1, "ä\\x1b[2J"),
    ],
)
def test_the_last_line_of_a_child_is_known_after_its_end(lines: str, code: int, last: str) -> None:
    """Also of one that was killed within a line; what would move a cursor does not."""
    words = LastWords()
    end(words, lines, code)
    assert words.line() == last
    words.close()


def test_what_a_child_says_is_kept_within_bounds() -> None:
    """What is too much is forgotten; what is said afterwards is the last line again."""
    words = LastWords()
    end(words, "much\n" * KEPT_BYTES, 1)
    assert words.line() == "much"
    words.shorten()
    assert words.line() == ""
    end(words, "more\n", 1)
    words.shorten()
    assert words.line() == "more"
    words.close()
