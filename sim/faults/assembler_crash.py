"""The assembler crashes."""

from typing import ClassVar

from sim.faults.crash import Crash


class AssemblerCrash(Crash, frozen=True, kw_only=True):
    """The assembler crashes once, at its next batch."""

    kind: ClassVar[str] = "assembler_crash"
    summary: ClassVar[str] = "the assembler crashes at its next batch"
    actor: ClassVar[str] = "assembler"
