"""Why a process failed, in a line: what the machine lacked, or which signal ended it."""

import errno
import os
import resource
import signal
from collections.abc import Iterator
from typing import Final

from actors.core.errors import MachineError

LEAST_BYTES = 300_000_000  # address space; below 200 MB loading OpenBLAS ends the process, on two cores (measured)
RUN_BYTES = 700_000_000  # of a run; with less its imports fail anywhere, some by crashing the interpreter (measured)
LEAST_FILES = 32  # a short run on the real clock has 24 (measured); with less, loops and pools fail half made
ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_NO_TEMPORARY_FOLDER = "No usable temporary directory"  # of the standard library, which gives it no number
_NO_LIBRARY = "load shared object"
_NO_SEGMENT = "failed to map segment"
_NO_THREAD = "can't start new thread"


def check_limits(least_bytes: int = LEAST_BYTES) -> None:
    """Refuse to begin where libraries would end the process by themselves, or in confusion, without a word of ours.

    Args:
        least_bytes: the address space that the process will need.

    Raises:
        MachineError: the process may not take as much memory, or as many files, as they do when they are loaded.
    """
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY and limit < least_bytes:
        raise MachineError(_memory())
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < LEAST_FILES:
        raise MachineError(_files())


def lack_of(error: BaseException) -> str:
    """Return in a line what the machine lacked when ``error`` was raised, and what to do; "" if it lacked nothing.

    What an error was raised from, or while handling it, counts too: whoever turned "no memory" into words of their own
    could not know better.
    """
    return next(filter(None, map(_lack, _chain(error))), "")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield ``error``, those in it if it is a group, and what each was raised from."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        before = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
        waiting += [before] if before is not None else []
        waiting += each.exceptions if isinstance(each, BaseExceptionGroup) else ()


def _lack(error: BaseException) -> str:
    match error:
        case MachineError():
            lack = str(error)
        case MemoryError():
            lack = _memory()
        case RuntimeError() if _NO_THREAD in str(error):
            lack = _processes()
        case ImportError() if _NO_SEGMENT in str(error) and _limited():
            lack = _memory()
        case ImportError():  # a library that cannot be loaded says why in words only
            lack = _of_number(next((each for each in (errno.ENOMEM, errno.EMFILE) if _says(error, each)), None), "")
        case OSError() if _NO_LIBRARY in str(error) and _limited():  # of llvmlite, which does not say why
            lack = _memory()
        case OSError() if _NO_TEMPORARY_FOLDER in str(error):
            lack = "the machine lacks a temporary folder that can be written; set TMPDIR to one"
        case OSError():
            lack = _of_number(error.errno, "" if error.filename is None else f" for {error.filename}")
        case _:
            lack = ""
    return lack


def _of_number(number: int | None, what: str) -> str:
    if number == errno.ENOMEM:
        return _memory()
    if number in (errno.EMFILE, errno.ENFILE):
        return _files()
    if number == errno.EAGAIN:
        return _processes()
    if number in ROOM:
        return f"the machine lacks room on the disk{what}; make some, or write to another one"
    return ""


def _limited() -> bool:
    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY


def _memory() -> str:
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    allowed = (
        "" if limit == resource.RLIM_INFINITY else f": a process may take {limit // 1_000_000:,} MB here (ulimit -v)"
    )
    return f"the machine lacks memory{allowed}; allow 1 GB, or run something smaller"


def _files() -> str:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return f"the machine lacks open files: a process may have {limit:,} here; allow more, as in ulimit -n 256"


def _processes() -> str:
    limit = resource.getrlimit(resource.RLIMIT_NPROC)[0]
    allowed = "" if limit == resource.RLIM_INFINITY else f": a user may have {limit:,} here (ulimit -u)"
    return f"the machine lacks processes or threads{allowed}; allow more, or end some"


def _says(error: ImportError, number: int) -> bool:
    return os.strerror(number).lower() in str(error).lower()


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
