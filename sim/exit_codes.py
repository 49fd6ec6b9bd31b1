"""The exit codes of the command line: what became of a command, for whoever calls it from a script.

A module of its own, since a process knows them before it imports anything else, and reads them where runs are judged.
"""

from typing import Final

PASS: Final = 0
INTERNAL: Final = 1  # an error of ours
USAGE: Final = 2  # usage, input that cannot be used, or a machine that lacks what is needed: one line a problem
INCONCLUSIVE: Final = 3  # nothing was proved
GONE: Final = 66  # EX_NOINPUT: a worker whose transactions are not there any more; no start helps, but a new run does
TRY_AGAIN: Final = 75  # EX_TEMPFAIL: a worker that cannot go on, because it was fenced or hung; start it again
FAILED: Final = 99  # an expectation, the ledger, the gates of a model; a difference or a counterexample was found
INTERRUPTED: Final = 130
