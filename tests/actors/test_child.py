"""How a child process ended."""

import signal

import pytest

from actors.core.process_failures import how_ended, was_killed


@pytest.mark.parametrize(
    ("status", "killed", "told"),
    [
        (-signal.SIGKILL, True, "was killed (SIGKILL)"),
        (-signal.SIGTERM, True, "was killed (SIGTERM)"),
        (128 + signal.SIGTERM, True, "was killed (SIGTERM)"),
        (-signal.SIGSEGV, False, "crashed (SIGSEGV)"),
        (-signal.SIGABRT, False, "crashed (SIGABRT)"),
        (-40, False, "crashed (signal 40)"),
        (0, False, "ended with code 0"),
        (3, False, "ended with code 3"),
        (None, False, "ended"),
    ],
)
def test_a_kill_is_told_from_a_crash(status: int | None, killed: bool, told: str) -> None:
    """Who was killed may be tried again; who crashed did it himself, and would again."""
    assert was_killed(status) is killed
    assert how_ended(status) == told
