"""``python -m sim``: a process of its own, with its signals and streams in order before anything else is imported."""

import sys

from sim import signals

USAGE, INTERRUPTED = 2, 130


def run() -> int:
    """Run the command line of this process; return its exit code."""
    signals.listen()
    try:
        from sim.streams import StandardStreams, forget_senseless_sizes

        forget_senseless_sizes()
        streams = StandardStreams()
        from sim.cli import main

        code = main()
    except KeyboardInterrupt:  # while importing, or between two steps of the command line itself
        signals.rest()
        if sys.stderr is not None:
            sys.stderr.write("interrupted\n")
        return _ended(INTERRUPTED)
    signals.rest()
    return _ended(streams.finish(code, USAGE))


def _ended(code: int) -> int:
    """Return ``code``, and let Python end with it.

    It ends as if by SIGINT, whatever the exit code, if the last text it executed (as named tuples do theirs) was
    interrupted, and remembers that until it executes another.
    """
    exec("")  # noqa: S102
    return code


if __name__ == "__main__":
    sys.exit(run())
