"""The first failure of something that the run goes on without."""

import logging

from actors.errors import SinkError

log = logging.getLogger(__name__)


class FirstFailure:
    """Keeps the first failure and tells the user of it; the counters say how many there were.

    Args:
        what: cannot be done, in the user's words.

    Attributes:
        text: of the first failure, "" without one.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self.text = ""

    def note(self, error: SinkError) -> None:
        """Take note of ``error``, if it is the first."""
        if not self.text:
            self.text = str(error)
            log.error("%s: %s; they are counted and the run goes on", self._what, error)
