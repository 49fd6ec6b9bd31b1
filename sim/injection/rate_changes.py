"""Changes of the offered rate for a while: fewer transactions of the planned ones arrive, or more beside them.

What was planned keeps its draws, its instants and its phases. Below 1, some of it does not arrive. Above 1, some of it
is mirrored: the same purchase by another card at another merchant, in a copy of its town that is not in the run
otherwise, somewhere in the gap before the purchase itself. So load comes from more cards, never from busier ones, and
does not look like fraud.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import msgspec
import numpy as np

from actors.core.arrays import F64, I64
from sim.chance import Streams
from sim.feeds.feed import Block, Feed
from sim.injection.traffic import rewritten, rows_of, with_raws
from sim.steps.mirrors import MOST_MIRRORS, mirror
from sim.steps.registry import MOST_TIMES, RateChange
from sim.steps.step import ScenarioStep


class Change(NamedTuple):
    """One change: from when to when, ns since the run began, and how many times what was planned."""

    start_ns: int
    end_ns: int
    factor: float


@dataclass(frozen=True, slots=True)
class _Arranged:
    """Which of some consecutive transactions arrive, and when.

    Attributes:
        rows: int64 (m,), places among them; one that is named again is a mirror.
        mirror: int64 (m,), which mirror, -1 for the planned one.
        due_ns: int64 (m,), not decreasing.
        part: float64 (m,), where in the gap before the planned one it comes, 0 to 1.
    """

    rows: I64
    mirror: I64
    due_ns: I64
    part: F64


class RateChanges:
    """The changes of one run, planned or made while it goes on; a feed around the one that is planned.

    Args:
        steps: of the scenario.
        streams: chance of the run.
    """

    def __init__(self, steps: Sequence[ScenarioStep], streams: Streams) -> None:
        self._streams = streams
        self._changes: dict[str, Change] = {}
        self._feed: Feed | None = None
        self._taken = self._given = 0
        self._last_ns = self._last_us = 0
        for step in steps:
            self.add(step)

    def add(self, step: ScenarioStep) -> None:
        """Make one more change if ``step`` is one; nothing may be due then that someone has looked at."""
        if isinstance(step, RateChange):
            self._changes[step.name] = Change(step.at, step.at + step.duration, step.factor)

    def end(self, name: str, at_ns: int) -> None:
        """End the change called ``name`` at ``at_ns``."""
        change = self._changes[name]
        self._changes[name] = change._replace(end_ns=max(change.start_ns, min(change.end_ns, at_ns)))

    def played(self, step: RateChange) -> RateChange | None:
        """Return ``step`` as it was played, None if it was ended before it began."""
        start_ns, end_ns, _ = self._changes[step.name]
        if end_ns == start_ns + step.duration:
            return step
        return msgspec.structs.replace(step, duration=end_ns - start_ns) if end_ns > start_ns else None

    def factor_at(self, at_ns: int) -> float:
        """Return how many times the planned rate is offered at an instant."""
        return float(self._factors(np.array([at_ns]))[0])

    def around_feed(self, feed: Feed) -> Feed:
        """Take what was planned."""
        self._feed = feed
        return self

    async def take(self) -> Block | None:
        """Return the next block as it arrives."""
        if self._feed is None:
            raise AssertionError("the feed is there before anything is taken from it")
        while (block := await self._feed.take()) is not None:
            if len(arrived := self._arrived(block)):
                return arrived
        return None

    def close(self) -> None:
        """Close the feed."""
        if self._feed is not None:
            self._feed.close()

    def reschedule(self, batches: Iterator[I64]) -> Iterator[I64]:
        """Return the intended arrivals with what is added and left out."""
        first = last_ns = 0
        for due_ns in batches:
            arranged = self._arrange(first, due_ns, last_ns)
            first += len(due_ns)
            last_ns = int(due_ns[-1]) if len(due_ns) else last_ns
            yield due_ns if arranged is None else arranged.due_ns

    def _factors(self, due_ns: I64) -> F64:
        factors = np.ones(len(due_ns))
        for start_ns, end_ns, factor in self._changes.values():
            factors[(due_ns >= start_ns) & (due_ns < end_ns)] *= factor
        return np.minimum(factors, MOST_TIMES)

    def _arrange(self, first: int, due_ns: I64, last_ns: int) -> _Arranged | None:
        """Return what arrives of the transactions from number ``first`` on; None: they, as they are planned."""
        factors = self._factors(due_ns)
        if not len(due_ns) or (factors == 1).all():
            return None
        numbers = first + np.arange(len(due_ns))
        kept = np.flatnonzero(self._draws("kept", numbers) < factors)
        rows, mirror, part = [kept], [np.full(len(kept), -1)], [np.ones(len(kept))]
        for number in range(MOST_MIRRORS):
            chosen = np.flatnonzero(self._draws(f"mirror.{number}", numbers) < factors - 1 - number)
            rows.append(chosen)
            mirror.append(np.full(len(chosen), number))
            part.append(self._draws(f"place.{number}", numbers[chosen]))
        all_rows, all_parts = np.concatenate(rows), np.concatenate(part)
        before_ns = np.maximum(np.concatenate([[last_ns], due_ns[:-1]]), self._boundaries(due_ns))
        due = before_ns[all_rows] + (all_parts * (due_ns - before_ns)[all_rows]).astype(np.int64)
        order = np.lexsort((all_parts, all_rows))
        return _Arranged(all_rows[order], np.concatenate(mirror)[order], due[order], all_parts[order])

    def _boundaries(self, due_ns: I64) -> I64:
        """Return the last instant before each of ``due_ns`` at which a change began or ended."""
        instants = np.unique([0, *(each for change in self._changes.values() for each in change[:2])])
        found: I64 = instants[np.searchsorted(instants, due_ns, side="right") - 1]
        return found

    def _draws(self, purpose: str, numbers: I64) -> F64:
        return self._streams.counter(f"rate_change.{purpose}", numbers)

    def _arrived(self, block: Block) -> Block:
        first, self._taken = self._taken, self._taken + len(block)
        last_ns, last_us = self._last_ns, self._last_us or int(block.event_us[0])
        arranged = None
        if block.due_ns is not None:
            self._last_ns, self._last_us = int(block.due_ns[-1]), int(block.event_us[-1])
            arranged = self._arrange(first, block.due_ns, last_ns)
        if arranged is not None:
            block = _mirrored(block, arranged, last_us)
        block = replace(block, first=self._given)
        self._given += len(block)
        return block


def _mirrored(block: Block, arranged: _Arranged, last_us: int) -> Block:
    """Return the rows of ``block`` that arrive, mirrored ones under other names and at their own event time."""
    before_us = np.concatenate([[last_us], block.event_us[:-1]])[arranged.rows]
    after_us = block.event_us[arranged.rows]
    event_us = before_us + (arranged.part * (after_us - before_us)).astype(np.int64)
    found = replace(rows_of(block, arranged.rows), due_ns=arranged.due_ns, event_us=event_us)
    merchants, raws = found.merchants, {}
    for place in np.flatnonzero(arranged.mirror >= 0).tolist():
        number, happened_us = int(arranged.mirror[place]), int(event_us[place])
        merchants[place] = _renamed(merchants[place], number)
        raws[place] = rewritten(found.raws[place], lambda fields: _other(fields, number, happened_us))  # noqa: B023 - called at once
    return with_raws(found, raws)


def _other(fields: dict[str, Any], number: int, happened_us: int) -> dict[str, Any]:
    named = {key: _renamed(fields[key], number) for key in ("card", "merchant", "device") if fields.get(key)}
    return {**fields, **named, "id": f"{fields['id']}.{number + 1}", "event_time": happened_us}


def _renamed(name: str, number: int) -> str:
    """Return the name of the same entity in a mirror of its town.

    Example:
        >>> _renamed("c3-17", 0)
        'c131-17'
    """
    head, _, own = name.partition("-")
    return f"{head[0]}{mirror(int(head[1:]), number)}-{own}"
