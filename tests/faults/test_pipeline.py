"""Faults inside the pipeline, of its model and of what comes after it: their effect, and that nothing is lost."""

import asyncio
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.actor import Hooks
from actors.adapters.memory import InMemoryLines
from actors.config import DeliveryConfig, MailboxConfig, MailboxesConfig, PipelineConfig, ScorerMailboxConfig
from actors.core.batches import Mode
from actors.core.clock import NS_PER_MS
from actors.core.work import Core, Job
from actors.pipeline import Pipeline
from actors.source import Arrivals
from actors.telemetry.stages import Stage
from sim.clocks.costs import Costs
from sim.clocks.processor import Processor
from sim.faults.fault import Fault, FaultRecord, Repeat
from sim.faults.model import ModelErrors, ModelSaturated, ModelSlow
from sim.faults.output import DiskFull, SinkErrors, SinkTimeout, SlowDisk
from sim.faults.pipeline import (
    AssemblerCrash,
    AssemblerHang,
    Crash,
    Hang,
    LoggerCrash,
    LoggerHang,
    LoopStall,
    MailboxSqueeze,
    ProducerCrash,
    ProducerHang,
    ScorerCrash,
    ScorerHang,
)
from sim.injection.schedule import FaultSchedule
from sim.injection.switch import FaultTargets
from sim.journal import Journal
from tests.support.actors.pipeline import Bench, FixedScoring, ListSink, ListSource, transaction
from tests.support.sim.faults import virtual_clock
from tests.support.virtual import run_virtual

COUNT = 100
AT, UNTIL = 20 * NS_PER_MS, 60 * NS_PER_MS  # of a run of 100 ms, four transactions every 4 ms
WHEN: dict[str, Any] = {"name": "fault", "at": AT, "duration": UNTIL - AT}
ONCE: dict[str, Any] = {"name": "fault", "at": AT}

LASTING: tuple[Fault, ...] = (
    *(hang(**WHEN) for hang in (ProducerHang, AssemblerHang, ScorerHang, LoggerHang)),
    MailboxSqueeze(**WHEN, mailbox="scorer", capacity=1),
    ModelSlow(**WHEN, factor=20),
    ModelErrors(**WHEN, ratio=1.0),
    ModelSaturated(**WHEN),
    SinkTimeout(**WHEN),
    SinkErrors(**WHEN, ratio=1.0),
    DiskFull(**WHEN),
    SlowDisk(**WHEN, added=5 * NS_PER_MS),
)
CRASHES: tuple[type[Crash], ...] = (ProducerCrash, AssemblerCrash, ScorerCrash, LoggerCrash)


@dataclass
class Drill:
    """What a run of the pipeline with faults came to."""

    bench: Bench
    pipeline: Pipeline
    records: tuple[FaultRecord, ...]
    journal: Journal
    ended_ns: int

    @property
    def ids(self) -> list[str]:
        assert isinstance(self.bench.sink, ListSink)
        return [name for batch in self.bench.sink.delivered for name in batch.batch.ids]


def bursts(count: int) -> ListSource:
    """Return a source of ``count`` transactions, four every 4 ms."""
    due = np.arange(count) // 4 * 4 * NS_PER_MS
    return ListSource([Arrivals([transaction(number) for number in range(count)], due)], due)


def drill(
    *faults: Fault, config: PipelineConfig | None = None, interrupt_at: int | None = None, count: int = COUNT
) -> Drill:
    """Run ``count`` transactions, four every 4 ms, through a pipeline with ``faults``; interrupted, all are lifted."""

    async def main() -> Drill:
        clock = virtual_clock()
        journal = Journal(clock)
        processor = Processor(Costs(), clock)
        targets = FaultTargets(processor.occupy)
        schedule = FaultSchedule(faults, clock, journal, 3, targets)
        bench = Bench(bursts(count), config=config or PipelineConfig())
        bench.work = lambda _: schedule.wrap_work(processor)
        bench.scoring = schedule.wrap_scoring(Costly(processor))
        plain_sink, lines = ListSink(), InMemoryLines()
        bench.sink = schedule.wrap_sink(plain_sink)  # type: ignore[assignment]  # the bench wants a list; see below
        bench.output = schedule.wrap_output(lines)
        bench.hooks = schedule.wrap_hooks(Hooks())
        pipeline = bench.build()
        schedule.attach(pipeline)
        bench.sink, bench.output = plain_sink, lines
        running = asyncio.create_task(schedule.run())
        pipeline.start()
        if interrupt_at is not None:
            await clock.sleep_until_ns(interrupt_at)
            running.cancel()
        await pipeline.finished()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        schedule.lift_all()
        return Drill(bench, pipeline, schedule.records(), journal, clock.now_ns())

    return run_virtual(main())


class Costly(FixedScoring):
    """Scores everything the same, and lets the time of it pass."""

    def __init__(self, processor: Processor) -> None:
        super().__init__(score_of_all=0.9)
        self.processor = processor

    async def score(self, model: Any, features: Any, core: Core) -> Any:  # noqa: ANN401 - as in the base
        await self.processor.spend(Job.SCORE, len(features), Core.LOOP)
        return await super().score(model, features, core)


def most_us(found: Drill, stage: Stage) -> int:
    """Return the longest time in ``stage``."""
    longest = found.bench.telemetry.stages[stage].max_us
    assert longest is not None
    return longest


def booked(found: Drill) -> None:
    """Assert that the books balance and every transaction was decided once."""
    ledger = found.bench.telemetry.ledger
    found.bench.check(found.pipeline)
    assert sum(ledger.decided) == ledger.produced == ledger.offered


every_lasting = pytest.mark.parametrize("fault", LASTING, ids=lambda fault: fault.kind)
every_crash = pytest.mark.parametrize("crash", CRASHES, ids=lambda crash: crash.kind)


@every_lasting
def test_nothing_is_lost_and_the_fault_is_lifted_at_its_instant(fault: Fault) -> None:
    """Whatever is slow, full or broken, each transaction is decided once and the fault ends on time."""
    found = drill(fault)
    booked(found)
    (record,) = found.records
    assert (record.state, record.injected_at_s, record.lifted_at_s) == ("lifted", AT / 1e9, UNTIL / 1e9)
    assert record.touched_count > 0
    assert record.first_effect_at_s is not None
    assert AT / 1e9 <= record.first_effect_at_s <= UNTIL / 1e9


@every_lasting
def test_interrupted_run_lifts_the_fault_at_once(fault: Fault) -> None:
    """Cancelled half-way, the fault is out as soon as the loop is free, and what follows is as without it."""
    found = drill(fault, interrupt_at=30 * NS_PER_MS)
    booked(found)
    (record,) = found.records
    assert record.state == "lifted"
    assert record.lifted_at_s == pytest.approx(
        0.03, abs=0.004
    )  # one batch may hold the loop, for the time that scoring may
    calm = drill()
    assert found.ended_ns <= calm.ended_ns + 40 * NS_PER_MS


@pytest.mark.parametrize("hang", [ProducerHang, AssemblerHang, ScorerHang, LoggerHang], ids=lambda kind: kind.kind)
def test_hung_actor_does_nothing_until_it_is_let_go(hang: type[Hang]) -> None:
    """The batch it holds is done exactly when the fault is lifted."""
    found = drill(hang(**WHEN))
    assert isinstance(found.bench.sink, ListSink)
    logged = np.concatenate([batch.batch.track[:, -1] for batch in found.bench.sink.delivered])
    assert not ((logged > AT + 6 * NS_PER_MS) & (logged < UNTIL)).any()
    assert ((logged >= UNTIL) & (logged < UNTIL + 5 * NS_PER_MS)).any()


@every_crash
@pytest.mark.parametrize("moment", ["before_work", "after_work"])
def test_crash_restarts_its_actor_once_and_loses_nothing(crash: type[Crash], moment: Any) -> None:  # noqa: ANN401 - a literal
    """One restart, of that actor; every transaction is decided and logged once."""
    found = drill(crash(**ONCE, moment=moment))
    booked(found)
    names = [actor.name for actor in found.pipeline.actors]
    restarts = {name: found.pipeline.supervisor.restart_count_of(name) for name in ("producer", *names)}
    assert restarts == {**dict.fromkeys(("producer", *names), 0), crash.actor: 1}
    assert len(found.bench.decisions()) == COUNT
    assert found.records[0].state == "lifted"
    assert found.records[0].touched_count >= 1


@every_crash
def test_repeated_crashes_are_as_many_restarts(crash: type[Crash]) -> None:
    """Each repetition crashes the actor once more."""
    found = drill(crash(**ONCE, repeat=Repeat(count=3, every=24 * NS_PER_MS)))
    booked(found)
    assert found.pipeline.supervisor.restart_count_of(crash.actor) == 3


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.sampled_from(CRASHES), st.integers(0, 100), st.booleans()), min_size=1, max_size=4),
    st.sampled_from(LASTING),
)
def test_actors_killed_at_any_instants_lose_and_repeat_nothing(
    kills: list[tuple[type[Crash], int, bool]], beside: Fault
) -> None:
    """Whoever is killed and whenever, beside any other fault: the books balance, and nothing is decided twice."""
    faults = [
        crash(name=f"kill-{number}", at=at * NS_PER_MS, moment="before_work" if early else "after_work")
        for number, (crash, at, early) in enumerate(kills)
    ]
    found = drill(*faults, beside)
    found.bench.check(found.pipeline)
    ledger = found.bench.telemetry.ledger
    assert ledger.offered == ledger.produced == COUNT
    assert sum(ledger.decided) + sum(ledger.dead_lettered.values()) == COUNT
    assert len(found.bench.decisions()) == ledger.logged


def test_crash_that_meets_no_batch_touches_nothing() -> None:
    """A one-shot after the last transaction is lifted at the end and says so."""
    found = drill(ScorerCrash(name="late", at=500 * NS_PER_MS), count=10)
    assert found.records[0].touched_count == 0


def test_stall_delays_what_was_due_meanwhile_by_its_length() -> None:
    """A transaction due in a stall is decided after it, the first about as late as the stall is long."""
    found = drill(LoopStall(**ONCE, stall=15 * NS_PER_MS))
    booked(found)
    assert found.records[0].touched_count == pytest.approx(15, abs=4)
    assert 13_000 <= most_us(found, Stage.LATENCY) <= 17_000
    assert most_us(drill(), Stage.LATENCY) < 3_000


def test_squeezed_mailbox_holds_less_and_grows_back() -> None:
    """The capacity is what the fault says while it is in, and then what it was."""
    config = PipelineConfig(
        mailboxes=MailboxesConfig(assembler=MailboxConfig(capacity=50), scorer=ScorerMailboxConfig(capacity=40))
    )
    found = drill(MailboxSqueeze(**WHEN, mailbox="assembler", capacity=2), config=config)
    booked(found)
    assert found.pipeline.assembler.inbox.capacity == 50


def test_slow_model_takes_its_factor() -> None:
    """On virtual time inference takes the multiple of its cost, and the processor is free of it afterwards."""
    slow, calm = (most_us(found, Stage.INFERENCE) for found in (drill(ModelSlow(**WHEN, factor=20)), drill()))
    assert slow == pytest.approx(20 * calm, rel=0.3)


def test_slow_model_on_the_real_clock_scores_as_often_as_its_factor() -> None:
    """Burning is done by scoring again: 3.5 times the rows of one batch."""

    async def main() -> int:
        clock = virtual_clock()
        schedule = FaultSchedule([ModelSlow(name="slow", at=0, duration=10, factor=3.5)], clock, Journal(clock))
        plain = FixedScoring()
        scoring = schedule.wrap_scoring(plain)
        schedule.injectors[0].switch.inject()
        await scoring.score(scoring.current(), np.zeros((10, 2), dtype=np.float32), Core.LOOP)
        return plain.scored

    assert run_virtual(main()) == 35


def test_slow_model_scores_behind_all_other_faults_of_the_model() -> None:
    """What it does again no other fault draws for or counts, in whichever order a scenario has them."""

    async def main() -> tuple[int, int]:
        clock = virtual_clock()
        blind, slow = (
            ModelSaturated(name="blind", at=0, duration=10),
            ModelSlow(name="slow", at=0, duration=10, factor=4),
        )
        schedule, plain = FaultSchedule([blind, slow], clock, Journal(clock)), FixedScoring()
        scoring = schedule.wrap_scoring(plain)
        for injector in schedule.injectors:
            injector.switch.inject()
        await scoring.score(scoring.current(), np.zeros((10, 2), dtype=np.float32), Core.LOOP)
        return schedule.records()[0].touched_count, plain.scored

    touched, scored = run_virtual(main())
    assert touched == 10
    assert scored >= 30


def test_effect_of_a_call_that_outlasts_the_fault_is_dated_within_it() -> None:
    """A call that was made while the fault was in and comes back after the lift had its effect by the lift."""

    async def main() -> FaultRecord:
        clock = virtual_clock()
        schedule = FaultSchedule([ModelSaturated(name="fault", at=10, duration=10)], clock, Journal(clock))
        scoring = schedule.wrap_scoring(FixedScoring(takes_ns=100))
        running = asyncio.create_task(schedule.run())
        await clock.sleep_until_ns(15)
        await scoring.score(scoring.current(), np.zeros((4, 2), dtype=np.float32), Core.LOOP)
        await running
        return schedule.records()[0]

    record = run_virtual(main())
    assert (record.touched_count, record.first_effect_at_s, record.lifted_at_s) == (4, 20e-9, 20e-9)


def test_failing_model_leaves_decisions_to_the_rules() -> None:
    """What is scored while the model fails is decided by rules, with nothing lost."""
    found = drill(ModelErrors(**WHEN, ratio=1.0))
    rules = found.bench.telemetry.ledger.decided[Mode.RULES]
    assert rules == found.records[0].touched_count == pytest.approx(40, abs=4)


def test_saturated_model_scores_near_the_middle() -> None:
    """Scores are pulled to 0.5 and keep their order."""
    found = drill(ModelSaturated(**WHEN, spread=0.1))
    assert isinstance(found.bench.sink, ListSink)
    scores = np.concatenate([batch.score for batch in found.bench.sink.delivered])
    assert set(np.round(scores, 6).tolist()) == {0.9, 0.54}


def test_refused_deliveries_are_counted_and_still_logged() -> None:
    """A sink that fails costs delivery, never the log."""
    found = drill(SinkErrors(**WHEN, ratio=1.0), config=PipelineConfig(delivery=DeliveryConfig(attempts=1)))
    ledger = found.bench.telemetry.ledger
    assert ledger.undelivered_count == found.records[0].touched_count > 0
    assert ledger.logged == COUNT


def test_full_disk_costs_lines_and_nothing_else() -> None:
    """Decisions are delivered, the lines of that time are counted as failed, the log goes on after."""
    found = drill(DiskFull(**WHEN))
    ledger = found.bench.telemetry.ledger
    assert ledger.log_failed_count == found.records[0].touched_count > 0
    assert ledger.delivered == COUNT
    assert len(found.bench.decisions()) == COUNT - ledger.log_failed_count


def test_slow_disk_holds_up_neither_decisions_nor_the_logger() -> None:
    """Lines wait in the log's buffer, and each is written in the end."""
    slow, calm = drill(SlowDisk(**WHEN, added=30 * NS_PER_MS)), drill()
    assert slow.records[0].touched_count > 0
    assert most_us(slow, Stage.LOG) <= most_us(calm, Stage.LOG) + 500
    assert most_us(slow, Stage.LATENCY) <= most_us(calm, Stage.LATENCY) + 500
    assert slow.bench.telemetry.ledger.logged == COUNT


def test_full_buffer_of_a_slow_disk_holds_up_the_logger(monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for one batch beside the one that is written, the next waits for the disk; decisions still do not."""
    monkeypatch.setattr("actors.output.decision_log.MOST_BUFFERED", 1)
    found = drill(SlowDisk(**WHEN, added=30 * NS_PER_MS))
    booked(found)
    assert most_us(found, Stage.LOG) >= 20_000
    assert most_us(found, Stage.LATENCY) <= most_us(drill(), Stage.LATENCY) + 500
