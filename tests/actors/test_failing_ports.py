"""What the pipeline does while windows or source fail: a decision by rules, another try, and nothing is lost."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.actor import Hooks
from actors.config import (
    AssemblerConfig,
    DecisionLogConfig,
    MailboxesConfig,
    PipelineConfig,
    RestartConfig,
    ScorerConfig,
    ScorerMailboxConfig,
)
from actors.core.arrays import F32, I64
from actors.core.awaiting import Completed
from actors.core.batches import DeadLetter
from actors.core.errors import EscalationError, SinkError, SourceError, StreamStateError
from actors.core.transaction import Columns
from actors.features.stream_state import InMemoryStreamState, StreamState
from actors.source import Arrivals
from tests.actors.test_pipeline import run
from tests.support.actors.pipeline import Bench, FixedScoring, ListSource, arrivals, transaction
from tests.support.virtual import run_virtual

MS = 1_000_000


@dataclass
class Windows:
    """Windows behind a network: each call waits; some fail, hang, cancel themselves or answer with too few rows.

    Attributes:
        does: what each call does, over and over again: "answers", "fails", "hangs", "cuts" or "gives up".
    """

    does: tuple[str, ...] = ("answers",)
    state: InMemoryStreamState = field(default_factory=InMemoryStreamState)
    calls: int = 0

    async def advance(self, numbers: I64, columns: Columns) -> F32:
        """Count, sooner or later."""
        what = self.does[self.calls % len(self.does)]
        self.calls += 1
        await asyncio.sleep(3_600 if what == "hangs" else 0.001)
        if what == "fails":
            raise StreamStateError("connection refused")
        if what == "gives up":
            raise asyncio.CancelledError
        features = await self.state.advance(numbers, columns)
        return features[:-1] if what == "cuts" else features


@dataclass
class WindowsAtOnce:
    """Windows that answer or fail when they are called; see `Windows`."""

    does: tuple[str, ...]
    state: InMemoryStreamState = field(default_factory=InMemoryStreamState)
    calls: int = 0

    def advance(self, numbers: I64, columns: Columns) -> Completed[F32]:
        """Count now."""
        what = self.does[self.calls % len(self.does)]
        self.calls += 1
        if what == "fails":
            raise StreamStateError("connection refused")
        if what == "gives up":
            raise asyncio.CancelledError
        answer = self.state.advance(numbers, columns)
        return Completed(answer.value[:-1]) if what == "cuts" else answer


def modes(bench: Bench) -> set[tuple[str, str, bool]]:
    """Return the modes, causes and whether there is a score, of all decisions."""
    return {(line["mode"], line["cause"], line["score"] is None) for line in bench.decisions().values()}


@pytest.mark.parametrize(
    ("windows", "what"),
    [
        *((Windows, what) for what in ("fails", "hangs", "cuts", "gives up")),
        *((WindowsAtOnce, what) for what in ("fails", "cuts")),
    ],
)
def test_windows_that_do_not_answer_hand_over_to_the_rules(
    windows: Callable[[tuple[str, ...]], StreamState], what: str
) -> None:
    """Every transaction is decided by rules, without a model that never saw such rows, and the user is told once."""
    bench = Bench(arrivals([transaction(number, amount=600 * (number % 2) + 1) for number in range(40)]))
    bench.stream = windows((what,))

    async def main() -> str:
        pipeline = bench.build()
        pipeline.start()
        await pipeline.finished()
        bench.check(pipeline)
        return pipeline.assembler.windows_failure.text

    told = {
        "fails": "connection refused",
        "hangs": "no answer within 5 ms",
        "cuts": "rows that were asked for",
        "gives up": "the call was cancelled from within",
    }
    assert told[what] in run_virtual(main())
    assert modes(bench) == {("rules", "missing_features", True)}
    counters = bench.telemetry.counters
    assert counters.windows_errors == counters.windows_calls > 0
    assert counters.restarts == 0
    assert {line["decision"] for line in bench.decisions().values()} == {"approve", "review"}  # a high amount is known
    assert isinstance(bench.scoring, FixedScoring)
    assert bench.scoring.scored == 0


@given(
    does=st.lists(st.sampled_from(["answers", "fails", "hangs", "cuts", "gives up"]), min_size=1, max_size=6),
    crash_at=st.frozensets(st.integers(1, 60), max_size=4),
    shed_above=st.sampled_from([None, 2]),
    windows=st.sampled_from([Windows, WindowsAtOnce]),
)
def test_no_failure_of_the_windows_loses_a_transaction(
    does: list[str],
    crash_at: frozenset[int],
    shed_above: int | None,
    windows: Callable[[tuple[str, ...]], StreamState],
) -> None:
    """Failing now and then, while actors die at any instant: each is decided once, with a score or by rules."""

    class Killing(Hooks):
        calls = 0

        async def prepared(self, actor: str, rows: int) -> None:
            self.calls += 1
            if self.calls in crash_at:
                raise RuntimeError("killed")

    config = PipelineConfig(
        restart=RestartConfig(max_restarts=1_000),
        mailboxes=MailboxesConfig(scorer=ScorerMailboxConfig(shed_above=shed_above)),
        scorer=ScorerConfig(max_batch_size=4),
    )
    raws = [transaction(number) for number in range(40)]
    bench = Bench(arrivals(raws, MS), FixedScoring(takes_ns=3 * MS), config=config, hooks=Killing())
    bench.stream = windows(tuple(does))
    run(bench)
    ledger = bench.telemetry.ledger
    assert sum(ledger.decided) + ledger.dead_lettered.get("poison", 0) == 40
    assert len(bench.decisions()) == sum(ledger.decided) - ledger.log_failed_count  # what crashes the logger twice
    for line in bench.decisions().values():
        assert (line["mode"] == "rules") == (line["score"] is None)
    if set(does) == {"answers"} and shed_above is None:
        assert {line["mode"] for line in bench.decisions().values()} <= {"realtime_only"}


@given(crash_at=st.frozensets(st.integers(1, 40), max_size=8))
def test_a_crash_after_the_windows_have_counted_counts_nothing_twice(crash_at: frozenset[int]) -> None:
    """Whole or one by one, what is delivered again has the features that it would have had without the crash."""

    class Killing(Hooks):
        calls = 0

        async def prepared(self, actor: str, rows: int) -> None:
            if actor == "assembler":
                self.calls += 1
                if self.calls in crash_at:
                    raise RuntimeError("killed")

    def features(hooks: Hooks) -> dict[str, list[float | None]]:
        config = PipelineConfig(restart=RestartConfig(max_restarts=1_000), log=DecisionLogConfig(features="all"))
        bench = Bench(arrivals([transaction(number) for number in range(60)], 0), hooks=hooks, config=config)
        bench.stream = Windows()
        run(bench)
        return {name: line["features"] for name, line in bench.decisions().items()}

    undisturbed, disturbed = features(Hooks()), features(Killing())
    assert disturbed == {name: undisturbed[name] for name in disturbed}
    assert len(disturbed) >= 60 - len(crash_at) // 2


def test_an_ending_by_force_waits_for_no_windows() -> None:
    """Windows that would have to be waited for are left out, and everything is decided at once."""
    config = PipelineConfig(drain_timeout_ns=2 * MS)
    bench = Bench(arrivals([transaction(number) for number in range(40)], 0), config=config)
    bench.stream = Windows(("hangs",))

    async def main() -> tuple[int, float]:
        pipeline = bench.build()
        pipeline.start()
        await asyncio.sleep(0.001)
        left = await pipeline.drain()
        bench.check(pipeline)
        return left, asyncio.get_running_loop().time()

    left, ended_s = run_virtual(main())
    assert left == 40
    assert ended_s == pytest.approx(0.003)
    assert modes(bench) == {("default", "drain_timeout", True)}


def test_a_transaction_that_repeats_a_poisonous_one_is_decided() -> None:
    """The windows passed it over as a repetition, and have nothing for it when it comes alone: rules decide it."""

    class Killing(Hooks):
        calls = 0

        async def prepared(self, actor: str, rows: int) -> None:
            self.calls += actor == "assembler"
            if actor == "assembler" and self.calls <= 4:  # all of them twice, then the first alone twice
                raise RuntimeError("killed")

    config = PipelineConfig(restart=RestartConfig(max_restarts=1_000))
    bench = Bench(arrivals([transaction(number) for number in (0, 1, 0, 3)], 0), config=config, hooks=Killing())
    run(bench)
    assert bench.telemetry.ledger.dead_lettered == {"poison": 1}
    assert {name: line["mode"] == "rules" for name, line in bench.decisions().items()} == {
        "t0": True,
        "t1": False,
        "t3": False,
    }


@dataclass
class HangsThenCuts:
    """Windows of which the first call hangs; each later one answers at once, with one row whatever was asked for."""

    state: InMemoryStreamState = field(default_factory=InMemoryStreamState)
    hung: bool = False

    async def advance(self, numbers: I64, columns: Columns) -> F32:
        """Hang, or count and answer with too little."""
        if not self.hung:
            self.hung = True
            await asyncio.sleep(3_600)
        return (await self.state.advance(numbers, columns))[:1].copy()


def test_an_ending_by_force_takes_no_windows_that_were_not_asked_for() -> None:
    """An answer with too few rows is as good as none: no feature of a transaction is read from beyond its end."""
    config = PipelineConfig(
        drain_timeout_ns=2 * MS,
        log=DecisionLogConfig(features="all"),
        assembler=AssemblerConfig(windows_timeout_ns=3_600_000 * MS),
    )
    bench = Bench(arrivals([transaction(number) for number in range(40)], 0), config=config)
    bench.stream = HangsThenCuts()

    async def main() -> int:
        pipeline = bench.build()
        pipeline.start()
        await asyncio.sleep(0.001)
        left = await pipeline.drain()
        bench.check(pipeline)
        return left

    assert run_virtual(main()) == 40
    lines = bench.decisions().values()
    assert len(lines) == 40
    assert {line["features"][1] for line in lines} == {None}  # card_tx_1h, which the windows count


@dataclass
class Flaky(ListSource):
    """Fails some times before each block, as often as ``failures`` says; its last number holds for all that follow."""

    failures: tuple[int, ...] = (0,)
    failed: int = 0
    taken: int = 0

    async def take(self) -> Arrivals | None:
        """Fail, or hand out the next block."""
        if self.failed < self.failures[min(self.taken, len(self.failures) - 1)]:
            self.failed += 1
            raise SourceError("the broker does not answer")
        self.failed, self.taken = 0, self.taken + 1
        return await super().take()


@pytest.mark.parametrize("every_ns", [None, MS])
def test_a_source_that_fails_for_a_while_loses_nothing(every_ns: int | None) -> None:
    """The producer is restarted and asks again, and all that the source has is decided."""
    due = None if every_ns is None else np.arange(30, dtype=np.int64) * every_ns
    raws = [transaction(number) for number in range(30)]
    parts = [slice(at, at + 10) for at in range(0, len(raws), 10)]
    bench = Bench(Flaky([Arrivals(raws[at], None if due is None else due[at]) for at in parts], due, (2,)))
    run(bench)
    assert len(bench.decisions()) == 30
    assert bench.telemetry.counters.restarts == 2 * 4  # before each block, and before the end


def test_a_source_that_keeps_failing_ends_the_run_and_loses_nothing_that_was_taken() -> None:
    """The pipeline gives up and says why; what it had taken is decided."""
    source = Flaky([Arrivals([transaction(number) for number in range(20)], None)], failures=(0, 1_000))
    bench = Bench(source, config=PipelineConfig(restart=RestartConfig(max_restarts=3)))

    async def main() -> None:
        pipeline = bench.build()
        pipeline.start()
        with pytest.raises(EscalationError, match=r"producer crashed 4 times.*the broker does not answer"):
            await pipeline.finished()
        bench.check(pipeline)

    run_virtual(main())
    assert len(bench.decisions()) == 20


@dataclass
class GivesUp(ListSource):
    """Cancels its own call once, before it has handed anything out."""

    gave_up: bool = False

    async def take(self) -> Arrivals | None:
        """Give up, or hand out the next block."""
        if not self.gave_up:
            self.gave_up = True
            await asyncio.sleep(0)
            raise asyncio.CancelledError
        return await super().take()


def test_a_source_that_cancels_its_own_call_has_failed_and_cancels_nobody() -> None:
    """The producer is restarted as after any other failure, and all that the source has is decided."""
    bench = Bench(GivesUp([Arrivals([transaction(number) for number in range(20)], None)]))
    run(bench)
    assert len(bench.decisions()) == 20
    assert bench.telemetry.counters.restarts == 1


@dataclass
class Timed(ListSource):
    """A source with a time limit of its own, as many a client has, which runs out before every other block."""

    calls: int = 0

    async def take(self) -> Arrivals | None:
        """Wait for longer than the limit, or hand out the next block."""
        self.calls += 1
        if self.calls % 2:
            try:
                async with asyncio.timeout(0.05):
                    await asyncio.sleep(1)
            except TimeoutError as error:
                raise SourceError("no answer") from error
        return await super().take()


@dataclass
class TimedLetters:
    """A sink of dead letters with a time limit of its own, which always runs out."""

    seen: int = 0

    async def put(self, letters: Sequence[DeadLetter]) -> None:
        """Wait for longer than the limit."""
        self.seen += len(letters)
        try:
            async with asyncio.timeout(0.05):
                await asyncio.sleep(1)
        except TimeoutError as error:
            raise SinkError("no answer") from error


@pytest.mark.parametrize("every_ns", [None, MS])
def test_time_limits_of_adapters_end_their_own_calls_and_no_actor(every_ns: int | None) -> None:
    """Source and sink that run into a limit of their own fail as they may: the actors go on, and nothing is lost."""
    due = None if every_ns is None else np.arange(60, dtype=np.int64) * every_ns
    raws = [transaction(number) if number % 3 else b"{" for number in range(60)]
    parts = [slice(at, at + 20) for at in range(0, len(raws), 20)]
    source = Timed([Arrivals(raws[at], None if due is None else due[at]) for at in parts], due)
    bench, sink = Bench(source, FixedScoring(takes_ns=40 * MS)), TimedLetters()

    async def main() -> int:
        pipeline = bench.build(dead_letters=sink)
        pipeline.start()
        await pipeline.finished()
        bench.check(pipeline)
        return pipeline.dead_letters.unkept_count

    assert run_virtual(main()) == sink.seen == 20
    assert len(bench.decisions()) == 40
    assert bench.telemetry.counters.restarts == 4  # before each block, and before the end
