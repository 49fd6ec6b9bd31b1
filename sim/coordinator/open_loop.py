"""The sending end of a run on a stream: the producer that every pipeline has, and what hands on what it produces."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from actors.actor import Environment
from actors.config import PipelineConfig
from actors.core.arrays import I64
from actors.core.batches import ARRIVAL, NUMBER, RawBatch
from actors.core.transaction import Columns, readable
from actors.mailbox import Mailbox
from actors.producer import Producer
from actors.source import Source
from actors.supervisor import Restart, Supervisor
from actors.telemetry.snapshot import ActorGauge, MailboxGauge

SENT_AT_ONCE: Final = 1_024
ROOM: Final = 20_000  # transactions that wait here while no broker answers; what is due beyond them is unsent
SENDER: Final = "sender"


class Outlet(Protocol):
    """Where transactions are sent."""

    async def send(self, keys: Sequence[bytes | None], raws: Sequence[bytes], numbers: I64, due_wall_ns: I64) -> None:
        """Send transactions behind those before; waits while there is no room."""
        ...


class OpenLoop:
    """Sends what a source has when it is due, whatever becomes of it.

    Args:
        config: of the scenario.
        source: where transactions come from.
        outlet: where they are sent.
        environment: the clock and all else that the producer works in.
        on_sent: told before transactions are sent: the number of the first, and how many.
        on_restart: told when the producer crashed and was started again.
        seen: told of what is sent, as it is read.

    Attributes:
        producer: the one of a pipeline in process, under a supervisor.
        mailbox: what it fills, and what is emptied into the outlet.
    """

    def __init__(
        self,
        config: PipelineConfig,
        source: Source,
        outlet: Outlet,
        environment: Environment,
        on_sent: Callable[[int, int], None],
        on_restart: Callable[[Restart], None] | None = None,
        seen: Callable[[Columns], object] = lambda _: None,
    ) -> None:
        self._outlet = outlet
        self._on_sent = on_sent
        self._seen = seen
        self._wall_less_clock_ns = 0
        self._supervisor = Supervisor(config.restart, environment.clock, environment.telemetry, on_restart)
        self.mailbox: Mailbox[RawBatch] = Mailbox(SENDER, ROOM, environment.clock)
        self.producer = Producer(source, self.mailbox, config.producer, environment)

    def start_at(self, start_ns: int, wall_less_clock_ns: int) -> None:
        """Set the instant from which intended times count, and how far wall time is ahead of the run's clock."""
        self.producer.start_at(start_ns)
        self._wall_less_clock_ns = wall_less_clock_ns

    async def produce(self) -> None:
        """Put everything the source has into the mailbox when it is due.

        Raises:
            EscalationError: the producer crashed too often.
        """
        await self._supervisor.run([self.producer])

    async def send(self) -> None:
        """Send what comes into the mailbox until it is closed."""
        while (lease := await self.mailbox.receive(SENT_AT_ONCE)) is not None:
            batch = lease.message
            self._on_sent(int(batch.track[0, NUMBER]), lease.rows)
            self.mailbox.acknowledge()
            columns, keys = _keyed(batch.raws)
            if columns is not None:
                self._seen(columns)
            due_ns = batch.track[:, ARRIVAL] + self._wall_less_clock_ns
            await self._outlet.send(keys, batch.raws, batch.track[:, NUMBER], due_ns)

    def finish(self) -> None:
        """Send what is due by now, and then stop."""
        self.producer.finish()

    def stop(self) -> None:
        """Take nothing more; what is due and unsent stays unsent."""
        self.producer.stop()

    def unsent(self) -> int:
        """Return how many are due and not handed over."""
        return self.producer.count_offered()

    def box(self) -> MailboxGauge:
        """Return how full the mailbox is."""
        box = self.mailbox
        return MailboxGauge(box.name, box.depth, box.capacity, box.leased, box.blocked_s)

    @property
    def held(self) -> int:
        """How many transactions are here and not sent."""
        return self.producer.outbox_count + self.mailbox.depth + self.mailbox.leased

    def gauge(self) -> ActorGauge:
        """Return what the producer does."""
        name = self.producer.name
        return ActorGauge(name, self._supervisor.state_of(name), self._supervisor.restart_count_of(name))


def _keyed(raws: Sequence[bytes]) -> tuple[Columns | None, list[bytes | None]]:
    """Return what can be read of ``raws``, and the key of each: its card's token, None where it has none."""
    columns, rows, _ = readable(raws)
    keys: list[bytes | None] = [None] * len(raws)
    for row, card in zip(rows, columns.cards if columns is not None else (), strict=True):
        keys[row] = card.encode()
    return columns, keys
