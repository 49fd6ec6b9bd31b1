"""What a scenario says about a fault, and the record of what it did in a run."""

from typing import Annotated, ClassVar, Literal, NamedTuple, Self, TypeAlias

import msgspec
import numpy as np

from sim.chance import Streams
from sim.scalars import Duration, Name

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Wait = Annotated[Duration, msgspec.Meta(gt=0)]


class NotOnStream(NamedTuple):
    """Why a fault is refused where a run's pipeline are workers on a stream: the reason, and what to do instead."""

    why: str
    remedy: str


Part: TypeAlias = Literal["feature_store", "model", "traffic", "actor", "caller", "disk", "loop"]
"""What a fault breaks, as whoever looks for it would call it."""

OnStream: TypeAlias = Literal["worker", "producer"] | NotOnStream
"""Where a fault is injected in such a run: in each worker, where traffic and tables are made, or nowhere."""


class Repeat(msgspec.Struct, frozen=True, kw_only=True):
    """How often a fault comes.

    Attributes:
        count: injections in all, the first one included.
        every: from one injection to the next.
    """

    count: Annotated[int, msgspec.Meta(ge=1, le=1_000)]
    every: Wait


class Injection(msgspec.Struct, frozen=True, kw_only=True):
    """One of a fault's later injections, at an instant of its own.

    Attributes:
        at: from the start of the run to it.
        duration: from it to its lift; absent as long as the first.
    """

    at: Duration
    duration: Wait | None = None


class Occurrence(NamedTuple):
    """One injection of a fault, and its lift; ns since the run began. A one-shot has no lift of its own."""

    inject_at: int
    lift_at: int | None

    def cut(self, at_ns: int) -> "Occurrence":
        """Return it as it is left by someone who lifts at ``at_ns`` what is in; what comes just then is not yet."""
        inside = self.inject_at < at_ns and (self.lift_at is None or at_ns < self.lift_at)
        return Occurrence(self.inject_at, at_ns) if inside else self

    def later(self, late_ns: int) -> "Occurrence":
        """Return it ``late_ns`` later, as long as it is."""
        return Occurrence(self.inject_at + late_ns, None if self.lift_at is None else self.lift_at + late_ns)


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A fault as a frozen value: what a scenario may say about it, and what one should know of its kind.

    What it does in a run is in `sim.injection`, which reading a scenario does not import.

    Attributes:
        name: unique in the scenario, also among its phases.
        at: from the start of the run to the injection.
        probability: of an effect on each call while the fault is in, 0 to 1; drawn from a stream of the fault's own.
        repeat: how often it comes, at an even pace; absent once.
        again: its later injections where they come at no even pace, in order; it must be out before it comes again.
        jitter: each injection comes later by up to this much, drawn from a stream of the fault's own.
    """

    kind: ClassVar[str] = ""  # <target>_<effect>, the name in a file
    summary: ClassVar[str] = ""  # one line for lists
    seen: ClassVar[str] = ""  # what whoever watches the screen will notice
    mitigation: ClassVar[str] = ""  # what keeps it from doing worse
    touches: ClassVar[str] = "transactions"  # what its effects are counted in
    holds_producer: ClassVar[bool] = False  # arrivals are late because of it, and not because of the machine
    needs_world: ClassVar[bool] = False  # it makes transactions of the synthetic world, which a replay does not have
    moves_arrivals: ClassVar[bool] = False  # transactions arrive later, or another number of times than once
    releases_model: ClassVar[bool] = False  # it lets another model serve
    strikes_writes: ClassVar[bool] = False  # of the decision log, which then has to make them as in production
    on_stream: ClassVar[OnStream]  # every kind says it
    breaks: ClassVar[Part]  # every kind says it, or the kind that it is one of
    name: Name
    at: Duration
    probability: Share = 1.0
    repeat: Repeat | None = None
    again: tuple[Injection, ...] | None = None
    jitter: Duration = 0

    @classmethod
    def strikes_production(cls) -> bool:
        """Return whether it strikes what a run on a stream produces, and so nothing where others write the topic."""
        return cls.on_stream == "producer" and cls.touches != "refreshes"

    @property
    def lift_at(self) -> int | None:
        """From the start of the run to the first lift, ns, jitter apart; None for a one-shot, which has none."""
        return None

    @property
    def target(self) -> str:
        """What it aims at. Two faults with one target must not be in at the same time."""
        return self.kind

    @property
    def recurs(self) -> bool:
        """Whether it comes more than once."""
        return self.repeat is not None or bool(self.again)

    @property
    def planned(self) -> tuple[Occurrence, ...]:
        """Every injection, in order, as if there were no jitter."""
        length = None if self.lift_at is None else self.lift_at - self.at
        count, every = (1, 0) if self.repeat is None else (self.repeat.count, self.repeat.every)
        times = [(self.at + number * every, length) for number in range(count)]
        times += [(each.at, each.duration or length) for each in self.again or ()]
        return tuple(Occurrence(at, None if length is None or lasts is None else at + lasts) for at, lasts in times)

    @property
    def last_at(self) -> int:
        """From the start of the run to the last instant at which it may be injected, ns."""
        return self.planned[-1].inject_at + self.jitter

    @property
    def last_lift_at(self) -> int | None:
        """From the start of the run to the last instant at which it may be lifted, ns; None for a one-shot."""
        lift_at = self.planned[-1].lift_at
        return None if lift_at is None else lift_at + self.jitter

    def cut(self, duration_ns: int) -> Self | None:
        """Return what a run that ends after ``duration_ns`` leaves of it, None if nothing.

        Later injections go; the first one stays as it is, unless a `LastingFault` shortens it.
        """
        if self.at + self.jitter >= duration_ns:
            return None
        if self.again:
            ends = [inject_at + 1 if lift_at is None else lift_at for inject_at, lift_at in self.planned[1:]]
            fitting = sum(end + self.jitter <= duration_ns for end in ends)
            return msgspec.structs.replace(self, again=self.again[:fitting] or None)
        if self.repeat is None:
            return self
        end_of_first = (self.at + 1 if self.lift_at is None else self.lift_at) + self.jitter
        fitting = (duration_ns - end_of_first) // self.repeat.every + 1
        count = max(1, min(self.repeat.count, fitting))
        return msgspec.structs.replace(self, repeat=Repeat(count=count, every=self.repeat.every))

    def occurrences(self, streams: Streams) -> tuple[Occurrence, ...]:
        """Return every injection of a run with ``streams``, in order, its jitter drawn."""
        planned = self.planned
        late = streams.counter(f"fault.{self.name}.jitter", np.arange(len(planned))) * self.jitter
        return tuple(each.later(int(late_ns)) for each, late_ns in zip(planned, late, strict=True))


class LastingFault(Fault, frozen=True, kw_only=True):
    """A fault that is injected, stays for a while, and is lifted.

    Attributes:
        duration: from the injection to the lift.
    """

    duration: Wait

    @property
    def lift_at(self) -> int:
        """From the start of the run to the first lift, ns, jitter apart."""
        return self.at + self.duration

    def cut(self, duration_ns: int) -> Self | None:
        """Return what a run that ends after ``duration_ns`` leaves of it; one that would outlast it is lifted then."""
        left = super().cut(duration_ns)
        if left is None or left.lift_at + left.jitter <= duration_ns:
            return left
        return msgspec.structs.replace(left, duration=duration_ns - left.at - left.jitter)


FaultState = Literal["waiting", "injected", "lifted", "failed"]


class FaultRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What one fault did, for the summary. Instants are seconds since the run began; None did not happen.

    Attributes:
        injected_at_s: of the first injection.
        lifted_at_s: of the last lift.
        touched_count: what the fault changed the treatment of, in ``touches``.
        touches: transactions, for most faults; refreshes, for one that stops them.
        error: why the fault's own code failed, "" if it did not.
    """

    name: str
    kind: str
    state: FaultState
    injected_at_s: float | None = None
    first_effect_at_s: float | None = None
    lifted_at_s: float | None = None
    touched_count: int = 0
    touches: str = "transactions"
    error: str = ""
