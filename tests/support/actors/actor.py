"""Small parts that tests of the actors share."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from actors.core.clock import Clock


@dataclass(frozen=True, slots=True)
class Numbers:
    """A message of plain numbers."""

    values: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.values)

    def split(self, count: int) -> tuple["Numbers", "Numbers"]:
        return Numbers(self.values[:count]), Numbers(self.values[count:])

    @classmethod
    def merge(cls, parts: Sequence["Numbers"]) -> "Numbers":
        return Numbers(tuple(value for part in parts for value in part.values))


class HandClock(Clock):
    """A clock that a test moves; sleeping moves it too."""

    def __init__(self) -> None:
        self.at_ns = 0

    def now_ns(self) -> int:
        return self.at_ns

    async def sleep_ns(self, span_ns: int) -> None:
        self.at_ns += max(0, span_ns)
        await asyncio.sleep(0)

    async def sleep_until_ns(self, at_ns: int) -> None:
        self.at_ns = max(self.at_ns, at_ns)
        await asyncio.sleep(0)
