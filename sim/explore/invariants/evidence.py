"""What an invariant looks at, and what it is."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from sim.report import folder as files
from sim.report.summary import Summary
from sim.run.record import Record
from sim.scenario.scenario import Scenario


class _Logged(msgspec.Struct, gc=False):
    id: str


class _DeadLetter(msgspec.Struct, gc=False):
    number: int


@dataclass(frozen=True)
class Evidence:
    """One run that has ended.

    Attributes:
        scenario: as run.
        summary: its figures.
        record: every delivered decision.
        folder: of its files.
    """

    scenario: Scenario
    summary: Summary
    record: Record
    folder: Path

    @cached_property
    def logged_ids(self) -> list[str]:
        """The transaction of each line of the decision log, in order."""
        lines = (self.folder / files.DECISIONS).read_bytes()
        return [line.id for line in msgspec.json.Decoder(_Logged).decode_lines(lines)]

    @cached_property
    def dead_numbers(self) -> set[int]:
        """The numbers of the dead letters that were kept."""
        lines = (self.folder / files.DEAD_LETTERS).read_bytes()
        return {line.number for line in msgspec.json.Decoder(_DeadLetter).decode_lines(lines)}


Invariant = Callable[[Evidence], str]
"""Returns "" if the invariant holds, otherwise in a short line what breaks it, with a transaction to look at."""
