"""The endpoint of a worker: where other systems read what it does, in one run after the other."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from actors.core.clock import NS_PER_S
from actors.core.errors import InputError
from actors.telemetry.drift import Reference
from actors.telemetry.snapshot import Snapshot
from actors.telemetry.window import RECENT_S, SnapshotRing, Window
from sim.faults.fault import FaultRecord
from sim.metrics_endpoint.address import MetricsAddress
from sim.metrics_endpoint.endpoint import Endpoint
from sim.metrics_endpoint.reading import Identity, Reading
from sim.metrics_endpoint.told import built, filled
from sim.stream.control_messages import STATUS_EVERY_S

PATIENCE_S: Final = 3.0  # the endpoint of a worker that was killed ends by itself, but not at once
LOOKED_EVERY_S: Final = 0.1
EVERY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class MetricsPlace:
    """Where the endpoint of a worker listens.

    Attributes:
        address: the worker's own, or its run's.
        of_run: it is its run's, and the worker in slot ``w0`` listens one port after it, ``w1`` two.
    """

    address: MetricsAddress
    of_run: bool = False

    def of(self, slot: str | None) -> MetricsAddress:
        """Return the address of the worker in ``slot``.

        Raises:
            InputError: there are not so many ports.

        Example:
            >>> MetricsPlace(MetricsAddress("127.0.0.1", 9464), of_run=True).of("w1").port
            9466
        """
        return self.address.after(int((slot or "w0")[1:]) + 1) if self.of_run else self.address


class WorkerMetrics:
    """An endpoint for as long as a worker lives.

    Args:
        place: where; None: nowhere.
        say: told a line of it.
    """

    def __init__(self, place: MetricsPlace | None, say: Callable[[str], object]) -> None:
        self._place = place
        self._say = say
        self._endpoint: Endpoint | None = None
        self._latest = Reading(state="idle", identity=built(Identity()))
        self._ring = SnapshotRing(STATUS_EVERY_S)
        self._reference_of: Callable[[Snapshot], Reference | None] = lambda _: None

    async def open(self, slot: str | None) -> None:
        """Serve from now on; does nothing the second time.

        Raises:
            InputError: the address of a worker that somebody started by hand cannot be had. One of a run goes on
                without.
        """
        place = self._place
        if place is None or self._endpoint is not None:
            return
        try:
            self._endpoint = await asyncio.to_thread(_started, place.of(slot), patient=place.of_run)
        except InputError as error:
            if not place.of_run:
                raise
            self._say(f"nobody can read its metrics: {error}")
            return
        self._say(f"metrics at {self._endpoint.url}")
        if place.address.warning and not place.of_run:
            self._say(place.address.warning)
        self._endpoint.tell_now(self._latest)

    def begin(
        self, scenario: str, seed: int, run: str, worker: str, reference_of: Callable[[Snapshot], Reference | None]
    ) -> None:
        """Tell of this run from now on; ``reference_of`` is what the model at a snapshot was trained on, for drift."""
        who = replace(self._latest.identity, scenario=scenario, seed=seed, run=run, worker=worker)
        self._latest = Reading(state="running", identity=who, every_s=EVERY_S)
        self._ring, self._reference_of = SnapshotRing(STATUS_EVERY_S), reference_of

    def tell(self, snapshot: Snapshot, faults: Iterable[FaultRecord]) -> None:
        """Take what the worker has counted, and hand over a reading if one is wanted."""
        if self._endpoint is None:
            return
        self._ring.add(snapshot)
        if self._endpoint.wanted:
            self._endpoint.tell(self._read(snapshot, faults))

    def end(self, snapshot: Snapshot, faults: Iterable[FaultRecord]) -> None:
        """Hand over the last reading of a run: it is served until the next run, or the end of the worker."""
        if self._endpoint is not None:
            self._latest = replace(self._read(snapshot, faults), state="idle")
            self._endpoint.tell_now(self._latest)

    async def finish(self) -> None:
        """Serve until the last figures were read once more, as a run does; of a run, which has the sums, not at all."""
        endpoint, place = self._endpoint, self._place
        if endpoint is None or place is None or place.of_run or self._latest.snapshot is None:
            return
        endpoint.tell_now(replace(self._latest, state="ended"))
        await asyncio.to_thread(endpoint.finish, self._say)

    def close(self) -> None:
        """Serve no longer."""
        if self._endpoint is not None:
            self._endpoint.close()

    def _read(self, snapshot: Snapshot, faults: Iterable[FaultRecord]) -> Reading:
        older = self._ring.before(snapshot.at_ns - round(RECENT_S * NS_PER_S)) or snapshot
        window = Window(older, snapshot, self._reference_of(snapshot))
        self._latest = filled(self._latest, snapshot, window, faults)
        return self._latest


def _started(address: MetricsAddress, *, patient: bool) -> Endpoint:
    """Return an endpoint at ``address``; ``patient`` waits a little where another one is about to leave it.

    Raises:
        InputError: it cannot be had.
    """
    rest = threading.Event()
    for _ in range(round(PATIENCE_S / LOOKED_EVERY_S) if patient else 0):
        try:
            return Endpoint.start(address)
        except InputError:
            rest.wait(LOOKED_EVERY_S)
    return Endpoint.start(address)
