"""The first use of compiled code: whoever trains, measures or runs has it ready before, and says what takes time."""

from collections.abc import Callable
from typing import Final

from dashboard.frame import Notice

COMPILING: Final = "compiling the features and the engine"

Announce = Callable[[Notice], object]
"""Shows what is going on; must not block."""


def make_ready(announce: Announce) -> tuple[str, ...]:
    """Have all code compiled that is called for transactions; return why it could not be kept, in a line if so.

    Args:
        announce: told of it where something has to be compiled, which takes seconds.
    """
    # Imported here: numba takes half a second, and `validate` comes by, which compiles nothing.
    from actors.core.jit import ready
    from actors.features.assembly import compile_features
    from actors.model.compiled_engine import compile_engine
    from sim.copies.windows import compile_copies

    def call_each() -> None:
        compile_features()
        compile_engine()
        compile_copies()

    notice = Notice(title=f"{COMPILING}, once", detail="a few seconds")
    problem = ready(call_each, lambda: announce(notice))
    return (problem,) if problem else ()


def compile_first(announce: Announce) -> None:
    """Do so for the processes that a command starts, and tell of a problem as of all else: nobody asks them."""
    for line in make_ready(announce):
        announce(Notice(title=line))
