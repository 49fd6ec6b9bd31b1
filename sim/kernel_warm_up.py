"""Compiles ahead of time what training, measuring and running need, and announces it, since it takes seconds."""

from collections.abc import Callable
from typing import Final

from dashboard.frame import Notice

COMPILING: Final = "compiling the features and the engine"

Announce = Callable[[Notice], object]
"""Shows what is going on; must not block."""


def make_ready(announce: Announce) -> tuple[str, ...]:
    """Compile all code that is called for transactions; return why it could not be kept: one line, or none.

    Args:
        announce: told before something is compiled, which takes seconds.
    """
    # Imported here: numba takes half a second, and `validate` comes by, which compiles nothing.
    from actors.core.jit import ready
    from actors.features.assembly import compile_features
    from actors.model.compiled_engine import compile_engine
    from sim.world_copies.windows import compile_copies

    def call_each() -> None:
        compile_features()
        compile_engine()
        compile_copies()

    notice = Notice(title=f"{COMPILING}, once", detail="a few seconds")
    problem = ready(call_each, lambda: announce(notice))
    return (problem,) if problem else ()


def compile_first(announce: Announce) -> None:
    """Compile ahead for the processes that a command will start; a problem is announced, since those say nothing."""
    for line in make_ready(announce):
        announce(Notice(title=line))
