"""What a run tells its endpoint: a reading when one is wanted, and a last one when all is known."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol

from msgspec.structs import replace

from actors.telemetry.metrics.catalogue import SERIES
from actors.telemetry.metrics.series import Gauge
from actors.telemetry.snapshot import FeatureCounts, Quality, Snapshot
from actors.telemetry.window import Window
from dashboard.panels.workers import CALM
from sim.faults.fault import FaultRecord
from sim.metrics_endpoint.reading import MOST_NAMES, Identity, Named, Reading, Samples
from sim.report.provenance import git_commit, versions
from sim.run_parts import RunParts
from sim.scenario.scenario import Scenario
from sim.scenario.timeline import phase_spans

OTHERS: Final = "others"
RECENT: Final = tuple(each for each in SERIES.values() if isinstance(each, Gauge) and each.recent)


class Readers(Protocol):
    """Whoever takes readings."""

    @property
    def wanted(self) -> bool:
        """Whether a reading told now would be taken now."""
        ...

    def tell(self, reading: Reading) -> None:
        """Hand over a reading that is wanted."""
        ...

    def tell_now(self, reading: Reading) -> None:
        """Hand over one that must arrive: the last."""
        ...


class RunTold:
    """Tells readers of a run whose session is here.

    Args:
        readers: take readings.
        scenario: as run.
        parts: of the run, which are read as they stand.
        state: gives what the run is doing.
        tick_s: how often it is looked at.
    """

    def __init__(
        self, readers: Readers, scenario: Scenario, parts: RunParts, state: Callable[[], str], tick_s: float
    ) -> None:
        self._readers = readers
        self._parts = parts
        self._state = state
        self._tick_s = tick_s
        self._phases = phase_spans(scenario)
        stream = parts.stream_figures()
        who = Identity(scenario.name, scenario.seed, scenario.clock, "" if stream is None else stream.run)
        self._identity = built(who)
        self._window: Window | None = None

    def hear(self, snapshot: Snapshot, window: Window) -> None:
        """Hand over a reading if one is wanted; a listener of the monitor."""
        self._window = window
        if self._readers.wanted:
            state = self._state()
            self._readers.tell(self._reading(snapshot, state if state in {"starting", "running"} else "draining"))

    def end(self, final: Snapshot, verdict: str, quality: Quality | None) -> None:
        """Hand over the last reading: with every truth, and how the run ended."""
        last = self._reading(replace(final, quality=quality), "ended")
        self._readers.tell_now(replace(last, verdict=verdict))

    def _reading(self, snapshot: Snapshot, state: str) -> Reading:
        rows = self._parts.worker_rows()
        bare = Reading(
            state=state,
            identity=self._identity,
            phases=few(self._phases_at(snapshot.at_ns - snapshot.started_ns, over=state == "ended")),
            workers=sum(row.state in CALM for row in rows) if rows else None,
            every_s=self._tick_s,
        )
        return filled(bare, snapshot, self._window, self._parts.faults.records())

    def _phases_at(self, elapsed_ns: int, *, over: bool) -> Iterator[Named]:
        for name, span in self._phases.items():
            begun = span.start_ns <= elapsed_ns
            yield Named(name, begun and not over and (span.end_ns is None or elapsed_ns < span.end_ns))


def built(who: Identity) -> Identity:
    """Return ``who`` with the version and the commit of this program."""
    return replace(who, version=versions().get("riskdrill", ""), commit=git_commit() or "")


def filled(bare: Reading, snapshot: Snapshot, window: Window | None, faults: Iterable[FaultRecord]) -> Reading:
    """Return ``bare`` with a pipeline's figures: those of ``snapshot``, and of ``window``, the last ten seconds."""
    return replace(
        bare,
        snapshot=replace(snapshot, features=FeatureCounts()),
        recent={} if window is None else recent(window),
        faults=few(Named(each.name, each.state == "injected", each.kind) for each in faults),
    )


def recent(window: Window) -> dict[str, Samples]:
    """Return what is read of the last ten seconds, by the name of its series."""
    return {series.name: list(series.read(window)) for series in RECENT}


def few(named: Iterable[Named]) -> tuple[Named, ...]:
    """Return the first of them, and the rest as one that is on while any of those is."""
    all_of_them = tuple(named)
    if len(all_of_them) <= MOST_NAMES:
        return all_of_them
    rest = all_of_them[MOST_NAMES - 1 :]
    return (*all_of_them[: MOST_NAMES - 1], Named(OTHERS, any(each.on for each in rest)))
