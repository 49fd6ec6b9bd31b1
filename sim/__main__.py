"""The process of ``riskdrill`` and of ``python -m sim``: signals and streams first, then all that is to be imported."""

import sys

from sim import signals
from sim.exit_codes import INTERRUPTED, USAGE

STRIPPED = 2  # level of optimisation from which docstrings are gone


def run() -> int:
    """Run the command line of this process; return its exit code."""
    signals.listen()
    try:
        _keep_docstrings()
        from sim.stdio import StandardStreams, forget_senseless_sizes

        forget_senseless_sizes()
        streams = StandardStreams()
        from sim.cli import main

        code = main()
    except KeyboardInterrupt:  # while importing, or between two steps of the command line itself
        signals.ignore_all()
        if sys.stderr is not None:
            sys.stderr.write("interrupted\n")
        return _ended(INTERRUPTED)
    signals.ignore_all()
    return _ended(streams.finish(code, USAGE))


def _keep_docstrings() -> None:
    """Begin anew with docstrings where they were stripped: ours are the help, and LightGBM needs its own to load.

    What is asked for by ``-OO`` or ``PYTHONOPTIMIZE=2`` is left out, for this process and all that it starts.
    """
    if sys.flags.optimize < STRIPPED or not sys.executable:
        return
    import os
    import re

    from sim.installation import AGAIN

    words = sys.orig_argv[1:]
    options = words[: words.index(AGAIN[0])] if AGAIN[0] in words else []
    kept = [option.replace("O", "") if re.fullmatch(r"-(?![WX])[A-Za-z]+", option) else option for option in options]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONOPTIMIZE"}
    interpreter = [sys.executable, *(option for option in kept if option != "-")]
    os.execve(sys.executable, [*interpreter, *AGAIN, *sys.argv[1:]], environment)  # noqa: S606 - itself


def _ended(code: int) -> int:
    """Return ``code``, and let Python end with it.

    It ends as if by SIGINT, whatever the exit code, if the last text it executed (as named tuples do theirs) was
    interrupted, and remembers that until it executes another.
    """
    exec("")  # noqa: S102
    return code


if __name__ == "__main__":
    sys.exit(run())
