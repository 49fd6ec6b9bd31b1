"""Why something that was asked at the keyboard is not done, in one line."""

from typing import Final

VIRTUAL: Final = "on the virtual clock nothing can be changed by hand; run it with --clock real"
FORBIDDEN: Final = "this scenario forbids changes by hand; take out interactive: false to allow them"
NOBODY: Final = "this run began without anyone at its screen; start it in a terminal"
MORE_ON_STREAM: Final = (
    "on a stream more load than planned needs its cards in the store before; plan a rate_change step"
)
RATE_OF_OTHERS: Final = "the rate is that of whoever writes the topic: this run produces nothing"
RATE_OF_REPLAY: Final = "the rate of a replay is that of its events; run it with events.speed set otherwise"


def refusal(clock: str, *, interactive: bool) -> str:
    """Return why a run on ``clock`` may not be changed by hand; "" where it may."""
    if not interactive:
        return FORBIDDEN
    return "" if clock == "real" else VIRTUAL


class RefusedError(Exception):
    """It is not done; the text says why and what to do. The run goes on as before.

    Attributes:
        key: of what was typed, the line that cannot be used; "" where it is about the whole.
    """

    def __init__(self, text: str, key: str = "") -> None:
        super().__init__(text)
        self.key = key
