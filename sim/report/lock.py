"""The lock on a folder that someone writes to: one holder at a time, and no trace of one that is gone.

It is the operating system's (flock) on the folder itself, not a file in it: it ends with the process that holds it,
however that ends, and nothing is left to be cleaned up. No child inherits it.
"""

import errno
import fcntl
import os
from pathlib import Path

_LOCKS = Path("/proc/locks")  # of Linux; elsewhere no one can tell who holds a lock
_UNSUPPORTED = {errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


class HeldError(Exception):
    """Another process holds the lock."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(pid)
        self.pid = pid


def hold(folder: int) -> str:
    """Take the lock on an open folder, until it is closed; return why there is none, "" when it is taken.

    A network file system may not know such locks, or not on folders.

    Args:
        folder: descriptor of the folder.

    Raises:
        HeldError: another process has it.
    """
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise HeldError(_holder(folder)) from None
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        return error.strerror or str(error)
    return ""


def is_held(folder: Path) -> bool:
    """Return whether a process is writing to ``folder``; True where no one can tell."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        return bool(hold(descriptor))
    except (HeldError, OSError):
        return True
    finally:
        os.close(descriptor)


def _holder(folder: int) -> int | None:
    """Return the process id of who holds the lock on ``folder``; None where the system does not tell."""
    about = os.fstat(folder)
    place = f"{os.major(about.st_dev):02x}:{os.minor(about.st_dev):02x}:{about.st_ino}"
    try:
        locks = [line.split() for line in _LOCKS.read_text().splitlines()]
    except OSError:
        return None
    # 1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF
    pids = {int(fields[4]) for fields in locks if fields[1] == "FLOCK" and fields[5] == place}
    return next((pid for pid in pids if pid > 0), None)
