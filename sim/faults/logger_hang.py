"""The logger hangs."""

from typing import ClassVar

from sim.faults.hang import Hang


class LoggerHang(Hang, frozen=True, kw_only=True):
    """The logger takes a batch and does nothing with it until the fault is lifted."""

    kind: ClassVar[str] = "logger_hang"
    summary: ClassVar[str] = "the logger stands still"
    actor: ClassVar[str] = "logger"
