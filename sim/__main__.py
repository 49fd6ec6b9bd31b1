"""``python -m sim``: a process of its own, with its streams and signals in order before anything else is imported."""

import sys

from sim import signals
from sim.streams import StandardStreams, forget_senseless_sizes

USAGE, INTERRUPTED = 2, 130


def run() -> int:
    """Run the command line of this process; return its exit code."""
    forget_senseless_sizes()
    streams = StandardStreams()
    signals.listen()
    try:
        from sim.cli import main

        code = main()
    except KeyboardInterrupt:  # while importing, or between two steps of the command line itself
        sys.stderr.write("interrupted\n")
        code = INTERRUPTED
    signals.rest()
    # Python ends as if by SIGINT, whatever the exit code, if the last text it executed (as named tuples do theirs) was
    # interrupted, and remembers that until it executes another.
    exec("")  # noqa: S102
    return streams.finish(code, USAGE)


if __name__ == "__main__":
    sys.exit(run())
