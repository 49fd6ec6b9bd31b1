"""The scorer hangs."""

from typing import ClassVar

from sim.faults.hang import Hang


class ScorerHang(Hang, frozen=True, kw_only=True):
    """The scorer takes a batch and does nothing with it until the fault is lifted."""

    kind: ClassVar[str] = "scorer_hang"
    summary: ClassVar[str] = "the scorer stands still"
    actor: ClassVar[str] = "scorer"
