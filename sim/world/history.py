"""The history of the training world: weeks of transactions with their labels, in order.

A model is trained on it, and a run goes on where it ends. Both come from the same purchases and the same episodes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from actors.core.arrays import U8
from actors.core.clock import US_PER_DAY
from actors.core.transaction import Columns
from sim.chance import Streams
from sim.world.episode_schedule import EpisodeSchedule, kinds
from sim.world.fraud import LONGEST_COMPROMISE_US
from sim.world.purchases import Draws, purchases
from sim.world.spec import TownSpec
from sim.world.town import Town, make_town
from sim.world.transactions import Names, Rows, in_order, to_columns

_WINDOW_US = 7 * US_PER_DAY


@dataclass(frozen=True, slots=True)
class HistoryChunk:
    """Consecutive transactions with what is only known later.

    Attributes:
        columns: the transactions, as the pipeline parses them.
        fraud: uint8 (n,), 1 is fraud.
        pattern: uint8 (n,), `sim.world.transactions.Pattern`.
    """

    columns: Columns
    fraud: U8
    pattern: U8


def generate_history(spec: TownSpec) -> Iterator[HistoryChunk]:
    """Yield the town's history in order, a day at a time; the ids are ``h0, h1, …``."""
    town, number = make_town(spec), 0
    names = Names(town)
    for rows in history_rows(town):
        columns = to_columns(rows, names, [f"h{at}" for at in range(number, number + len(rows))])
        number += len(rows)
        yield HistoryChunk(columns, rows["fraud"].copy(), rows["pattern"].copy())


def history_rows(town: Town) -> Iterator[Rows]:
    """Yield the town's history in order, a day at a time."""
    spec = town.spec
    rng = Streams(spec.seed)["history.purchases"]
    episode_schedule = _new_schedule(town)
    per_day = spec.tx_per_day - sum(kind.tx_per_day for kind in kinds(spec))
    for day_us in range(spec.start_us, spec.end_us, US_PER_DAY):
        episode_schedule.plan_until(day_us + US_PER_DAY)
        count = rng.poisson(per_day)
        event_us = np.sort(rng.integers(day_us, day_us + US_PER_DAY, count))
        copy = np.zeros(count, dtype=np.int64)
        bought = purchases(town, event_us, copy, event_us, Draws.of(rng, count))
        rows = in_order(bought, episode_schedule.take(day_us + US_PER_DAY))
        episode_schedule.compromises.corrupt(rows, rng.random(len(rows)))
        yield rows


def past_of(town: Town) -> EpisodeSchedule:
    """Return the schedule of episodes as the history leaves it, without making the history's transactions."""
    episode_schedule = _new_schedule(town)
    episode_schedule.plan_until(town.spec.end_us)
    episode_schedule.take(town.spec.end_us)
    return episode_schedule


def _new_schedule(town: Town) -> EpisodeSchedule:
    """Return a schedule that began long enough before the history for its start to look like any other time."""
    episode_schedule = EpisodeSchedule(town, Streams(town.spec.seed), _WINDOW_US)
    early_us = town.spec.start_us - -(-LONGEST_COMPROMISE_US // _WINDOW_US) * _WINDOW_US
    episode_schedule.open(0, early_us)
    episode_schedule.plan_until(town.spec.start_us)
    episode_schedule.take(town.spec.start_us)
    return episode_schedule
