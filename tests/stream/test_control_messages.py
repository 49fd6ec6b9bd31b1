"""What runs and workers tell each other arrives as it was sent, and nothing else is taken for it."""

import msgspec
import pytest

from actors.telemetry.snapshot import Gauges, Snapshot
from actors.telemetry.telemetry import Telemetry
from sim.faults.fault import FaultRecord
from sim.journal import JournalEntry
from sim.stream.control_messages import (
    KINDS,
    Ack,
    Admit,
    Announce,
    Begin,
    Control,
    End,
    EndsReading,
    InjectFault,
    Join,
    Leave,
    LiftFault,
    PhaseChange,
    Refused,
    ReleaseModel,
    RollbackModel,
    Status,
    decode,
    encode,
)


def snapshot() -> Snapshot:
    """Return what a pipeline tells after a moment."""
    telemetry = Telemetry()
    for stage in telemetry.stages.values():
        stage.record_span(1_234, 5)
    telemetry.ledger.offer(3)
    return telemetry.snapshot(10, Gauges())


RUN = "k3x9"
STATUS = Status(
    run=RUN,
    process="p1",
    worker="w0",
    at_ns=1,
    snapshot=snapshot(),
    ends=EndsReading(partitions=(0, 3), lag=7),
    faults=(FaultRecord(name="outage", kind="feature_store_outage", state="injected", injected_at_s=1.5),),
    entries=(JournalEntry(2.5, "restart", "scorer", "crashed"),),
)
MESSAGES: tuple[Control, ...] = (
    Announce(
        run=RUN,
        scenario="version: 1\nname: ä",
        model="0123456789ab",
        model_folder="models/x",
        kernels="ba9876543210",
        version="1.0",
        starts={0: 5, 11: 0},
        store="redis://127.0.0.1:6379",
    ),
    Admit(run=RUN, process="p1", releases=("models/y",)),
    Refused(run=RUN, process="p1", why="no", for_now=True),
    Begin(run=RUN, at_ns=5),
    PhaseChange(run=RUN, name="steady", ended=True),
    InjectFault(run=RUN, number=1, fault="outage"),
    LiftFault(run=RUN, number=2, fault="outage", process="p1"),
    ReleaseModel(run=RUN, number=3, step="better", folder="models/y", verify=False),
    RollbackModel(run=RUN, number=4, step="back"),
    End(run=RUN, why="drained"),
    Join(run=RUN, process="p1", worker="w0", slot="w0", pid=7, host="here", model="a", kernels="b", version="1.0"),
    STATUS,
    Ack(run=RUN, process="p1", worker="w0", number=1, done=False, detail="no such fault"),
    Leave(run=RUN, process="p1", worker="w0", why="asked to", last=STATUS),
)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_every_message_arrives_as_it_was_sent(message: Control) -> None:
    """What is decoded equals what was encoded, and is of the same kind."""
    there = decode(encode(message))
    assert there == message
    assert type(there) is type(message)


def test_every_kind_of_message_is_among_those_tried() -> None:
    """A kind that is added is tried here as well."""
    assert {type(message) for message in MESSAGES} == set(KINDS)


@pytest.mark.parametrize(
    "document",
    [b"", b"{", b"null", b"[]", b'{"type":"unheard"}', b'{"type":"begin","run":"k"}', b"\xff\xfe", b'{"type":"end"}'],
)
def test_what_is_no_message_is_passed_over(document: bytes) -> None:
    """Rubbish, halves and unknown kinds decode to None and raise nothing."""
    assert decode(document) is None


def test_a_message_of_another_version_is_passed_over() -> None:
    """A later version's form cannot be known here."""
    later = msgspec.json.decode(encode(Begin(run=RUN, at_ns=5)))
    assert decode(msgspec.json.encode({**later, "v": 2})) is None
