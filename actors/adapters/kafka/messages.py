"""What the messages of a stream hold, version 1.

A *transaction* has the card's token as its key, and the transaction as JSON, as everywhere, as its value. A *decision*
has the same key, is in the partition of the same number, and its value is a line of the decision log. A *dead letter*
is a JSON document; a *duplicate* is a message beside the dead letters that has no value. Headers are text:

========  =================================================  ===========================
header    what it says                                       in
========  =================================================  ===========================
``v``     the version of these rules                         all
``run``   the run that it belongs to                         all
``n``     number in the order in which the run offered it    all
``due``   when it was meant to arrive, wall ns               all
``done``  when it was decided or set aside, wall ns          decisions and dead letters
``w``     the worker                                         decisions and dead letters
``kind``  ``dead_letter`` or ``duplicate``                   dead letters
========  =================================================  ===========================
"""

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias, cast

import msgspec

from actors.core.batches import DeadLetter
from actors.core.clock import NS_PER_MS

if TYPE_CHECKING:
    from confluent_kafka import Message

VERSION: Final = b"1"
DEAD_LETTER: Final = "dead_letter"
DUPLICATE: Final = "duplicate"

Headers: TypeAlias = list[tuple[str, str | bytes | None]]  # as the client takes them
Kind: TypeAlias = Literal["decision", "dead_letter", "duplicate"]

_KINDS: Final[dict[bytes, Kind]] = {b"": "decision", b"dead_letter": DEAD_LETTER, b"duplicate": DUPLICATE}


class Record(NamedTuple):
    """A message as it was received, without the client's own types; what is missing is empty.

    Attributes:
        written_ns: its timestamp, wall ns: when it was sent, or when the broker got it, as the topic says.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    headers: dict[str, bytes]
    written_ns: int = 0


class Offered(NamedTuple):
    """What the headers of a transaction say."""

    number: int
    due_ns: int


class Ended(NamedTuple):
    """A row that a worker has committed.

    Attributes:
        kind: what became of it.
        number: of the transaction, in the order in which the run offered it.
        due_ns: when it was meant to arrive, wall time.
        done_ns: when it was decided or set aside, wall time.
        worker: that did it.
        value: a line of the decision log, or the dead letter's document.
        partition: in which it lies, as its transaction does.
    """

    kind: Kind
    number: int
    due_ns: int
    done_ns: int
    worker: str
    value: bytes
    partition: int = 0


class RefusedMessage(NamedTuple):
    """Why a message of a topic that is not ours is no transaction.

    Attributes:
        reason: one of `actors.core.transaction.DEAD_LETTER_REASONS`.
        detail: the rule it broke, with the value where that is short.
        field: of a transaction, that could not be had; "" where there is none at all.
    """

    reason: str
    detail: str
    field: str = ""


class LetterDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """The value of a dead letter.

    Attributes:
        raw: the beginning of what was received, card numbers masked.
        field: of a transaction, for which a message that is not ours has no good value.
    """

    reason: str
    detail: str
    raw: str
    partition: int
    offset: int
    field: str = ""


def offered(run: bytes, number: int, due_ns: int) -> Headers:
    """Return the headers of a transaction."""
    return [("v", VERSION), ("run", run), ("n", b"%d" % number), ("due", b"%d" % due_ns)]


def ended(run: bytes, row: Offered, done_ns: int, worker: bytes, kind: str = "") -> Headers:
    """Return the headers of a decision, or of what is set aside as ``kind``."""
    headers = offered(run, *row)
    headers += (("done", b"%d" % done_ns), ("w", worker))
    if kind:
        headers.append(("kind", kind.encode()))
    return headers


def record_of(message: "Message") -> Record:
    """Return ``message``, which is no error."""
    fields = cast("Any", message)  # the client's types allow what only other settings of it give
    headers = fields.headers()
    return Record(
        fields.topic(),
        fields.partition(),
        fields.offset(),
        fields.key(),
        fields.value() or b"",
        {name: value or b"" for name, value in headers} if headers else {},
        fields.timestamp()[1] * NS_PER_MS,
    )


def read_offered(record: Record, run: bytes) -> Offered | None:
    """Return what the headers of a transaction say; None where it is not of ``run``, or of another version."""
    said = record.headers
    try:
        if said["run"] != run or said["v"] != VERSION:
            return None
        return Offered(int(said["n"]), int(said["due"]))
    except (KeyError, ValueError):
        return None


def read_ended(record: Record, run: bytes) -> Ended | None:
    """Return what became of a row; None where the message is not of ``run``, or of another version."""
    row, said = read_offered(record, run), record.headers
    if row is None:
        return None
    try:
        kind = _KINDS.get(said.get("kind", b""))
        done_ns, worker = int(said["done"]), said["w"].decode()
    except (KeyError, UnicodeDecodeError, ValueError):
        return None
    return None if kind is None else Ended(kind, *row, done_ns, worker, record.value, record.partition)


_encoder = msgspec.json.Encoder()


def letter_document(letter: DeadLetter, partition: int, offset: int, field: str = "") -> bytes:
    """Return the value of a dead letter, which lay at ``offset`` of ``partition``."""
    raw = letter.raw.decode(errors="replace")
    return _encoder.encode(LetterDocument(letter.reason, letter.detail, raw, partition, offset, field))
