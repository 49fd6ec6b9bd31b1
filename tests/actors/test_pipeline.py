"""Laws of the whole pipeline, exact on virtual time."""

import asyncio
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.actor import Hooks
from actors.config import (
    AssemblerConfig,
    MailboxConfig,
    MailboxesConfig,
    PipelineConfig,
    RestartConfig,
    ScorerConfig,
    ScorerMailboxConfig,
)
from actors.core.batches import ARRIVAL, NUMBER, SENT, Cause, DecidedBatch
from actors.core.errors import EscalationError
from actors.core.work import Core
from actors.scorer import BACKLOG
from sim.clocks.virtual_clock import VirtualClock
from sim.clocks.virtual_loop import VirtualLoop
from tests.support.actors.pipeline import Bench, FixedScoring, FullDisk, ListSink, arrivals, transaction
from tests.support.virtual import run_virtual

MS = 1_000_000


def run(bench: Bench) -> None:
    """Run a bench to its natural end and check its books."""

    async def main() -> None:
        pipeline = bench.build()
        pipeline.start()
        await pipeline.finished()
        bench.check(pipeline)

    run_virtual(main())


@given(
    kinds=st.lists(st.sampled_from(["good", "broken", "twin", "negative", "absent"]), min_size=1, max_size=60),
    every_ns=st.sampled_from([None, 0, MS]),
)
def test_each_transaction_ends_in_exactly_one_place(kinds: list[str], every_ns: int | None) -> None:
    """Good ones are decided once, broken ones become dead letters with their reason, repeated ones duplicates."""
    raws: list[bytes] = []
    for number, kind in enumerate(kinds):
        raws.append(
            {
                "good": transaction(number),
                "broken": b"{",
                "twin": transaction(0),
                "negative": transaction(number, amount=-1),
                "absent": transaction(number, card=None),
            }[kind]
        )
    bench = Bench(arrivals(raws, every_ns))

    run(bench)

    valid = [raw for raw, kind in zip(raws, kinds, strict=True) if kind in {"good", "twin"}]
    ledger = bench.telemetry.ledger
    assert len(bench.decisions()) == len(set(valid))
    assert ledger.duplicates == len(valid) - len(set(valid))
    decided = [number for batch in bench.sink.delivered for number in batch.batch.track[:, NUMBER].tolist()]
    ended = decided + bench.duplicates + [letter.number for letter in bench.dead.letters]
    assert sorted(ended) == list(range(len(kinds)))
    assert ledger.dead_lettered.get("not_json", 0) == kinds.count("broken")
    assert ledger.dead_lettered.get("out_of_range", 0) == kinds.count("negative")
    assert ledger.dead_lettered.get("wrong_type", 0) == kinds.count("absent")
    assert [letter.number for letter in bench.dead.letters] == [
        number for number, kind in enumerate(kinds) if kind in {"broken", "negative", "absent"}
    ]


def test_without_batch_features_the_mode_says_so() -> None:
    """An empty store makes every decision realtime_only, never a full one on zeros."""
    bench = Bench(arrivals([transaction(number) for number in range(20)]))
    run(bench)
    assert {line["mode"] for line in bench.decisions().values()} == {"realtime_only"}
    assert {line["cause"] for line in bench.decisions().values()} == {"missing_features"}


def test_a_model_that_fails_hands_over_to_the_rules() -> None:
    """No model, and still every transaction gets a decision, by rules."""
    bench = Bench(arrivals([transaction(number) for number in range(20)]), FixedScoring(fails=True))
    run(bench)
    lines = bench.decisions().values()
    assert {(line["mode"], line["cause"], line["score"]) for line in lines} == {("rules", "model_failed", None)}
    assert bench.telemetry.counters.model_errors > 0


def test_what_would_miss_its_deadline_is_decided_by_rules_in_time() -> None:
    """With 5 ms a batch and a deadline of 8 ms, whoever waited too long is decided at once, by rules."""
    config = PipelineConfig(scorer=ScorerConfig(max_batch_size=1, deadline_ns=8 * MS))
    raws = [transaction(number) for number in range(50)]
    bench = Bench(arrivals(raws, 2 * MS), FixedScoring(takes_ns=5 * MS), config=config)
    run(bench)
    lines = list(bench.decisions().values())
    late = [line for line in lines if line["cause"] == "deadline"]
    assert late
    assert all(line["mode"] == "rules" for line in late)
    assert bench.telemetry.counters.deadline_rows == len(late)
    assert all(line["latency_us"] <= 13_000 for line in lines)  # the deadline, and the batch before it


def test_no_model_is_tried_after_the_deadline() -> None:
    """Who comes too late to the scorer is decided by rules, also when the estimate has been in doubt for a second."""

    class Late(Hooks):
        async def received(self, actor: str, rows: int) -> None:
            if actor == "scorer":
                await asyncio.sleep(0.009)

    config = PipelineConfig(scorer=ScorerConfig(deadline_ns=8 * MS))
    raws = [transaction(number) for number in range(30)]
    bench = Bench(arrivals(raws, 100 * MS), FixedScoring(), hooks=Late(), config=config)
    run(bench)
    assert {line["cause"] for line in bench.decisions().values()} == {"deadline"}
    assert bench.telemetry.counters.deadline_rows == 30


def test_an_overfull_mailbox_sheds_the_least_valuable() -> None:
    """The excess above the limit is decided by rules: in no batch is an amount shed that is above a scored one."""
    boxes = MailboxesConfig(scorer=ScorerMailboxConfig(shed_above=10))
    config = PipelineConfig(mailboxes=boxes, scorer=ScorerConfig(max_batch_size=20))
    raws = [transaction(number, amount=1.0 + 37 * number % 101) for number in range(200)]
    bench = Bench(arrivals(raws, None), FixedScoring(takes_ns=5 * MS), config=config)
    run(bench)
    mixed, shed_count = 0, 0
    for decided in bench.sink.delivered:
        shed, amount = decided.cause == Cause.SHED, decided.batch.amount
        shed_count += int(shed.sum())
        if shed.any() and not shed.all():
            mixed += 1
            assert amount[shed].max() <= amount[~shed].min()
    assert bench.telemetry.counters.shed_rows == shed_count < 200
    assert mixed > 0


def test_a_full_mailbox_slows_the_producer_and_loses_nothing() -> None:
    """With room for four, the producer waits; no mailbox ever holds more than its capacity."""
    boxes = MailboxesConfig(assembler=MailboxConfig(capacity=4), scorer=ScorerMailboxConfig(capacity=3))
    config = PipelineConfig(mailboxes=boxes, assembler=AssemblerConfig(max_batch_size=2))
    raws = [transaction(number) for number in range(100)]
    bench = Bench(arrivals(raws, 0), FixedScoring(takes_ns=MS), config=config)

    class Watching(Hooks):
        async def received(self, actor: str, rows: int) -> None:
            assert all(each.inbox.depth <= each.inbox.capacity for each in pipelines[0].actors)

    pipelines = []

    async def main() -> float:
        bench.hooks = Watching()
        pipelines.append(bench.build())
        pipelines[0].start()
        await pipelines[0].finished()
        bench.check(pipelines[0])
        return pipelines[0].assembler.inbox.blocked_s

    assert run_virtual(main()) > 0
    assert len(bench.decisions()) == 100


def test_a_backlog_before_the_assembler_moves_scoring_off_the_loop() -> None:
    """Full batches in a row tell that the loop has too much to do, though scoring holds it for no time."""
    config, scoring = PipelineConfig(assembler=AssemblerConfig(max_batch_size=8)), FixedScoring()
    run(Bench(arrivals([transaction(number) for number in range(8 * 20 + 7)], 0), scoring, config=config))
    on_loop = BACKLOG - 1
    assert scoring.batches == [*[(8, Core.LOOP)] * on_loop, *[(8, Core.EXECUTOR)] * (20 - on_loop), (7, Core.LOOP)]


def test_an_assembler_that_makes_batches_of_one_tells_of_no_backlog() -> None:
    """However many come one after the other: each is as large as it can be, and the loop has nothing else to do."""
    config, scoring = PipelineConfig(assembler=AssemblerConfig(max_batch_size=1)), FixedScoring()
    run(Bench(arrivals([transaction(number) for number in range(2 * BACKLOG)], MS), scoring, config=config))
    assert scoring.batches == [(1, Core.LOOP)] * (2 * BACKLOG)


def test_a_sink_that_fails_costs_delivery_only() -> None:
    """Undelivered decisions are counted and logged all the same."""
    bench = Bench(arrivals([transaction(number) for number in range(20)]), sink=ListSink(fails=True))
    run(bench)
    assert bench.telemetry.ledger.undelivered_count == 20
    assert bench.telemetry.ledger.logged == 20


def test_a_full_disk_costs_log_lines_only() -> None:
    """Decisions that cannot be logged are delivered all the same, and the loss is counted."""
    bench = Bench(arrivals([transaction(number) for number in range(20)]), output=FullDisk())
    run(bench)
    assert bench.telemetry.ledger.log_failed_count == 20
    assert sum(len(batch) for batch in bench.sink.delivered) == 20


def test_each_cards_transactions_are_decided_in_order() -> None:
    """Nothing overtakes on its way: deliveries are in the order of arrival."""
    bench = Bench(arrivals([transaction(number) for number in range(300)], 0), FixedScoring(takes_ns=MS))
    run(bench)
    numbers = [number for batch in bench.sink.delivered for number in batch.batch.track[:, 0].tolist()]
    assert numbers == list(range(300))


def test_intended_times_count_from_the_instant_that_is_given() -> None:
    """What took time between that instant and the start delays nothing, and counts as latency."""
    bench = Bench(arrivals([transaction(number) for number in range(3)], 40 * MS))

    async def main() -> None:
        pipeline = bench.build()
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        begun_ns = VirtualClock(loop).now_ns()
        await asyncio.sleep(0.060)
        pipeline.start(begun_ns)
        await pipeline.finished()

    run_virtual(main())
    track = np.concatenate([batch.batch.track for batch in bench.sink.delivered])
    assert ((track[:, SENT] - track[:, ARRIVAL]) // MS).tolist() == [60, 20, 0]


def test_drain_finishes_what_was_accepted_and_takes_nothing_new() -> None:
    """Stopped half-way, what was sent is decided, what was due and unsent stays unsent."""
    bench = Bench(arrivals([transaction(number) for number in range(100)], MS), FixedScoring(takes_ns=3 * MS))

    async def main() -> None:
        pipeline = bench.build()
        pipeline.start()
        await asyncio.sleep(0.050)
        assert await pipeline.drain() == 0
        bench.check(pipeline)

    run_virtual(main())
    ledger = bench.telemetry.ledger
    assert ledger.produced == len(bench.decisions()) == 51


def test_what_the_drain_leaves_is_decided_by_default() -> None:
    """At the drain timeout small amounts are approved and others reviewed, in mode default, and all is logged."""
    config = PipelineConfig(drain_timeout_ns=20 * MS)
    bench = Bench(
        arrivals([transaction(number) for number in range(40)], 0), FixedScoring(takes_ns=1_000 * MS), config=config
    )

    async def main() -> int:
        pipeline = bench.build()
        pipeline.start()
        await asyncio.sleep(0.010)
        left = await pipeline.drain()
        bench.check(pipeline)
        return left

    assert run_virtual(main()) == 40
    lines = bench.decisions()
    assert {(line["mode"], line["cause"]) for line in lines.values()} == {("default", "drain_timeout")}
    assert (lines["t0"]["decision"], lines["t39"]["decision"]) == ("approve", "review")


@pytest.mark.parametrize("actor", ["assembler", "scorer", "logger"])
def test_an_actor_that_keeps_crashing_ends_the_run_by_rules(actor: str) -> None:
    """Escalation drains by rules: the run fails, and still nothing is lost."""

    class Broken(Hooks):
        async def received(self, name: str, rows: int) -> None:
            if name == actor:
                raise RuntimeError("broken")

    config = PipelineConfig(restart=RestartConfig(max_restarts=3))
    bench = Bench(arrivals([transaction(number) for number in range(30)], 0), hooks=Broken(), config=config)

    async def main() -> None:
        pipeline = bench.build()
        pipeline.start()
        with pytest.raises(EscalationError, match=f"{actor} crashed 4 times"):
            await pipeline.finished()
        bench.check(pipeline)

    run_virtual(main())
    ledger = bench.telemetry.ledger
    poison = ledger.dead_lettered.get("poison", 0)
    assert ledger.produced == 30
    assert sum(ledger.decided) + poison == 30
    assert poison <= 2


@dataclass
class SlowSink(ListSink):
    """Takes a while over each batch, so that an ending lasts."""

    async def deliver(self, decided: DecidedBatch) -> None:
        """Deliver, slowly."""
        await asyncio.sleep(0.010)
        await super().deliver(decided)


def test_an_escalation_while_draining_ends_the_pipeline_once() -> None:
    """Who waits for the end and who drains wait for the same one, and it is finished even if one of them goes away."""

    class BreaksLater(Hooks):
        async def received(self, name: str, rows: int) -> None:
            if name == "scorer" and asyncio.get_running_loop().time() > 0.020:
                raise RuntimeError("broken")

    config = PipelineConfig(scorer=ScorerConfig(max_batch_size=2), restart=RestartConfig(max_restarts=0))
    raws = [transaction(number) for number in range(40)]
    bench = Bench(arrivals(raws, 0), FixedScoring(takes_ns=5 * MS), sink=SlowSink(), hooks=BreaksLater(), config=config)

    async def main() -> None:
        pipeline = bench.build()
        pipeline.start()
        waiting = asyncio.create_task(pipeline.finished())
        await asyncio.sleep(0.010)
        await pipeline.drain()
        waiting.cancel()
        with pytest.raises((EscalationError, asyncio.CancelledError)):
            await waiting
        bench.check(pipeline)

    run_virtual(main())
    causes = {line["cause"] for line in bench.decisions().values()}
    assert len(bench.decisions()) == 40
    assert causes <= {"missing_features", "escalated"}


def test_draining_stopped_while_it_ends_loses_nothing() -> None:
    """A second Ctrl-C may come when the drain timeout has struck already and the rest is being decided."""
    config = PipelineConfig(drain_timeout_ns=20 * MS)
    raws = [transaction(number) for number in range(40)]
    bench = Bench(arrivals(raws, 0), FixedScoring(takes_ns=1_000 * MS), sink=SlowSink(), config=config)

    async def main() -> int:
        pipeline = bench.build()
        pipeline.start()
        await asyncio.sleep(0.010)
        draining = asyncio.create_task(pipeline.drain())
        await asyncio.sleep(0.025)
        draining.cancel()
        with pytest.raises(asyncio.CancelledError):
            await draining
        left = await pipeline.abandon()
        bench.check(pipeline)
        return left

    assert run_virtual(main()) == 40
    assert len(bench.decisions()) == 40


@given(crash_at=st.frozensets(st.integers(1, 80), max_size=6))
def test_any_actor_may_die_at_any_instant_and_nothing_is_lost(crash_at: frozenset[int]) -> None:
    """Killed at random calls, whoever it is, every transaction is decided once or a poison dead letter."""

    class Killing(Hooks):
        calls = 0

        async def received(self, actor: str, rows: int) -> None:
            self._call()

        async def prepared(self, actor: str, rows: int) -> None:
            self._call()

        def _call(self) -> None:
            self.calls += 1
            if self.calls in crash_at:
                raise RuntimeError("killed")

    config = PipelineConfig(restart=RestartConfig(max_restarts=1_000))
    bench = Bench(arrivals([transaction(number) for number in range(40)], MS), hooks=Killing(), config=config)
    run(bench)
    poison = bench.telemetry.ledger.dead_lettered.get("poison", 0)
    ledger = bench.telemetry.ledger
    assert sum(ledger.decided) + poison == 40
    assert len(bench.decisions()) == ledger.logged == sum(ledger.decided) - ledger.log_failed_count
