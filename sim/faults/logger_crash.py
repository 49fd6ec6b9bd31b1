"""The logger crashes."""

from typing import ClassVar

from sim.faults.crash import Crash


class LoggerCrash(Crash, frozen=True, kw_only=True):
    """The logger crashes once, at its next batch."""

    kind: ClassVar[str] = "logger_crash"
    summary: ClassVar[str] = "the logger crashes at its next batch"
    seen: ClassVar[str] = "a restart; decisions already sent are sent again, and change nothing"
    actor: ClassVar[str] = "logger"
