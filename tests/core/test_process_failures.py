"""How a child process ended, and what the machine lacks, in whatever words the system says so."""

import errno
import os
import resource
import signal

import pytest

from actors.core.errors import ArtifactError, MachineError, OutputError
from actors.core.process_failures import LEAST_BYTES, LEAST_FILES, check_limits, how_ended, lack_of, was_killed

TEMPORARY = "No usable temporary directory found in ['/tmp']"
LOADER = f"libx.so: failed to map segment: {os.strerror(errno.ENOMEM)}"


def number(which: int, file: str | None = None) -> OSError:
    return OSError(which, os.strerror(which), file)


def chained(error: Exception, cause: Exception | None = None, context: Exception | None = None) -> Exception:
    error.__cause__, error.__context__, error.__suppress_context__ = cause, context, cause is not None
    return error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), "lacks memory"),
        (number(errno.ENOMEM), "lacks memory"),
        (ImportError(LOADER), "lacks memory"),
        (number(errno.EMFILE, "x"), "lacks open files"),
        (number(errno.ENFILE), "lacks open files"),
        (ImportError(f"libx.so: {os.strerror(errno.EMFILE)}"), "lacks open files"),
        (number(errno.EAGAIN), "lacks processes or threads"),
        (RuntimeError("can't start new thread"), "lacks processes or threads"),
        (number(errno.ENOSPC, "a/b"), "lacks room on the disk for a/b"),
        (number(errno.EDQUOT), "lacks room on the disk"),
        (FileNotFoundError(errno.ENOENT, TEMPORARY), "lacks a temporary folder that can be written; set TMPDIR"),
        (chained(ArtifactError("cannot be read"), cause=MemoryError()), "lacks memory"),
        (chained(RuntimeError("half made"), context=number(errno.EMFILE)), "lacks open files"),
        (ExceptionGroup("two", [ValueError(), MemoryError()]), "lacks memory"),
        (MachineError("as it is"), "as it is"),
    ],
)
def test_lack_is_one_line_with_a_remedy(error: Exception, told: str) -> None:
    """Whatever words a library has for it, and whoever has put others in their place."""
    line = lack_of(error)
    assert told in line
    assert "\n" not in line


@pytest.mark.parametrize(
    "error",
    [
        ValueError("no"),
        RuntimeError("no"),
        ImportError("no module named x"),
        number(errno.ENOENT),
        number(errno.EACCES),
        chained(ValueError("no"), cause=KeyError("no"), context=MemoryError()),
        chained(OutputError("no"), cause=number(errno.EROFS)),
    ],
)
def test_any_other_error_is_no_lack(error: Exception) -> None:
    """A mistake of ours, or of the user, is never blamed on the machine."""
    assert lack_of(error) == ""


def test_errors_in_a_circle_are_looked_at_once() -> None:
    """It ends."""
    first, second = ValueError(), ValueError()
    first.__cause__, second.__cause__ = second, first
    assert lack_of(first) == ""


@pytest.mark.parametrize(("which", "least"), [(resource.RLIMIT_AS, LEAST_BYTES), (resource.RLIMIT_NOFILE, LEAST_FILES)])
def test_limits_that_nothing_works_with_are_refused(which: int, least: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library would end the process by itself; at the limit nothing is said."""
    allowed = {resource.RLIMIT_AS: resource.RLIM_INFINITY, resource.RLIMIT_NOFILE: 1_024, which: least}
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (allowed[kind], allowed[kind]))
    check_limits()
    allowed[which] -= 1
    with pytest.raises(MachineError, match="the machine lacks"):
        check_limits()


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
