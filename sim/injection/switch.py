"""The switch of one fault in a run: puts it in and out, decides which calls it strikes, counts what it touched."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

from actors.core.clock import NS_PER_S, Clock
from actors.core.errors import DependencyError
from actors.pipeline import Pipeline
from sim.chance import Chance, Streams
from sim.clocks.processor import Occupy
from sim.faults.fault import Fault, FaultRecord, FaultState, Occurrence
from sim.journal import Journal
from sim.steps.model_changes import ModelChanges
from sim.world.traffic import TrafficSpec


class InjectedCrashError(Exception):
    """An actor crashes because a fault says so; nothing catches it but the supervisor."""


INJECTED_ERRORS = (
    DependencyError,
    InjectedCrashError,
    asyncio.CancelledError,
)  # cancelled: the caller gave a hanging call up


class Touched(Protocol):
    """What an effect reports to: the switch of its fault."""

    def touch(self, rows: int) -> None:
        """Take that ``rows`` were touched."""
        ...

    def fail(self, error: Exception) -> None:
        """Take that the fault's own code raised ``error``."""
        ...


class Effect:
    """A context around the harm.

    An error of `INJECTED_ERRORS` raised inside is the harm: it counts and goes on to the caller. Leaving without an
    error counts too. Any other exception is the fault's own: it is lifted, the exception ends here, and the
    call goes on unharmed.

    Args:
        switch: of the fault.
        rows: how many of what it touches.
    """

    def __init__(self, switch: Touched, rows: int) -> None:
        self._switch = switch
        self._rows = rows

    def __enter__(self) -> None:
        """Begin the harm."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        """End it; return whether the exception ends here."""
        if error is None or isinstance(error, INJECTED_ERRORS):
            self._switch.touch(self._rows)
            return False
        if isinstance(error, Exception):
            self._switch.fail(error)
            return True
        return False


@dataclass(slots=True)
class FaultTargets:
    """What a run's faults may reach into.

    Attributes:
        occupy: keeps a core busy where computing takes no time by itself; None where it does.
        traffic: what the synthetic transactions are made from; None in a replay.
        pipeline: the running one, once it is made.
        recount: has what is due counted anew, after a fault that changes it was over before its time.
        model_changes: where the serving model is changed, once it is made.
        blind: whether nothing that is written while the run goes on may name a fault.
    """

    occupy: Occupy | None = None
    traffic: TrafficSpec | None = None
    pipeline: Pipeline | None = None
    recount: Callable[[], None] = lambda: None
    model_changes: ModelChanges | None = None
    blind: bool = False

    def releasing(self) -> ModelChanges:
        """Return where the serving model is changed.

        Raises:
            AssertionError: it is not made yet.
        """
        if self.model_changes is None:
            raise AssertionError("no fault releases a model before the run is composed")
        return self.model_changes

    def running(self) -> Pipeline:
        """Return the pipeline.

        Raises:
            AssertionError: it is not made yet.
        """
        if self.pipeline is None:
            raise AssertionError("no fault reaches into the pipeline before it is made")
        return self.pipeline


class FaultSwitch:
    """Decides, call by call, whether a fault is in effect; shared by the wrapped port and the schedule.

    States: waiting → injected → lifted, perhaps several times; or failed. Lifted means that the first call after the
    instant is untouched. Each step is one journal entry.

    Attributes:
        active: whether the fault is in.
        over: whether it will never be in again: its own code failed, or the run has ended.
        planned: its injections and lifts.
        meant: the same before anyone lifted it by hand; what it has done already goes by this.
        in_hand: of a fault that changes what is due: how many transactions it has dealt with so far.
        chance: where its draws come from.
        clock: the run's clock.
        targets: what the fault may reach into that is no port.

    Args:
        fault: whose switch it is.
        clock: the run's clock.
        journal: where the steps are written.
        streams: chance of the run.
        targets: what the fault may reach into that is no port.
    """

    def __init__(
        self,
        fault: Fault,
        clock: Clock,
        journal: Journal,
        streams: Streams | None = None,
        targets: FaultTargets | None = None,
    ) -> None:
        self.name = fault.name
        self.kind = fault.kind
        self.touches = fault.touches
        self.active = False
        self.over = False
        self.touched_count = 0
        self.error = ""
        self.in_hand = 0
        self.clock = clock
        self.targets = targets or FaultTargets()
        streams = streams or Streams(0)
        self.chance = Chance(streams, fault.name)
        self.planned: tuple[Occurrence, ...] = fault.occurrences(streams)
        self.meant = self.planned
        self._probability = fault.probability
        self._journal = journal
        self._injected_ns: int | None = None
        self._first_effect_ns: int | None = None
        self._lifted_ns: int | None = None
        self._touched_before = 0  # this injection
        self._touched_early = 0
        self._on_inject: list[Callable[[], None]] = []
        self._on_lift: list[Callable[[], None]] = []
        self._hanging: list[asyncio.Future[None]] = []

    # ------------------------------------------------------------------ in and out

    def when_injected(self, do: Callable[[], None]) -> None:
        """Have ``do`` called right after each injection; if it raises, the fault fails."""
        self._on_inject.append(do)

    def when_lifted(self, undo: Callable[[], None]) -> None:
        """Have ``undo`` called at each lift."""
        self._on_lift.append(undo)

    def inject(self) -> None:
        """Put the fault in. If it is in already, or is over, nothing happens."""
        if self.active or self.over:
            return
        now_ns = self.clock.now_ns()
        self._injected_ns = now_ns if self._injected_ns is None else self._injected_ns
        self.active = True
        self._touched_before = self.touched_count
        self._journal.add("fault_injected", self.name, self.kind, at_ns=now_ns)
        early, self._touched_early = self._touched_early, 0
        self.touch(early)
        for do in self._on_inject:
            with self.effect(0):
                do()

    def lift(self) -> None:
        """Take the fault out; without a fault in, nothing happens."""
        if not self.active:
            return
        self.active = False
        self._lifted_ns = self.clock.now_ns()
        touched = self.touched_count - self._touched_before
        detail = f"touched {touched:,} {self.touches}" if touched else "touched nothing"
        self._journal.add("fault_lifted", self.name, detail, at_ns=self._lifted_ns)
        for undo in self._on_lift:
            undo()
        hanging, self._hanging = self._hanging, []
        for call in hanging:
            if not call.done():
                call.set_result(None)

    def cut(self, at_ns: int) -> None:
        """Plan the lift of the injection that is in for ``at_ns``, from the start of the run; the others stay."""
        self.planned = tuple(each.cut(at_ns) for each in self.planned)

    def close(self) -> None:
        """Lift the fault for good; of the traffic it has changed no more than what it has in hand."""
        self.over = True
        self.lift()
        self.targets.recount()

    def fail(self, error: Exception) -> None:
        """Lift the fault for good because its own code raised ``error``; the run cannot be conclusive."""
        self.error = f"{type(error).__name__}: {error}"
        self._journal.add("fault_failed", self.name, self.error)
        self.close()

    # ------------------------------------------------------------------ in effect

    def strikes(self) -> bool:
        """Return whether the fault is in effect on this call; ask once a call."""
        if not self.active:
            return False
        return self._probability >= 1 or self.chance.next("call") < self._probability

    def effect(self, rows: int = 1) -> Effect:
        """Return the context in which the fault does its harm to ``rows`` of what it touches."""
        return Effect(self, rows)

    def told(self) -> str:
        """Return what an error says of whose doing it is; in a blind drill it becomes a dead letter like any."""
        return "a fault" if self.targets.blind else f"fault {self.name}"

    async def until_lifted(self) -> None:
        """Hang while the fault is in."""
        while self.active:
            hanging: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._hanging.append(hanging)
            await hanging

    def touch(self, rows: int) -> None:
        """Count ``rows`` more as touched; the first time is the fault's first effect."""
        if rows <= 0:
            return
        if self._first_effect_ns is None:
            now_ns = self.clock.now_ns()  # after the lift: of a call that was made before it and has only now come back
            self._first_effect_ns = now_ns if self.active else min(now_ns, self._lifted_ns or now_ns)
            self._journal.add("fault_first_effect", self.name, at_ns=self._first_effect_ns)
        self.touched_count += rows

    def touch_ahead(self, rows: int) -> None:
        """Count ``rows`` as touched, not before the injection: what is made ahead of time has its effect later."""
        if self.active or self._lifted_ns is not None:
            self.touch(rows)
        else:
            self._touched_early += rows

    # ------------------------------------------------------------------ how far it came in the traffic

    @property
    def reaches(self) -> float:
        """How many transactions, from the first on, it may change: all of them unless it is over before its time."""
        return self.in_hand if self.over else math.inf

    # ------------------------------------------------------------------ what it did

    @property
    def state(self) -> FaultState:
        """The state in one word."""
        if self.error:
            return "failed"
        if self._injected_ns is None:
            return "waiting"
        return "injected" if self.active else "lifted"

    def record(self) -> FaultRecord:
        """Return what the fault did so far."""
        return FaultRecord(
            name=self.name,
            kind=self.kind,
            state=self.state,
            injected_at_s=self._since_start(self._injected_ns),
            first_effect_at_s=self._since_start(self._first_effect_ns),
            lifted_at_s=self._since_start(self._lifted_ns),
            touched_count=self.touched_count,
            touches=self.touches,
            error=self.error,
        )

    def _since_start(self, at_ns: int | None) -> float | None:
        return None if at_ns is None else (at_ns - self._journal.start_ns) / NS_PER_S
