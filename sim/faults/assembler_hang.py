"""The assembler hangs."""

from typing import ClassVar

from sim.faults.hang import Hang


class AssemblerHang(Hang, frozen=True, kw_only=True):
    """The assembler takes a batch and does nothing with it until the fault is lifted."""

    kind: ClassVar[str] = "assembler_hang"
    summary: ClassVar[str] = "the assembler stands still"
    actor: ClassVar[str] = "assembler"
