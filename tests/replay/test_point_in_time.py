"""The law of replays: at full speed the pipeline computes what training computed, for the same transactions."""

import asyncio
import dataclasses
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from numpy.testing import assert_array_equal

from actors.adapters.memory import InMemoryDeadLetters, InMemoryLines
from actors.config import DecisionLogConfig, MailboxesConfig, PipelineConfig, ScorerConfig, ScorerMailboxConfig
from actors.core.arrays import F32, F64
from actors.core.batches import DecidedBatch, Mode
from actors.core.clock import US_PER_DAY, RealClock
from actors.core.work import Core
from actors.features.assembly import FeatureAssembly
from actors.features.batch_table import BatchTableBuilder
from actors.features.catalogue import features_for
from actors.features.refresh import Refreshed, Refresher, boundary
from actors.features.store import InMemoryFeatureStore
from actors.model.policy import RuleBook, Thresholds
from actors.model.serving import ServingModel
from actors.output.decision_log import BufferedLog
from actors.pipeline import Pipeline, Surroundings
from actors.telemetry.telemetry import Telemetry
from sim.chance import Streams
from sim.feeds.feed import InlineFeed
from sim.outcomes.outcome_book import OutcomeBook
from sim.replay.event_file import EventFile
from sim.replay.spec import EventsSpec, Period
from sim.replay.traffic import FileTraffic, PointInTimeFeed
from sim.run.source import DelayedLabels, FeedSource
from sim.training.backfill import Replay
from tests.support.sim.event_files import HANDBOOK_MAP, Row, column_map, row, spec, write

UNHURRIED = PipelineConfig(
    mailboxes=MailboxesConfig(scorer=ScorerMailboxConfig(shed_above=10**9)),
    scorer=ScorerConfig(deadline_ns=10**15),
    log=DecisionLogConfig(features="off"),
)


class ZeroScoring:
    """Scores everything 0."""

    def __init__(self, names: Sequence[str]) -> None:
        rules = RuleBook(names)
        self._model = ServingModel(None, "none", 0, Thresholds(), rules)  # type: ignore[arg-type]  # no engine is asked

    def current(self) -> ServingModel:
        return self._model

    async def score(self, model: ServingModel, features: F32, core: Core) -> F64:
        return np.zeros(len(features))


class Kept:
    """Keeps the features on which decisions were made."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.features: list[F32] = []
        self.modes: set[int] = set()

    async def deliver(self, decided: DecidedBatch) -> None:
        self.ids += decided.batch.ids
        self.features.append(decided.batch.features.copy())
        self.modes.update(decided.mode.tolist())


async def replayed(events: EventsSpec, warm_from_us: int) -> tuple[Kept, list[Refreshed]]:
    """Return what the pipeline decided on in a replay of ``events`` at full speed, and its refreshes."""
    file, names, delay_us = EventFile.open(events), features_for(events.columns.mapped()), events.label_delay_us
    start_us = file.contents(events.replay).first_us
    past = Replay(names, delay_us)
    for columns, fraud in file.columns(Period(warm_from_us, events.replay.from_us)):
        past.feed(columns, fraud)
    builder = BatchTableBuilder(past.history, delay_us)
    store = InMemoryFeatureStore(builder.build(boundary(start_us)))
    clock, kept, refreshes = RealClock(), Kept(), list[Refreshed]()
    labels = DelayedLabels(delay_us)
    refresher = Refresher(builder, store, past.history, labels, None, clock, refreshes.append)

    def caught_up() -> bool:
        inbox = pipeline.assembler.inbox
        return not inbox.depth and not inbox.leased

    feed = PointInTimeFeed(InlineFeed(FileTraffic(events, start_us)), refresher, start_us, caught_up, clock)
    with ThreadPoolExecutor(1) as executor:
        around = Surroundings(
            source=FeedSource(feed, None, OutcomeBook(), labels),
            assembly=FeatureAssembly(names),
            stream=past.stream,
            store=store,
            history=past.history,
            scoring=ZeroScoring(names),
            digest_of=str,
            sink=kept,
            output=InMemoryLines(),
            dead_letters=InMemoryDeadLetters(),
            clock=clock,
            telemetry=Telemetry(),
            log=partial(BufferedLog, executor=executor),
        )
        config = UNHURRIED
        pipeline = Pipeline(config, around)
        pipeline.start()
        await pipeline.finished()
    return kept, refreshes


def trained(events: EventsSpec, warm_from_us: int) -> tuple[list[str], F32]:
    """Return ids and features of the replayed period as training computes them, in one pass."""
    replay = Replay(features_for(events.columns.mapped()), events.label_delay_us)
    ids: list[str] = []
    features: list[F32] = []
    for columns, fraud in EventFile.open(events).columns(Period(warm_from_us, events.replay.to_us)):
        ids += columns.ids
        features.append(replay.feed(columns, fraud))
    inside = len(ids) - EventFile.open(events).contents(events.replay).rows
    return ids[inside:], np.concatenate(features)[inside:]


def agree(events: EventsSpec, warm_from_us: int = 0) -> list[Refreshed]:
    """Assert the law on ``events``; return the refreshes of the replay."""
    kept, refreshes = asyncio.run(replayed(events, warm_from_us))
    ids, features = trained(events, warm_from_us)
    assert kept.ids == ids
    assert kept.modes <= {Mode.FULL, Mode.REALTIME_ONLY}  # a card or merchant not seen in 30 days has no batch tier
    assert_array_equal(np.concatenate(kept.features), features)
    return refreshes


def busy_days(days: int, per_day: int) -> list[Row]:
    """Return transactions of few cards over some days, many at the same instants and around refreshes."""
    rng = Streams(1)["busy days"]
    second = np.sort(rng.integers(0, days * 86_400 // 20, days * per_day) * 20)
    when = np.datetime64("2018-04-01") + second.astype("timedelta64[s]")
    return [
        row(
            number,
            WHEN=str(when[number]),
            CUSTOMER=int(rng.integers(40)),
            TERMINAL=int(rng.integers(25)),
            AMOUNT=round(float(rng.exponential(60)), 2),
            FRAUD=int(rng.random() < 0.1),
        )
        for number in range(len(second))
    ]


def test_a_replay_at_full_speed_computes_what_training_computed(tmp_path: Path) -> None:
    """Features in the pipeline equal those of the training table bit for bit, refreshes and late labels included."""
    plain = spec(write(tmp_path / "busy.csv", busy_days(days=8, per_day=400)))
    events = dataclasses.replace(
        plain, replay=Period.of("2018-04-04", "2018-04-08"), label_delay_us=US_PER_DAY + 5_000_000
    )
    refreshes = agree(events)
    assert len(refreshes) == 5 * 4 - 1
    assert sum(each.label_count for each in refreshes) > 1_000


def test_the_handbook_replays_as_it_was_trained(handbook: Path) -> None:
    """On the Handbook's file the law holds too, over days in the middle of it."""
    events = EventsSpec(handbook, column_map(HANDBOOK_MAP), replay=Period.of("2018-04-14", "2018-04-15"))
    agree(events)
