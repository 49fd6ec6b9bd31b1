"""The workers of a run and its servers, from the first connection to the last farewell."""

import asyncio
import contextlib
import logging
import secrets  # noqa: TID251 - a name that no other run has is no chance of a run
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from actors.adapters.kafka.control import KafkaControl
from actors.adapters.kafka.plain import CommittedReader, TransactionSender
from actors.adapters.kafka.thread import ClientHangsError
from actors.adapters.kafka.topics import StreamTopics
from actors.adapters.redis.connection import START_TIMEOUT_S, check_store
from actors.adapters.redis.run_marks import RunMarks
from actors.core.cancellation import failure_of, surfacing_in
from actors.core.clock import NS_PER_S, Clock
from actors.core.errors import EscalationError, InputError, MachineError, RiskdrillError
from actors.telemetry.snapshot import Gauges
from dashboard.frame import Notice
from dashboard.panels.workers import WorkerRow
from sim.clocks.event_loop import run_interruptibly
from sim.coordinator.member import spare_row
from sim.coordinator.servers import Silence, listen_for
from sim.coordinator.waiting import first_of
from sim.coordinator.worker_group import WorkerGroup
from sim.coordinator.worker_supervisor import WorkerSupervisor
from sim.installation import PROGRAM
from sim.metrics_endpoint.address import OPTION, MetricsAddress
from sim.stream.control_link import ControlLink, EncodedLink
from sim.stream.places import Places

JOIN_S: Final = 120.0  # the first start compiles kernels, and cores are shared
ALONE_S: Final = 30.0  # that run elsewhere: they wait for a run already
LOOK_AFTER_NS: Final = NS_PER_S
HEARD_EVERY_NS: Final = NS_PER_S // 4
NOBODYS_S: Final = 10  # beyond the session of a member: its partitions are others' by then
NOBODYS_NS: Final = NOBODYS_S * NS_PER_S

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """What the command line says of a run on a stream.

    Attributes:
        places: its servers.
        workers: how many to start; None: those that run elsewhere are used.
        discard: a run whose claim is given up first; None gives up none.
        metrics: where the run's figures are served; those of the workers that it starts are on the ports after it.
        mapped: whether the transactions are other people's messages, as the scenario says.
    """

    places: Places
    workers: int | None = None
    discard: str | None = None
    metrics: MetricsAddress | None = None
    mapped: bool = False


def new_run() -> str:
    """Return an id that no other run has."""
    return secrets.token_hex(4)


def check_servers(request: StreamRequest) -> None:
    """Check that both servers answer, make the topics, and refuse those on which another run has work left.

    Raises:
        InputError: a server cannot be used, or another run has a claim; or the port of a worker's endpoint is taken.
        MachineError: a server does not answer.
    """
    if request.metrics is not None and request.workers:
        _check_ports(request.metrics, request.workers)
    run_interruptibly(asyncio.new_event_loop, partial(_check, request))


def _check_ports(metrics: MetricsAddress, workers: int) -> None:
    """Check that each worker's endpoint can have the port that is its own.

    Raises:
        InputError: one cannot.
    """
    if not metrics.port:
        raise InputError(f"{OPTION} {metrics}: must name a port: those of the {workers} workers are the ones after it")
    for number in range(workers):
        metrics.after(number + 1).check_free()


async def _check(request: StreamRequest) -> None:
    places = request.places
    await check_store(places.store, places.keys_of("start"))
    marks = RunMarks(places.store, START_TIMEOUT_S)
    try:
        topics = StreamTopics(places.stream)
        await asyncio.to_thread(partial(topics.ensure, mapped=request.mapped))
        if request.discard is not None:
            await asyncio.to_thread(topics.discard, request.discard)
        runs = list(await asyncio.to_thread(topics.lags))
        settled = await marks.settled(map(places.keys_of, runs))
        await asyncio.to_thread(topics.check_free, [run for run, left in zip(runs, settled, strict=True) if left])
    finally:
        await marks.close()


class StreamWorkers:
    """Who decides in a run on a stream, and the ways to them.

    Args:
        request: what the command line says.
        run: the run's id.
        clock: of the run.
        show: told what is waited for.

    Attributes:
        group: set by `connect`, as are those below.
        kafka, redis: how long each has been silent.
        refusal: why the store took nothing though it answered, the last time; "" if it always did.
    """

    def __init__(self, request: StreamRequest, run: str, clock: Clock, show: Callable[[Notice], None]) -> None:
        self.request = request
        self.run = run
        self._clock = clock
        self._show = show
        self.topics = StreamTopics(request.places.stream)
        self.kafka, self.redis_silence = Silence(clock), Silence(clock)
        self.starts: dict[int, int] = {}
        self._helpers: list[asyncio.Task[None]] = []
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._supervisor: WorkerSupervisor | None = None
        self._on_begin: list[Callable[[], None]] = []
        self._ending = False
        self.marks = RunMarks(request.places.store)
        self.refusal = ""
        self.group: WorkerGroup
        self.sender: TransactionSender
        self._readers: list[CommittedReader] = []
        self._link: ControlLink

    # ---------------------------------------------------------------- before the run

    async def connect(self, *, earliest: bool = False) -> ControlLink:
        """Claim the stream for the run and open the ways to it; return the end of the control topic.

        Args:
            earliest: whether the run begins with the first transaction that is there, and not behind the last.

        Raises:
            InputError: the servers cannot be used.
            MachineError: they do not answer.
        """
        stream = self.request.places.stream
        self.starts = await asyncio.to_thread(partial(self.topics.claim, self.run, earliest=earliest))
        self._link = EncodedLink(await KafkaControl.open(stream))
        self.sender = TransactionSender(stream, self.run)
        keys = self.request.places.keys_of(self.run)
        self.add(listen_for(partial(self._mark, keys), self.redis_silence), "redis")
        self.add(listen_for(partial(asyncio.to_thread, self.topics.answers), self.kafka), "kafka")
        return self._link

    async def _mark(self, keys: str) -> bool:
        """Mark the store as the run's; say so where it answers and takes nothing: decisions only become poorer."""
        before = self.marks.refusal
        answers = await self.marks.mark(keys)
        if (why := self.marks.refusal) not in ("", before):
            self.refusal = f"{self.request.places.store.url} took nothing: {why}"
            log.warning("%s", self.refusal)
        return answers

    async def read_committed(self) -> CommittedReader:
        """Return what reads the ends of transactions that are committed from now on.

        Raises:
            MachineError: the brokers do not answer.
        """
        stream = self.request.places.stream
        ends = await asyncio.to_thread(self.topics.ends, stream.topics.decisions, stream.topics.dead_letters)
        return self._read(ends)

    async def read_transactions(self) -> CommittedReader:
        """Return what reads the transactions of the run, which others write, and all labels that are there.

        Raises:
            MachineError: the brokers do not answer.
        """
        stream = self.request.places.stream
        begins = await asyncio.to_thread(self.topics.begins, stream.topics.labels)
        starts = {(stream.topics.transactions, partition): offset for partition, offset in self.starts.items()}
        return self._read(begins | starts)

    def _read(self, starts: dict[tuple[str, int], int]) -> CommittedReader:
        reader = CommittedReader(self.request.places.stream, starts)
        self._readers.append(reader)
        return reader

    async def gather(self, group: WorkerGroup, model: Path) -> None:
        """Start workers, or look for those that run, and wait until they are there.

        Raises:
            InputError: they are refused, or do not come.
        """
        self.group = group
        self.add(group.listen(), "workers told")
        self.add(group.announce(), "announcements")
        self.add(group.until_hopeless(), "hope")
        request = self.request
        wanted = request.workers or 1
        if request.workers:
            self._supervisor = WorkerSupervisor(
                request.places, self.run, model, request.workers, self._clock, group.died, request.metrics
            )
            await self._supervisor.start()
        await self._until_there(group, wanted)
        self.add(self.keep_served(), "partitions")
        self.add(self.hear(), "taken")
        if self._supervisor is not None:
            self._supervisor.keep_spare()

    async def keep_served(self) -> None:
        """Have the partitions shared out anew when one of them is nobody's for long; goes on until cancelled.

        A worker that dies after it has given a partition up for another one, and before it asks for the next round,
        leaves it to nobody: its slot's next process gets what the slot had then, and no round follows.
        """
        since_ns: dict[int, int] = {}
        while True:
            await self._clock.sleep_ns(LOOK_AFTER_NS)
            now_ns = self._clock.now_ns()
            taken = {each for status in self.group.live_statuses() for each in status.ends.partitions}
            since_ns = {each: since_ns.get(each, now_ns) for each in self.starts if each not in taken}
            if self.kafka.lasting_s or not self.group.live or self._ending:
                since_ns.clear()
            left = [each for each, ns in since_ns.items() if now_ns - ns >= NOBODYS_NS]
            if left:
                named = ", ".join(map(str, sorted(left)))
                log.warning("partitions without a worker for %d s: %s; they are shared out anew", NOBODYS_S, named)
                await asyncio.to_thread(self.topics.hand_out_anew, self.run)
                since_ns.clear()

    async def hear(self) -> None:
        """Hear what brokers have taken, also while nothing is sent; goes on until cancelled."""
        while True:
            with contextlib.suppress(ClientHangsError):  # whoever sends finds that too, and it ends the run
                await self.sender.hear()
            await self._clock.sleep_ns(HEARD_EVERY_NS)

    async def _until_there(self, group: WorkerGroup, wanted: int) -> None:
        within_s = JOIN_S if self._supervisor else ALONE_S
        joining = asyncio.create_task(group.until_joined(wanted, within_s))
        telling = asyncio.create_task(self._tell_joined(group, wanted))
        hopeless = asyncio.create_task(self.given_up())
        await first_of([joining, hopeless])
        telling.cancel()
        if hopeless.done() and (error := failure_of(hopeless)) is not None:
            joining.cancel()
            if isinstance(error, EscalationError):
                raise InputError(str(error)) from error
            raise error
        hopeless.cancel()
        if await joining:
            return
        if group.refused:
            raise InputError("; ".join(group.refused))
        if self._supervisor is not None:
            raise MachineError(f"{len(group.live)} of {wanted} workers came up within {within_s:g} s; ask for fewer")
        places = self.request.places
        command = f"{PROGRAM} worker --stream {places.stream.url} --store {places.store.url}"
        text = f"no worker joined within {within_s:g} s: start one with `{command}`"
        raise InputError(f"{text}; `run` can start them itself, with --workers 2")

    async def _tell_joined(self, group: WorkerGroup, wanted: int) -> None:
        """Show for how many workers is waited; goes on until cancelled."""
        title, shown = f"waiting for {wanted} worker{'s' if wanted > 1 else ''}", -1
        while True:
            if shown != len(group.live):
                shown = len(group.live)
                self._show(Notice(title=title, detail=f"run {self.run}, {shown} of {wanted} are here"))
            await group.changed()

    def when_begun(self, do: Callable[[], None]) -> None:
        """Have ``do`` called when the run begins."""
        self._on_begin.append(do)

    def add(self, job: Coroutine[Any, Any, None], name: str) -> None:
        """Have ``job`` done until the run ends; if it fails, the run ends with its error."""
        helper = asyncio.create_task(job, name=name)
        helper.add_done_callback(surfacing_in(self._failed))
        self._helpers.append(helper)

    # ---------------------------------------------------------------- during the run

    def begin(self, at_wall_ns: int) -> None:
        """Tell the workers that the run has begun."""
        self.group.begin(at_wall_ns)
        for do in self._on_begin:
            do()

    async def given_up(self) -> None:
        """Wait until workers cannot be kept alive, or a helper has failed.

        Raises:
            EscalationError: they cannot.
            Exception: what ended the helper.
        """
        keeping = [] if self._supervisor is None else [asyncio.ensure_future(self._supervisor.given_up())]
        try:
            await first_of([self._failed, *keeping])
        finally:
            for task in keeping:
                task.cancel()
        for each in (self._failed, *keeping):
            if each.done():
                each.result()

    def rows(self) -> tuple[WorkerRow, ...]:
        """Return what the screen shows of each worker, and of the process that is to take the place of one."""
        spare = "" if self._supervisor is None else self._supervisor.spare
        return (*self.group.rows(), *([spare_row(spare, self.spares_used)] if spare else []))

    @property
    def spares_used(self) -> int:
        """How many spares took the place of a worker that had died; 0 where workers run elsewhere."""
        return 0 if self._supervisor is None else self._supervisor.spares_used

    def gauges(self) -> Sequence[Gauges]:
        """Return what those that take part told last."""
        return [status.snapshot.gauges for status in self.group.live_statuses()]

    def silent_s(self) -> tuple[float, float]:
        """Return for how long Kafka and Redis have not answered the run, which asks them twice a second."""
        return self.kafka.lasting_s, self.redis_silence.lasting_s

    # ---------------------------------------------------------------- the end

    async def end(self, why: str, within_s: float, *, settled: bool) -> None:
        """Have all workers leave, and hear their last words; give up the claim on the stream if all is ``settled``."""
        self._ending = True
        if self._supervisor is not None:
            self._supervisor.end_soon()
        self.group.end(why)
        await self.group.until_gone(within_s)
        if self._supervisor is not None:
            await self._supervisor.end(within_s)
        for helper in self._helpers:
            helper.cancel()
        await asyncio.gather(*self._helpers, return_exceptions=True)
        if settled:
            await self._settle()
        with contextlib.suppress(Exception):  # the run is over, whatever they answer
            async with asyncio.timeout(within_s):
                await self.marks.close()
                await self._link.close()
                for reader in self._readers:
                    await reader.close()
                self.sender.close()

    async def _settle(self) -> None:
        """Give up the claim on the stream: all is decided."""
        await self.marks.settle(self.request.places.keys_of(self.run))
        with contextlib.suppress(RiskdrillError):  # a slot is kept for a while: the next run finds the mark
            await asyncio.to_thread(self.topics.discard, self.run)

    def kill(self) -> None:
        """End at once what was started here."""
        if self._supervisor is not None:
            self._supervisor.kill()
