"""What an endpoint is fed with: a reading of a run, as it goes down the pipe to the endpoint's process."""

import struct
from typing import Annotated, Final

import msgspec

from actors.telemetry.snapshot import Snapshot

_LENGTH: Final = struct.Struct(">I")
LARGEST_BYTES: Final = 16_000_000  # a reading has 20 to 700 kB, by how far its histograms are filled
LAST_SCRAPE_S: Final = 15.0  # how often Prometheus reads unless told otherwise
MOST_NAMES: Final = 200  # of phases and of faults: labels have few values, whatever a scenario has

Samples = list[tuple[tuple[str, ...], float]]


class Identity(msgspec.Struct, frozen=True):
    """Which run it is, and what carries it out; a label of few values each.

    Attributes:
        scenario: its name.
        clock: real or virtual.
        run: id of a run on a stream; "" of any other.
        worker: which worker of it tells this; "" where the whole run does.
        version: of this program.
        commit: of its code; "" outside a checkout.
    """

    scenario: str = ""
    seed: int = 0
    clock: str = "real"
    run: str = ""
    worker: str = ""
    version: str = ""
    commit: str = ""


class Named(msgspec.Struct, frozen=True):
    """A phase or a fault of the scenario: whether it is on. ``kind`` is a fault's."""

    name: str
    on: bool
    kind: str = ""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A run at an instant, as other systems are told of it.

    Attributes:
        state: starting, running, draining or ended; idle of a worker that waits for a run.
        snapshot: None before the first.
        recent: figures of the last ten seconds, by the name of their series.
        phases: in their order; at most `MOST_NAMES`, as there are faults.
        workers: how many take part; None where the pipeline is in the run's process.
        verdict: once it is known.
        every_s: how often a reading comes at most, on the run's clock.
    """

    state: str
    identity: Identity = Identity()
    snapshot: Snapshot | None = None
    recent: dict[str, Samples] = {}
    phases: Annotated[tuple[Named, ...], msgspec.Meta(max_length=MOST_NAMES)] = ()
    faults: Annotated[tuple[Named, ...], msgspec.Meta(max_length=MOST_NAMES)] = ()
    workers: int | None = None
    verdict: str = ""
    every_s: float = 1.0

    @property
    def ended(self) -> bool:
        """Whether nothing will come after it."""
        return self.state == "ended"

    @property
    def elapsed_s(self) -> float:
        """How long the run has gone on, on its clock."""
        return 0.0 if self.snapshot is None else (self.snapshot.at_ns - self.snapshot.started_ns) / 1e9


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Reading)


def pack(reading: Reading) -> bytes:
    """Return the reading as it goes down the pipe."""
    body = _ENCODER.encode(reading)
    return _LENGTH.pack(len(body)) + body


class Inbox:
    """The endpoint's end of the pipe: whole readings out of a stream that is cut anywhere.

    Example:
        >>> inbox, data = Inbox(), pack(Reading(state="running"))
        >>> inbox.feed(data[:3]), [each.state for each in inbox.feed(data[3:])]
        ([], ['running'])
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Reading]:
        """Return the readings that are whole now.

        Raises:
            ValueError: it holds something that is no reading; nothing after it can be read.
        """
        found = []
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > LARGEST_BYTES:
                msg = f"{length:,} bytes are no reading"
                raise ValueError(msg)
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                break
            found.append(_DECODER.decode(bytes(self._buffer[_LENGTH.size : end])))
            del self._buffer[:end]
        return found
