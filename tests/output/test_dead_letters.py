"""Laws of the buffer before a sink of dead letters: actors never wait for it, and every letter is kept or counted."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.batches import DeadLetter
from actors.core.errors import SinkError
from actors.output.dead_letters import PUT_TIMEOUT_S, DeadLetterBuffer
from tests.support.actors.pipeline import Bench, arrivals, transaction
from tests.support.virtual import run_virtual


@dataclass
class Slow:
    """A sink that takes the seconds that ``takes_s`` says for each call, over and over; a negative one fails then."""

    takes_s: Sequence[float] = (0.0,)
    calls: list[int] = field(default_factory=list)
    kept: list[DeadLetter] = field(default_factory=list)

    async def put(self, letters: Sequence[DeadLetter]) -> None:
        takes_s = self.takes_s[len(self.calls) % len(self.takes_s)]
        self.calls.append(len(letters))
        if takes_s:
            await asyncio.sleep(abs(takes_s))
        if takes_s < 0:
            raise SinkError("no room")
        self.kept += letters


def letter(number: int) -> DeadLetter:
    return DeadLetter(number, "not_json", "broken", b"{", 0)


@given(
    counts=st.lists(st.integers(1, 9), min_size=1, max_size=12),
    takes_s=st.lists(st.sampled_from([0.0, 0.3, -0.3, 5.0]), min_size=1, max_size=5),
    apart_s=st.sampled_from([0.0, 0.2]),
)
def test_every_letter_is_kept_in_order_or_counted(counts: list[int], takes_s: list[float], apart_s: float) -> None:
    """Whether a sink is quick, slow, fails or hangs, and however full the buffer is."""
    sink, total = Slow(takes_s), sum(counts)

    async def main() -> DeadLetterBuffer:
        buffer, number = DeadLetterBuffer(sink, capacity=10), 0
        for count in counts:
            buffer.put([letter(number + each) for each in range(count)])
            number += count
            await asyncio.sleep(apart_s)
        await buffer.drained()
        return buffer

    buffer = run_virtual(main())
    kept = [each.number for each in sink.kept]
    assert kept == sorted(set(kept))
    assert len(kept) + buffer.unkept_count == total


def test_letters_that_waited_go_in_one_call() -> None:
    """While one call is out, others wait and follow together."""
    sink = Slow((0.5, 0.0))

    async def main() -> None:
        buffer = DeadLetterBuffer(sink)
        for number in range(5):
            buffer.put([letter(number)])
        await buffer.drained()

    run_virtual(main())
    assert sink.calls == [1, 4]


def test_the_end_of_a_run_waits_for_two_calls_at_most() -> None:
    """A sink that hangs is given up, and what it had is counted."""
    sink = Slow((3_600.0,))

    async def main() -> tuple[int, float]:
        buffer = DeadLetterBuffer(sink)
        buffer.put([letter(1)])
        buffer.put([letter(2)])
        await buffer.drained()
        return buffer.unkept_count, asyncio.get_running_loop().time()

    unkept, ended_s = run_virtual(main())
    assert unkept == 2
    assert ended_s == pytest.approx(2 * PUT_TIMEOUT_S)


@pytest.mark.parametrize("takes_s", [0.0, 0.2, -0.2, 3_600.0])
def test_no_transaction_is_decided_otherwise_for_a_dead_letter_sink(takes_s: float) -> None:
    """The pipeline decides all good ones, and ends when every letter is kept or given up."""
    raws = [b"{" if number % 5 == 0 else transaction(number) for number in range(40)]
    bench, sink = Bench(arrivals(raws)), Slow((takes_s,))

    async def main() -> tuple[int, float]:
        pipeline = bench.build(dead_letters=sink)
        pipeline.start()
        await pipeline.finished()
        bench.check(pipeline)
        return pipeline.dead_letters.unkept_count, asyncio.get_running_loop().time()

    unkept, ended_s = run_virtual(main())
    assert len(bench.decisions()) == 32
    assert bench.telemetry.ledger.dead_lettered["not_json"] == len(sink.kept) + unkept == 8
    assert ended_s < 0.04 + 2 * PUT_TIMEOUT_S


@dataclass
class Plain:
    """A sink whose calls do what ``does`` says, over and over: each "waits", or "refuses" at once, or "breaks" late."""

    does: Sequence[str]
    calls: int = 0
    kept: list[DeadLetter] = field(default_factory=list)

    def put(self, letters: Sequence[DeadLetter]) -> Coroutine[Any, Any, None]:
        what = self.does[self.calls % len(self.does)]
        self.calls += 1
        if what == "refuses":
            raise SinkError("refused")
        return self._keep(what, letters)

    async def _keep(self, what: str, letters: Sequence[DeadLetter]) -> None:
        await asyncio.sleep(0.05)
        if what == "breaks":  # as a client does whose connection was closed under it
            raise asyncio.CancelledError
        self.kept += letters


@given(
    does=st.lists(st.sampled_from(["waits", "refuses", "breaks"]), min_size=1, max_size=4),
    apart_s=st.sampled_from([0.0, 0.02, 0.2]),
)
def test_no_error_of_a_sink_reaches_an_actor_or_stops_the_letters(does: list[str], apart_s: float) -> None:
    """A call that raises at once, first or later, or ends as if cancelled: what it costs is counted, others follow."""
    sink = Plain(does)

    async def main() -> DeadLetterBuffer:
        buffer = DeadLetterBuffer(sink)
        for number in range(12):
            buffer.put([letter(number)])
            await asyncio.sleep(apart_s)
        async with asyncio.timeout(3_600):
            await buffer.drained()
        return buffer

    buffer = run_virtual(main())
    assert len(sink.kept) + buffer.unkept_count == 12
    assert sink.calls == 12 or apart_s < 0.1  # with time between them each letter gets a call of its own
