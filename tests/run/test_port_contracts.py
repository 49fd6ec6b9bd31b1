"""A run's own ends of the pipeline keep the laws of the ports: the feed as a source, the book as a sink."""

import numpy as np

from actors.contracts.decision_sink import DecisionSinkContract, Told
from actors.contracts.source import SourceContract
from actors.core.arrays import I64
from actors.output.sinks import DecisionSink
from actors.source import Source
from sim.feeds.feed import Block
from sim.outcomes.outcome_book import UNDECIDED, OutcomeBook
from sim.run.plan import Schedule
from sim.run.source import DelayedLabels, FeedSource

BLOCK = 700


def blocks(raws: list[bytes], due_ns: I64 | None) -> list[Block]:
    """Return ``raws`` in blocks, nothing of them fraud."""
    return [
        Block(
            first=at,
            due_ns=None if due_ns is None else due_ns[at : at + BLOCK],
            raws=(part := raws[at : at + BLOCK]),
            event_us=np.arange(at, at + len(part)),
            fraud=np.zeros(len(part), dtype=np.uint8),
            pattern=np.zeros(len(part), dtype=np.uint8),
            merchants=["m"] * len(part),
            categories=[None] * len(part),
        )
        for at in range(0, len(raws), BLOCK)
    ]


class ReadyFeed:
    """A feed of blocks that are made already."""

    def __init__(self, ready: list[Block]) -> None:
        self._ready = ready

    async def take(self) -> Block | None:
        return self._ready.pop(0) if self._ready else None

    def close(self) -> None:
        """Nothing is open."""


class TestFeedSource(SourceContract):
    """A feed of blocks as a source."""

    async def holding(self, raws: list[bytes], due_ns: I64 | None) -> Source:
        schedule = None if due_ns is None else Schedule(lambda: iter([due_ns[:40], due_ns[40:]]))
        return FeedSource(ReadyFeed(blocks(raws, due_ns)), schedule, OutcomeBook(), DelayedLabels(0))


class TestOutcomeBook(DecisionSinkContract):
    """The book of outcomes as a sink; it knows transactions by their number."""

    async def empty(self) -> DecisionSink:
        book = OutcomeBook()
        book.book(np.arange(1_000), np.zeros(1_000, dtype=np.uint8))
        return book

    async def told(self, sink: DecisionSink) -> Told:
        assert isinstance(sink, OutcomeBook)
        sink.outcomes()
        decided = np.flatnonzero(sink._decision[: sink.count] != UNDECIDED)
        return [(f"t{number}", int(sink._decision[number])) for number in decided.tolist()]
