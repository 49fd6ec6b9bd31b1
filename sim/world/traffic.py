"""Traffic: what a run's producer will send, block by block, from the seed alone."""

from collections.abc import Iterator

import msgspec

from actors.core.arrays import I64
from actors.core.transaction import to_json
from sim.chance import Streams
from sim.feeds.feed import Block
from sim.world.active_towns import ActiveTowns, Pool, PooledTown
from sim.world.arrivals import arrivals, blocks_of
from sim.world.phases import RatedPhase, base_rate
from sim.world.purchases import Draws, purchases
from sim.world.spec import WorldSpec
from sim.world.town import make_town
from sim.world.transactions import Names, Rows, to_columns

BLOCK = 2_048  # transactions: 0.5 MB, and two a second at the rate of an ordinary drill


class TrafficSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The traffic of one run; the same spec makes the same bytes in any process.

    Attributes:
        world: who pays.
        phases: the load.
        seed: of everything that is drawn in the run.
        start_us: event time at the start; None is the end of the history, so that the run goes on where training ended.
    """

    world: WorldSpec
    phases: tuple[RatedPhase, ...]
    seed: int
    start_us: int | None = None

    @property
    def begins_us(self) -> int:
        """Event time at the start of the run."""
        return self.world.town.end_us if self.start_us is None else self.start_us

    @property
    def base_rate(self) -> float:
        """Transactions a second that the world's cards make."""
        return base_rate(self.phases)

    @property
    def speed(self) -> float:
        """Event seconds for each second of the run."""
        return self.world.speed_at(self.base_rate)

    def pool(self) -> Pool:
        """Return the schedule of active towns."""
        per_rate = self.world.base_towns / self.base_rate
        return Pool(self.phases, per_rate, Streams(self.seed), self.begins_us, self.speed)

    def towns(self) -> tuple[PooledTown, ...]:
        """Return every town of the run, with its first activation."""
        return self.pool().towns

    def build(self) -> "Traffic":
        """Return what makes it."""
        return Traffic(self)


class Traffic:
    """Makes a run's transactions; an iterator of blocks in order of intended arrival.

    It holds the profiles, the planned episodes and one block, whatever the length of the run.

    Args:
        spec: what to make.
    """

    def __init__(self, spec: TrafficSpec) -> None:
        self._spec = spec
        self._streams = Streams(spec.seed)
        self._town = make_town(spec.world.town, self._streams.key("trips"))
        self._names = Names(self._town)
        self._pool = spec.pool()
        self._active_towns = ActiveTowns(self._pool, self._town, self._streams, _busyness(spec))
        self._purchases = self._streams["purchases"]
        self._choices = self._streams["choices"]

    def __iter__(self) -> Iterator[Block]:
        """Yield blocks of 2,048 transactions; the last one may be shorter."""
        first = 0
        for due_ns in blocks_of(arrivals(self._spec.phases, self._streams), BLOCK):
            yield self._block(first, due_ns)
            first += len(due_ns)

    def _block(self, first: int, due_ns: I64) -> Block:
        rows = self._rows(due_ns)
        ids = [f"{self._spec.seed}-{number}" for number in range(first, first + len(rows))]
        columns = to_columns(rows, self._names, ids)
        return Block(
            first=first,
            due_ns=due_ns,
            raws=to_json(columns),
            event_us=columns.event_us,
            fraud=rows["fraud"].copy(),
            pattern=rows["pattern"].copy(),
            merchants=columns.merchants,
            categories=columns.category,
        )

    def _rows(self, due_ns: I64) -> Rows:
        """Return the transactions of one block; as many numbers are drawn for a short one, so none shifts another."""
        count = len(due_ns)
        event_us = self._pool.event_times(due_ns)
        draws = Draws.of(self._purchases, BLOCK).first(count)
        which_town, corrupted = self._choices.random((BLOCK, 2))[:count].T
        copy = self._active_towns.copies(due_ns, which_town)
        rows = purchases(self._town, event_us, copy, self._active_towns.town_us(copy, event_us), draws)
        self._active_towns.interrupt(rows)
        self._active_towns.compromises.corrupt(rows, corrupted)
        return rows


def _busyness(spec: TrafficSpec) -> float:
    """Return how often a card is used relative to training; 1 unless the world sets its own speed."""
    as_in_training = msgspec.structs.replace(spec.world, speed=None)
    return as_in_training.speed_at(spec.base_rate) / spec.speed
