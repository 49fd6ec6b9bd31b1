"""The workers of a run as the run sees them: admitted, heard of twice a second, told what to do, missed."""

import asyncio
import itertools
import logging
from collections.abc import Callable, Collection
from typing import Final

import msgspec

from actors.core.clock import NS_PER_S, Clock
from actors.core.errors import EscalationError
from actors.telemetry.telemetry import Telemetry
from dashboard.panels.workers import WorkerRow
from sim.coordinator.member import OF_WORKERS, Member, row_of, unfit
from sim.coordinator.servers import Silence
from sim.faults.fault import Fault, FaultRecord
from sim.journal import Journal, JournalEntry, JournalKind
from sim.stream.control_link import ControlLink
from sim.stream.control_messages import (
    ANNOUNCED_EVERY_S,
    EVERYONE,
    SLOT_HELD_S,
    Ack,
    Admit,
    Announce,
    Begin,
    Command,
    End,
    Join,
    Leave,
    LiftFault,
    PhaseChange,
    Refused,
    Status,
)
from sim.stream.worker_faults import injection

SILENT_S: Final = 3.0  # six messages: a loop that was held up for a second is not missed
LOST_S: Final = 15.0  # beyond the session of a member, its partitions are others' by now
UNHEARD: Final = "Kafka does not answer"
log = logging.getLogger(__name__)


class WorkerGroup:
    """Admits workers, adds up what they tell, and has them do what the run asks for.

    Args:
        link: an end of the control topic.
        announce: of the run.
        telemetry: gets what workers count.
        journal: of the run.
        clock: of the run.
        kafka: its silence: nobody can be heard meanwhile, and nobody is missed.
        releasing: names of the faults that release a model.

    Attributes:
        refused: why workers were refused for good, a line each.
        joined_count: processes that were admitted.
        lost_count: those that ended unasked, or were heard of no more.
        last_loss: the last of them, and why.
        most: most that took part at one time.
        releases: folders of models that were released in all workers and serve on top of the first one, the oldest
            first; those that join later are told.
    """

    def __init__(
        self,
        link: ControlLink,
        announce: Announce,
        telemetry: Telemetry,
        journal: Journal,
        clock: Clock,
        kafka: Silence,
        releasing: Collection[str] = (),
    ) -> None:
        self._link = link
        self._announce = announce
        self._telemetry = telemetry
        self._journal = journal
        self._clock = clock
        self._kafka = kafka
        self._members: dict[str, Member] = {}
        self._dead_slots: set[str] = set()
        self._injected: dict[str, Fault | None] = {}
        self.releases: list[str] = []
        self._releasing = frozenset(releasing)
        self._numbers = itertools.count(1)
        self._answers: dict[int, dict[str, Ack]] = {}
        self._changed = asyncio.Event()
        self._restarts: dict[str, int] = {}
        self._losses: dict[str, str] = {}
        self._hopeless = ""
        self.refused: list[str] = []
        self.joined_count = self.lost_count = self.most = 0
        self.last_loss = ""

    def _now_s(self) -> float:
        return self._clock.now_ns() / NS_PER_S

    @property
    def run(self) -> str:
        """The id of the run."""
        return self._announce.run

    @property
    def live(self) -> list[Member]:
        """Those that take part now, silent ones too."""
        return [each for each in self._members.values() if each.state in ("live", "silent")]

    # ---------------------------------------------------------------- telling

    async def announce(self) -> None:
        """Announce the run again and again, and miss those that are silent; goes on until cancelled."""
        while True:
            self._link.send(self._announce)
            self._miss()
            await asyncio.sleep(ANNOUNCED_EVERY_S)

    def begin(self, at_wall_ns: int) -> None:
        """Tell that the run has begun."""
        self._announce = msgspec.structs.replace(self._announce, begun_ns=at_wall_ns)
        self._link.send(Begin(run=self.run, at_ns=at_wall_ns))
        self._link.send(self._announce)

    def phase(self, name: str, *, ended: bool) -> None:
        """Tell that a phase has begun or ended."""
        self._link.send(PhaseChange(run=self.run, name=name, ended=ended))

    def inject(self, fault: str, by_hand: Fault | None = None) -> None:
        """Have every worker put ``fault`` in, those that join later too; they are told what one ``by_hand`` is."""
        self._injected.setdefault(fault, by_hand)
        self._releasing |= {fault} if by_hand is not None and by_hand.releases_model else set()
        self.send(injection(self.run, self.numbered(), EVERYONE, fault, by_hand))

    def lift(self, fault: str) -> None:
        """Have every worker take ``fault`` out."""
        self._injected.pop(fault, None)
        self.send(LiftFault(run=self.run, number=self.numbered(), fault=fault))

    def end(self, why: str) -> None:
        """Tell that the run is over."""
        self._link.send(End(run=self.run, why=why))

    def forget_releasing(self) -> None:
        """Tell those that join later of no fault any more that has released a model: it serves no longer."""
        self._injected = {name: made for name, made in self._injected.items() if name not in self._releasing}

    def send(self, command: Command) -> None:
        """Send ``command``; its answers go into the journal."""
        self._answers[command.number] = {}
        self._link.send(command)  # type: ignore[arg-type]  # each command is one of the messages

    def numbered(self) -> int:
        """Return the number of the next command."""
        return next(self._numbers)

    async def obeyed(self, command: Command, within_s: float) -> list[Ack]:
        """Send ``command`` and return the answers of all that take part, or of those that came in time.

        Once all have done it, it is sent to those that were admitted meanwhile: they did not hear it.
        """
        self.send(command)
        wanted = {each.join.process for each in self.live}
        answers = self._answers[command.number]
        await self._until(lambda: wanted - self._gone() <= set(answers), within_s)
        if answers and all(each.done for each in answers.values()):
            for late in [each.join.process for each in self.live if each.join.process not in wanted]:
                self.send(msgspec.structs.replace(command, number=self.numbered(), process=late))
        return list(answers.values())

    def _gone(self) -> set[str]:
        return {process for process, each in self._members.items() if each.state in ("lost", "gone")}

    # ---------------------------------------------------------------- hearing

    async def listen(self) -> None:
        """Take what workers tell; goes on until cancelled."""
        while True:
            message = await self._link.receive()
            if message.run != self.run:
                continue
            match message:
                case Join():
                    self._join(message)
                case Status():
                    self._take(message)
                case Ack():
                    self._acknowledge(message)
                case Leave():
                    self._leave(message)
                case _:  # our own
                    continue
            self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed.clear()

    def _tell(self, kind: JournalKind, worker: str, detail: str) -> None:
        """Write down what happened to a worker; before the run begins, that it had happened by then."""
        at_ns = self._journal.start_ns if self._announce.begun_ns is None else None
        self._journal.add(kind, worker, detail, at_ns=at_ns)

    def _join(self, asking: Join) -> None:
        known = self._members.get(asking.process)
        if known is not None:  # our answer was lost
            self._link.send(self._admission(asking))
            return
        if why := unfit(asking, self._announce):
            self._link.send(Refused(run=self.run, process=asking.process, why=why))
            line = f"{asking.worker} on {asking.host}: {why}"
            if line not in self.refused:
                self.refused.append(line)
                self._tell("worker_refused", asking.worker, why)
            return
        holder = self._holder(asking.slot)
        if holder is not None:
            why = f"slot {asking.slot} is taken by process {holder.join.pid} on {holder.join.host}; choose another slot"
            self._link.send(Refused(run=self.run, process=asking.process, why=why, for_now=True))
            return
        self._admit(asking)

    def _holder(self, slot: str | None) -> Member | None:
        """Return who has ``slot`` and is alive as far as anyone knows."""
        if slot is None or slot in self._dead_slots:
            return None
        now_s = self._now_s()
        held = (each for each in self.live if each.join.slot == slot and now_s - each.heard_s < SLOT_HELD_S)
        return next(held, None)

    def _admit(self, asking: Join) -> None:
        before = next((each for each in self.live if asking.slot is not None and each.join.slot == asking.slot), None)
        if before is not None:
            self._lose(before, "its place is taken by another process")
        again = asking.slot is not None and any(each.join.slot == asking.slot for each in self._members.values())
        if again:
            self._restarts[asking.worker] = self._restarts.get(asking.worker, 0) + 1
        self._dead_slots.discard(asking.slot or "")
        self._members[asking.process] = Member(asking, self._now_s())
        self.joined_count += 1
        self.most = max(self.most, len(self.live))
        self._link.send(self._admission(asking))
        detail = f"process {asking.pid} on {asking.host}" + (", in the place of one that is gone" if again else "")
        self._tell("worker_joined", asking.worker, detail)
        for fault, by_hand in self._injected.items():
            self.send(injection(self.run, self.numbered(), asking.process, fault, by_hand))

    def _admission(self, asking: Join) -> Admit:
        return Admit(run=self.run, process=asking.process, releases=tuple(self.releases))

    def _take(self, status: Status) -> None:
        member = self._members.get(status.process)
        if member is None:
            return
        member.heard_s = self._now_s()
        if member.state in ("silent", "lost"):
            self._tell("worker_joined", status.worker, "is heard of again")
        if member.state != "gone":
            member.state = "live"
        if any(each.snapshot.at_ns == status.snapshot.at_ns for each in member.statuses):
            return  # a client that has no answer sends again
        newest = member.newest
        if newest is None or newest.snapshot.at_ns < status.snapshot.at_ns:  # or it has overtaken this one so
            self._telemetry.absorb(status.snapshot, None if newest is None else newest.snapshot, OF_WORKERS)
            member.statuses.append(status)
        for entry in status.entries:
            self._note(status.worker, entry)

    def _note(self, worker: str, entry: JournalEntry) -> None:
        at_ns = self._journal.start_ns + round(entry.at_s * NS_PER_S)
        self._journal.add(entry.kind, f"{worker}: {entry.name}" if entry.name else worker, entry.detail, at_ns=at_ns)

    def _acknowledge(self, ack: Ack) -> None:
        answers = self._answers.get(ack.number)
        if answers is None or ack.process in answers:
            return
        answers[ack.process] = ack
        self._tell("worker_obeyed" if ack.done else "worker_failed", ack.worker, ack.detail)

    def _leave(self, leave: Leave) -> None:
        member = self._members.get(leave.process)
        if member is None or member.state == "gone":
            return
        if leave.last is not None:
            self._take(leave.last)
        member.state = "gone"
        self._tell("worker_left", leave.worker, leave.why)
        if leave.gone:
            self._hopeless = self._hopeless or f"worker {leave.worker}: {leave.why}"

    # ---------------------------------------------------------------- missing

    def died(self, slot: str, why: str) -> None:
        """Take that the process in ``slot`` is dead: another one may take its place at once.

        Args:
            slot: where it was.
            why: how it ended; "" if it was asked to.
        """
        self._dead_slots.add(slot)
        newest = next((each for each in reversed(self._members.values()) if each.join.slot == slot), None)
        if newest is None or newest.state == "lost":  # it never took part, or was given up before
            self._note_loss(slot, why or "ended")
        elif why or newest.state != "gone":
            self._lose(newest, why or "ended")

    def _miss(self) -> None:
        now_s = self._now_s()
        for each in self.live:
            if (missed_s := self._kafka.answering_s(each.heard_s)) > LOST_S:
                self._lose(each, f"not heard of for {missed_s:.0f} s")
            elif now_s - each.heard_s > SILENT_S:
                each.state = "silent"

    def _lose(self, member: Member, why: str) -> None:
        member.state = "lost"
        self._note_loss(member.join.worker, why)
        self._wake()

    def _note_loss(self, worker: str, why: str) -> None:
        self.lost_count += 1
        self.last_loss = f"{worker}: {why}"
        self._losses[worker] = why
        self._tell("worker_lost", worker, why)
        log.warning("worker %s was lost: %s", worker, why)  # plain lines show it at once

    # ---------------------------------------------------------------- waiting and reading

    async def until_joined(self, count: int, within_s: float) -> bool:
        """Wait until ``count`` take part; return whether they do in time, and at once if one was refused."""
        await self._until(lambda: len(self.live) >= count or bool(self.refused), within_s)
        return len(self.live) >= count

    async def changed(self) -> None:
        """Wait until something is heard of a worker."""
        await self._changed.wait()

    async def until_gone(self, within_s: float) -> bool:
        """Wait until none takes part any more; return whether that is so in time."""
        return await self._until(lambda: not self.live, within_s)

    async def until_hopeless(self) -> None:
        """Wait until a worker tells of transactions that nobody can decide.

        Raises:
            EscalationError: one has, and why.
        """
        await self._until(lambda: bool(self._hopeless), None)
        raise EscalationError(self._hopeless)

    async def _until(self, holds: Callable[[], bool], within_s: float | None) -> bool:
        try:
            async with asyncio.timeout(within_s):
                while not holds():
                    await self.changed()
        except TimeoutError:
            return holds()
        return True

    def statuses(self) -> list[Status]:
        """Return the last status of every process, also of those that are gone."""
        return [each.newest for each in self._members.values() if each.newest is not None]

    def live_statuses(self) -> list[Status]:
        """Return the last status of every process that takes part."""
        return [each.newest for each in self.live if each.newest is not None]

    @property
    def restart_count(self) -> int:
        """How many processes took the place of one that was gone."""
        return sum(self._restarts.values())

    def fault_records(self, fault: str) -> list[FaultRecord]:
        """Return what ``fault`` did in each process."""
        return [record for each in self.statuses() for record in each.faults if record.name == fault]

    def rows(self) -> tuple[WorkerRow, ...]:
        """Return a row for each worker, in the order of their names; of one that was restarted the newest."""
        newest: dict[str, Member] = {}
        for each in self._members.values():
            newest[each.join.worker] = each
        times, notes = self._restarts, dict(self._losses)
        if self._kafka.lasting_s:
            notes |= {name: UNHEARD for name, each in newest.items() if each.state == "silent"}
        return tuple(row_of(each, times.get(name, 0), notes.get(name, "")) for name, each in sorted(newest.items()))
