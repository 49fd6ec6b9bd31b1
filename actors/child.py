"""How a child process ended, in words: by itself, by a crash, or killed by someone else."""

import signal
from typing import Final

# What people, shells and the system send to end a process. Any other signal comes from what the process did itself.
FROM_OUTSIDE: Final = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT})
UNWOUND: Final = 128 + signal.SIGTERM  # exit code of a process of ours that was told to end and has cleaned up


def was_killed(status: int | None) -> bool:
    """Tell whether someone else ended a process; the system too, when memory is short.

    Args:
        status: of the process: its exit code, or minus the signal that ended it; None: not known.
    """
    return status is not None and (-status in FROM_OUTSIDE or status == UNWOUND)


def how_ended(status: int | None) -> str:
    """Return how a process ended, as the end of a sentence that begins with it.

    Example:
        >>> how_ended(-9), how_ended(-11), how_ended(3)
        ('was killed (SIGKILL)', 'crashed (SIGSEGV)', 'ended with code 3')
    """
    if status is None:
        return "ended"
    if status == UNWOUND:
        status = -signal.SIGTERM
    if status >= 0:
        return f"ended with code {status}"
    return f"{'was killed' if was_killed(status) else 'crashed'} ({_name(-status)})"


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal has no name
        return f"signal {number}"
