"""What a child process says on its way to the end, so that whoever started it can tell why it ended."""

import fcntl
import os
import tempfile
from collections.abc import Callable
from multiprocessing.reduction import DupFd
from typing import Any, Final

from actors.core.errors import printable

STANDARD_ERROR: Final = 2
READ_BYTES: Final = 4_096  # of the end
KEPT_BYTES: Final = 1 << 20  # a client that complains for hours fills no disk
MOST_CHARACTERS: Final = 300  # of a line in a journal


class LastWords:
    """A file without a name: a child writes its standard error there, and its parent reads the last line.

    It is no pipe: one that nobody reads would hold the child up, and one whose reader is gone would end it while it
    commits what it has.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed by `close`
        flags = fcntl.fcntl(self._file, fcntl.F_GETFL)
        fcntl.fcntl(self._file, fcntl.F_SETFL, flags | os.O_APPEND)  # or whoever writes on leaves a hole

    def __reduce__(self) -> tuple[Callable[[Any], "Listener"], tuple[Any]]:
        """Give a process that is being started its own descriptor of the file."""
        return Listener, (DupFd(self._file.fileno()),)

    def line(self) -> str:
        """Return the last line, "" if nothing was said."""
        descriptor = self._file.fileno()
        size = os.fstat(descriptor).st_size
        said = os.pread(descriptor, READ_BYTES, max(0, size - READ_BYTES)).decode(errors="replace")
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        return printable(lines[-1])[:MOST_CHARACTERS] if lines else ""

    def shorten(self) -> None:
        """Forget everything if it has become much; what the child says later follows."""
        if os.fstat(self._file.fileno()).st_size > KEPT_BYTES:
            os.ftruncate(self._file.fileno(), 0)

    def close(self) -> None:
        """Let the file go."""
        self._file.close()


class Listener:
    """The child's end of `LastWords`."""

    def __init__(self, duplicate: Any) -> None:  # noqa: ANN401 - of the standard library, without a type
        self._descriptor: int = duplicate.detach()

    def take_standard_error(self) -> None:
        """Have all that this process says as an error from now on written there."""
        os.dup2(self._descriptor, STANDARD_ERROR)
        os.close(self._descriptor)
