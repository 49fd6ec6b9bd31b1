"""Faults of the pipeline itself: an actor crashes or hangs, the event loop stands still, a mailbox gets small."""

from typing import Annotated, ClassVar, Literal

import msgspec

from sim.faults.fault import Fault, LastingFault, OnStream, Part, Wait


class Crash(Fault, frozen=True, kw_only=True):
    """A one-shot: the next batch of the actor crashes it, then the fault is over until it is repeated.

    Attributes:
        moment: before any work on the batch, or after all of it and before its effects are committed.
    """

    breaks: ClassVar[Part] = "actor"
    actor: ClassVar[str] = ""
    seen: ClassVar[str] = "a restart in the journal; a wait of some ms; as many decisions as transactions"
    mitigation: ClassVar[str] = "the supervisor restarts it; its lease is delivered again and nothing counts twice"
    moment: Literal["before_work", "after_work"] = "after_work"


class Hang(LastingFault, frozen=True, kw_only=True):
    """The actor takes a batch and does nothing with it until the fault is lifted."""

    breaks: ClassVar[Part] = "actor"
    actor: ClassVar[str] = ""
    seen: ClassVar[str] = "its mailbox fills, then the one before it, then unsent grows; latency climbs as time passes"
    mitigation: ClassVar[str] = "bounded mailboxes hold memory flat; what was accepted is decided when it goes on"


class ProducerCrash(Crash, frozen=True, kw_only=True):
    """The producer crashes once, at its next batch."""

    kind: ClassVar[str] = "producer_crash"
    on_stream: ClassVar[OnStream] = "producer"
    summary: ClassVar[str] = "the producer crashes at its next batch"
    holds_producer: ClassVar[bool] = True
    actor: ClassVar[str] = "producer"


class AssemblerCrash(Crash, frozen=True, kw_only=True):
    """The assembler crashes once, at its next batch."""

    kind: ClassVar[str] = "assembler_crash"
    on_stream: ClassVar[OnStream] = "worker"
    summary: ClassVar[str] = "the assembler crashes at its next batch"
    actor: ClassVar[str] = "assembler"


class ScorerCrash(Crash, frozen=True, kw_only=True):
    """The scorer crashes once, at its next batch."""

    kind: ClassVar[str] = "scorer_crash"
    on_stream: ClassVar[OnStream] = "worker"
    summary: ClassVar[str] = "the scorer crashes at its next batch"
    actor: ClassVar[str] = "scorer"


class LoggerCrash(Crash, frozen=True, kw_only=True):
    """The logger crashes once, at its next batch."""

    kind: ClassVar[str] = "logger_crash"
    on_stream: ClassVar[OnStream] = "worker"
    summary: ClassVar[str] = "the logger crashes at its next batch"
    seen: ClassVar[str] = "a restart; decisions already sent are sent again, and change nothing"
    actor: ClassVar[str] = "logger"


class ProducerHang(Hang, frozen=True, kw_only=True):
    """The producer takes a batch and does nothing with it until the fault is lifted."""

    kind: ClassVar[str] = "producer_hang"
    on_stream: ClassVar[OnStream] = "producer"
    summary: ClassVar[str] = "the producer stands still"
    holds_producer: ClassVar[bool] = True
    seen: ClassVar[str] = "nothing is produced and offered goes on: unsent grows, later its latency shows"
    actor: ClassVar[str] = "producer"


class AssemblerHang(Hang, frozen=True, kw_only=True):
    """The assembler takes a batch and does nothing with it until the fault is lifted."""

    kind: ClassVar[str] = "assembler_hang"
    on_stream: ClassVar[OnStream] = "worker"
    summary: ClassVar[str] = "the assembler stands still"
    actor: ClassVar[str] = "assembler"


class ScorerHang(Hang, frozen=True, kw_only=True):
    """The scorer takes a batch and does nothing with it until the fault is lifted."""

    kind: ClassVar[str] = "scorer_hang"
    on_stream: ClassVar[OnStream] = "worker"
    summary: ClassVar[str] = "the scorer stands still"
    actor: ClassVar[str] = "scorer"


class LoggerHang(Hang, frozen=True, kw_only=True):
    """The logger takes a batch and does nothing with it until the fault is lifted."""

    kind: ClassVar[str] = "logger_hang"
    on_stream: ClassVar[OnStream] = "worker"
    summary: ClassVar[str] = "the logger stands still"
    actor: ClassVar[str] = "logger"


class LoopStall(Fault, frozen=True, kw_only=True):
    """Nothing on the event loop runs for a while, as in a long garbage collection. A one-shot.

    Touched are the transactions that had to wait for it; each injection is one call for ``probability``.

    Attributes:
        stall: how long.
    """

    kind: ClassVar[str] = "loop_stall"
    breaks: ClassVar[Part] = "loop"
    on_stream: ClassVar[OnStream] = "worker"
    summary: ClassVar[str] = "the event loop is blocked for a while, as by a long garbage collection"
    holds_producer: ClassVar[bool] = True
    seen: ClassVar[str] = "one tall step in latency.max and p99; the backlog of the stall is gone soon after"
    mitigation: ClassVar[str] = "batches grow with the backlog, so it is worked off several times faster than it grew"
    stall: Wait


class MailboxSqueeze(LastingFault, frozen=True, kw_only=True):
    """A mailbox holds less than it did. Touched are transactions that do not fit and would have fitted before.

    Each injection is one call for ``probability``.

    Attributes:
        mailbox: whose it is, by the actor that receives from it.
        capacity: what it holds meanwhile, in transactions.
    """

    kind: ClassVar[str] = "mailbox_squeeze"
    breaks: ClassVar[Part] = "actor"
    on_stream: ClassVar[OnStream] = "worker"
    summary: ClassVar[str] = "a mailbox holds fewer transactions"
    seen: ClassVar[str] = "its fill ratio at 1 and its sender blocked; the backlog moves upstream, until unsent grows"
    mitigation: ClassVar[str] = "backpressure: nothing is refused or lost, batches shrink and go on"
    mailbox: Literal["assembler", "scorer", "logger"]
    capacity: Annotated[int, msgspec.Meta(ge=1, le=10_000_000)] = 64

    @property
    def target(self) -> str:
        """The mailbox."""
        return f"{self.kind} of {self.mailbox}"
