"""``python -m sim``: a process of its own, with its streams and signals in order before anything else is imported.

SIGTERM and SIGHUP are heard as Ctrl-C is: who hears that one hears all three. Only a SIGHUP that was ignored from the
start (`nohup`) stays so.
"""

import signal
import sys
from typing import NoReturn

from sim.streams import StandardStreams, forget_senseless_sizes

USAGE, INTERRUPTED = 2, 130
_ENDING = ("SIGTERM", "SIGHUP")  # not every system has both


def run() -> int:
    """Run the command line of this process; return its exit code."""
    forget_senseless_sizes()
    streams = StandardStreams()
    _listen()
    try:
        from sim.cli import main

        code = main()
    except KeyboardInterrupt:  # while importing, or between two steps of the command line itself
        sys.stderr.write("interrupted\n")
        code = INTERRUPTED
    # Python ends as if by SIGINT, whatever the exit code, if the last text it executed (as named tuples do theirs) was
    # interrupted, and remembers that until it executes another.
    exec("")  # noqa: S102
    for name in ("SIGINT", *_ENDING):  # the command is over: nothing is left to interrupt but the interpreter, noisily
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    return streams.finish(code, USAGE)


def _listen() -> None:
    signal.signal(signal.SIGINT, _interrupt)  # also where a shell's background job would not hear it
    for name in _ENDING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))


def _interrupt(*_: object) -> NoReturn:
    """Raise at once: asyncio would first wait for the loop to turn, in place of Python's own handler, not of this."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(run())
