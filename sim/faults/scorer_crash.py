"""The scorer crashes."""

from typing import ClassVar

from sim.faults.crash import Crash


class ScorerCrash(Crash, frozen=True, kw_only=True):
    """The scorer crashes once, at its next batch."""

    kind: ClassVar[str] = "scorer_crash"
    summary: ClassVar[str] = "the scorer crashes at its next batch"
    actor: ClassVar[str] = "scorer"
