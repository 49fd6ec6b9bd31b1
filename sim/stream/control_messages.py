"""What a run and its workers tell each other on the control topic, each message a JSON document with its own tag.

A worker that starts waits for an `Announce`, which the run repeats, and answers with `Join`; the run admits or refuses
it. From `Begin` to `End` the run sends `PhaseChange`, `InjectFault`, `LiftFault`, `ReleaseModel` and `RollbackModel`,
and the worker `Status`; whatever changes a worker is answered with an `Ack` once it is done, or could not be.
The announcement is the lease as well: a worker that hears none for `LEASE_S` lifts its faults, since nobody is
left to do it.
"""

from typing import Any, ClassVar, Final, Literal, TypeAlias, get_args

import msgspec

from actors.telemetry.snapshot import Snapshot
from sim.faults.fault import FaultRecord
from sim.journal import JournalEntry

ANNOUNCED_EVERY_S: Final = 0.5  # a worker that was restarted finds its run within a blink
STATUS_EVERY_S: Final = 0.5
LEASE_S: Final = 5.0  # ten announcements: a broker that restarts takes longer, and then nothing is decided either
SLOT_HELD_S: Final = 1.5  # three messages: without a status for so long, another process may take the slot

EVERYONE: Final = ""
"""Stands for all workers where a message names the process that it is for."""


class ControlMessage(msgspec.Struct, frozen=True, kw_only=True, tag=str.lower):
    """What every message has.

    Attributes:
        run: the run that it belongs to; whoever belongs to another one passes it over.
        v: of the form of the message.
    """

    VERSION: ClassVar[Literal[1]] = 1
    run: str
    v: Literal[1] = VERSION


# ---------------------------------------------------------------------- from the run


class Announce(ControlMessage, frozen=True, kw_only=True):
    """A run is there and takes workers. Sent every `ANNOUNCED_EVERY_S` until `End`.

    Attributes:
        scenario: its text, everything resolved.
        model: SHA-256 of the model with which every worker begins; the run has verified it.
        model_folder: where that lies on the machine of the run.
        kernels: digest of the code that computes features, which must be the same in every worker.
        version: of riskdrill.
        starts: offset of each partition of the transactions at which the run begins.
        store: address of the windows and features, without credentials.
        capacity_per_s: what the scenario's shares of capacity are shares of; None where there are none.
        begun_ns: wall time at which the run began; None before that.
        by_hand: whether someone is at its screen, so that faults may come which the scenario does not have.
    """

    scenario: str
    model: str
    model_folder: str
    kernels: str
    version: str
    starts: dict[int, int]
    store: str
    capacity_per_s: float | None = None
    begun_ns: int | None = None
    by_hand: bool = False


class Admit(ControlMessage, frozen=True, kw_only=True):
    """The worker of ``process`` takes part.

    Attributes:
        releases: folders of models that were released since the run began and serve on top of its first model, the
            oldest first; the worker releases them too before it decides anything.
    """

    process: str
    releases: tuple[str, ...] = ()


class Refused(ControlMessage, frozen=True, kw_only=True):
    """The worker of ``process`` does not take part.

    Attributes:
        why: in one line, with the remedy.
        for_now: whether it may ask again: its slot is held by a process that may be dead.
    """

    process: str
    why: str
    for_now: bool = False


class Begin(ControlMessage, frozen=True, kw_only=True):
    """The run has begun, at wall time ``at_ns``; its time counts from there."""

    at_ns: int


class PhaseChange(ControlMessage, frozen=True, kw_only=True):
    """The phase ``name`` has begun, or ended."""

    name: str
    ended: bool = False


class Command(ControlMessage, frozen=True, kw_only=True):
    """Something to be done, and answered with an `Ack`.

    Attributes:
        number: of the command, unique in the run; the answer has it too.
        process: the worker that it is for; `EVERYONE` for all.
    """

    number: int
    process: str = EVERYONE


class InjectFault(Command, frozen=True, kw_only=True):
    """Put the fault ``fault`` in. A worker in which it is already answers as if it had done it.

    Attributes:
        kind: of a fault by hand, which the scenario does not have; "" for one of the scenario's.
        values: what such a fault is, by field, durations in ns.
    """

    fault: str
    kind: str = ""
    values: dict[str, Any] = {}


class LiftFault(Command, frozen=True, kw_only=True):
    """Take the fault ``fault`` out."""

    fault: str


class ReleaseModel(Command, frozen=True, kw_only=True):
    """Let the model in ``folder`` serve.

    Attributes:
        step: who asks for it.
        verify: whether it must prove itself.
    """

    step: str
    folder: str
    verify: bool = True


class RollbackModel(Command, frozen=True, kw_only=True):
    """Let the model before the last release serve again; ``step`` asks for it."""

    step: str


class End(ControlMessage, frozen=True, kw_only=True):
    """The run is over: nothing more will be sent. Workers commit what they have and leave."""

    why: str = ""


# ---------------------------------------------------------------------- from a worker


class FromWorker(ControlMessage, frozen=True, kw_only=True):
    """What every message of a worker has.

    Attributes:
        process: names this process and no other, also none that had the slot before it.
        worker: its name for people: the slot, or one that was made up.
    """

    process: str
    worker: str


class Join(FromWorker, frozen=True, kw_only=True):
    """A worker wants to take part.

    Attributes:
        slot: its static membership; None: its partitions go to others as soon as it is gone.
        model: SHA-256 of the model that it has.
        kernels: digest of its code that computes features.
        version: of its riskdrill.
    """

    slot: str | None
    pid: int
    host: str
    model: str
    kernels: str
    version: str


class EndsReading(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker's ends tell at one instant: where it takes transactions and commits decisions.

    Attributes:
        partitions: those that are assigned to it.
        lag: transactions of them that are not committed.
        epochs: how many were committed.
        epochs_aborted: how many were given up and played again.
        rows_replayed: rows of those.
        early: transactions that were due later than their worker's clock says.
        foreign: messages of other runs, passed over.
        uncounted: transactions that were decided without windows and that those have not counted when it left.
        losing: what it is without at the moment, one line each.
    """

    partitions: tuple[int, ...] = ()
    lag: int = 0
    epochs: int = 0
    epochs_aborted: int = 0
    rows_replayed: int = 0
    early: int = 0
    foreign: int = 0
    uncounted: int = 0
    losing: tuple[str, ...] = ()


class Status(FromWorker, frozen=True, kw_only=True):
    """How a worker is, sent every `STATUS_EVERY_S`; everything counts since it began.

    Attributes:
        at_ns: wall time.
        snapshot: of its pipeline, on its own clock.
        ends: of its source and sink.
        processor_s: processor time of the process.
        faults: what each fault did here, those of the scenario that strike in workers, in its order.
        entries: what happened since the last status; seconds count from the beginning of the run.
    """

    at_ns: int
    snapshot: Snapshot
    ends: EndsReading = EndsReading()
    processor_s: float = 0.0
    faults: tuple[FaultRecord, ...] = ()
    entries: tuple[JournalEntry, ...] = ()


class Ack(FromWorker, frozen=True, kw_only=True):
    """The answer to a command.

    Attributes:
        number: of the command.
        done: whether it was done.
        detail: what changed, or why not.
        replaced: digest of the model that served until then, where the command was to change it.
    """

    number: int
    done: bool = True
    detail: str = ""
    replaced: str = ""


class Leave(FromWorker, frozen=True, kw_only=True):
    """A worker is gone.

    Attributes:
        why: in a few words: it was asked to, it was fenced, its time ran out.
        last: its last status.
        gone: whether transactions that it was to decide are not there any more: no other worker can decide them.
    """

    why: str
    last: Status | None = None
    gone: bool = False


FromRun: TypeAlias = (
    Announce | Admit | Refused | Begin | PhaseChange | InjectFault | LiftFault | ReleaseModel | RollbackModel | End
)
FromAnyWorker: TypeAlias = Join | Status | Ack | Leave
Control: TypeAlias = FromRun | FromAnyWorker
COMMANDS: Final = (InjectFault, LiftFault, ReleaseModel, RollbackModel)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Control] = msgspec.json.Decoder(Control)
KINDS: Final[tuple[type[ControlMessage], ...]] = get_args(Control)


def encode(message: Control) -> bytes:
    """Return ``message`` as it goes over the control topic."""
    return _encoder.encode(message)


def decode(document: bytes) -> Control | None:
    """Return the message in ``document``; None if that is none of ours, or of another version."""
    try:
        return _decoder.decode(document)
    except msgspec.DecodeError:  # a text that breaks off or does not fit is one too
        return None
