"""The adapters in memory keep the laws of their ports, and those that come of being put into by hand."""

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.adapters.memory import InMemoryDeadLetters, InMemoryDecisionSink, InMemorySource
from actors.contracts.dead_letters import DeadLettersContract
from actors.contracts.decision_sink import DecisionSinkContract, Told
from actors.contracts.source import SourceContract
from actors.contracts.stream_state import StreamStateContract
from actors.core.arrays import I64
from actors.core.batches import DeadLetter
from actors.features.stream_state import InMemoryStreamState, StreamState
from actors.output.dead_letters import DeadLetterSink
from actors.output.sinks import DecisionSink
from actors.source import Source


class TestInMemorySource(SourceContract):
    """A source in memory keeps the laws of the port."""

    async def holding(self, raws: list[bytes], due_ns: I64 | None) -> Source:
        return InMemorySource.of(raws, due_ns)

    async def waiting(self) -> tuple[Source, Callable[[bytes], Awaitable[None]]]:
        source = InMemorySource()

        async def give(raw: bytes) -> None:
            source.put([raw])

        return source, give


class TestInMemoryDecisionSink(DecisionSinkContract):
    """A decision sink in memory keeps the laws of the port."""

    async def empty(self) -> DecisionSink:
        return InMemoryDecisionSink()

    async def told(self, sink: DecisionSink) -> Told:
        assert isinstance(sink, InMemoryDecisionSink)
        return [each for batch in sink.decided for each in zip(batch.batch.ids, batch.decision.tolist(), strict=True)]


class TestInMemoryStreamState(StreamStateContract):
    """Windows in memory keep the laws of the port."""

    async def empty(self) -> StreamState:
        return InMemoryStreamState()


class TestInMemoryDeadLetters(DeadLettersContract):
    """Dead letters in memory keep the laws of the port."""

    async def empty(self) -> DeadLetterSink:
        return InMemoryDeadLetters()

    async def kept(self, sink: DeadLetterSink) -> list[DeadLetter]:
        assert isinstance(sink, InMemoryDeadLetters)
        return sink.letters


@given(puts=st.lists(st.integers(0, 40), max_size=8), instants=st.lists(st.integers(-1, 90), max_size=8))
def test_what_is_put_in_parts_is_due_as_if_put_at_once(puts: list[int], instants: list[int]) -> None:
    """However due transactions are put, the count at an instant is that of all of them."""
    due_ns = np.arange(sum(puts), dtype=np.int64) // 2
    source, at = InMemorySource(), 0
    for count in puts:
        source.put([b"{}"] * count, due_ns[at : at + count])
        at += count
    counts = [source.due_count(instant) for instant in sorted(instants)]
    assert counts == [int((due_ns <= instant).sum()) if sum(puts) else None for instant in sorted(instants)]


def test_what_waits_in_a_source_is_counted() -> None:
    """Whoever puts faster than the pipeline takes can see it."""

    async def main() -> None:
        source = InMemorySource()
        source.put([b"1", b"2"])
        source.put([b"3"])
        assert source.waiting == 3
        await source.take()
        assert source.waiting == 1

    asyncio.run(main())


def test_what_cannot_be_put_is_said() -> None:
    """After the end nothing more comes, and due times go forwards, one for each transaction, of all or of none."""
    closed, plain, due = InMemorySource.of([b"1"]), InMemorySource(), InMemorySource()
    plain.put([b"1"])
    due.put([b"1"], np.array([5]))
    with pytest.raises(ValueError, match="closed"):
        closed.put([b"2"])
    with pytest.raises(ValueError, match="has no due times"):
        plain.put([b"2"], np.array([6]))
    with pytest.raises(ValueError, match="must have them"):
        due.put([b"2"])
    with pytest.raises(ValueError, match="must not decrease"):
        due.put([b"2"], np.array([4]))
    with pytest.raises(ValueError, match="needs one due time"):
        due.put([b"2", b"3"], np.array([6]))
