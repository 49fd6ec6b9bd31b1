"""The snapshots at the marks of a run, as windows over spans."""

from collections.abc import Callable, Mapping

from actors.telemetry.drift import Reference
from actors.telemetry.expression.nodes import Read
from actors.telemetry.histogram_counts import HistogramCounts
from actors.telemetry.metrics.catalogue import METRICS, PSI, read
from actors.telemetry.metrics.model import quality_metrics
from actors.telemetry.snapshot import Quality, Snapshot
from actors.telemetry.window import Window
from sim.scenario.timeline import Span

QualityOf = Callable[[Span], Quality | None]
ReferenceOf = Callable[[Snapshot], Reference | None]

_OF_QUALITY = frozenset(metric.name for metric in quality_metrics())
_LASTING = frozenset(name for name, metric in METRICS.items() if metric.lasting)


class Windows:
    """Keeps one snapshot for each mark: a few, however long the run.

    Args:
        spans: by name, what a metric may be read in.
        end_ns: planned end of the run, since it began; None when its events end it.
        reference: what the model that served at a snapshot was trained on, for metrics of drift; None: they have no
            samples.
        quality: how good the decisions of a span were, asked once the run has finished if a metric of quality is read;
            None: these are those of the whole run.
    """

    def __init__(
        self,
        spans: Mapping[str, Span],
        end_ns: int | None,
        reference: ReferenceOf | None = None,
        quality: QualityOf | None = None,
    ) -> None:
        self._spans = spans
        self._end_ns = end_ns
        self._reference = reference
        self._quality = quality
        self._qualities: dict[Span, Quality | None] = {}
        self._marked: dict[int, Snapshot] = {}
        self._final: Snapshot | None = None
        self._last: Snapshot | None = None

    def mark(self, at_ns: int, snapshot: Snapshot) -> None:
        """Keep the snapshot of a mark."""
        self._marked[at_ns] = snapshot

    def finish(self, final: Snapshot, now_ns: int) -> None:
        """Keep the snapshot after the drain.

        It ends the spans that end with the run: what was accepted before the end is decided in the drain, and counts.
        A run that was interrupted has not reached its end, so spans still open then stay without one.
        """
        self._last = final
        if self._end_ns is None or now_ns >= self._end_ns:
            self._final = final

    def over(self, span: Span, last: Snapshot | None = None) -> Window | None:
        """Return the window over ``span``, None while one of its ends is not there.

        Args:
            span: which.
            last: stands for an end that has not come; None: there is no window then.
        """
        older = self._marked.get(span.start_ns)
        newer = self._end(span) or last
        if older is None or newer is None or newer.at_ns < older.at_ns:
            return None
        return Window(older, newer, self._reference_of(newer))

    def between(self, older: Snapshot, newer: Snapshot) -> Window:
        """Return the window between two snapshots that are not kept here."""
        return Window(older, newer, self._reference_of(newer))

    def instant(self, snapshot: Snapshot) -> Window:
        """Return the empty window at ``snapshot``, for readings of an instant."""
        return Window(snapshot, snapshot, self._reference_of(snapshot))

    def has_ended(self, span: Span) -> bool:
        """Return whether the end of ``span`` is there."""
        return self._end(span) is not None

    def resolver(self, window: Window, span: Span | None = None) -> Callable[[str | None, str], float | None]:
        """Return what gives an expression its figures: of ``window``, or of the span that a metric names.

        Args:
            window: the first.
            span: that it is over; None if it is over none.
        """

        def resolve(scope: str | None, metric: str) -> float | None:
            at, found = (span, window) if scope is None else (self._spans[scope], self.over(self._spans[scope]))
            if found is not None and at is not None and metric in _OF_QUALITY:
                found = self._judged(found, at)
            if found is not None and metric in _LASTING and self._last is not None:
                found = self.instant(self._last)
            return None if found is None else read(metric, found)

        return resolve

    def figures(self) -> dict[str, dict[str, float | None]]:
        """Return every metric of each span that the run came through, in the metric's own unit; None without samples.

        Asked once the run has finished.
        """
        found: dict[str, dict[str, float | None]] = {}
        for name, span in self._spans.items():
            if (window := self.over(span)) is not None:
                resolve = self.resolver(window, span)
                names = (*METRICS, *(f"{PSI}{feature}" for feature in window.psi_by_feature))
                found[name] = {metric: resolve(None, metric) for metric in names}
        return found

    def counts(self, window: Window, read: Read) -> HistogramCounts | None:
        """Return the samples that a figure of times rests on: of ``window``, or of the span that ``read`` names."""
        found = window if read.scope is None else self.over(self._spans[read.scope])
        return None if found is None or read.metric.stage is None else found.latency(read.metric.stage)

    def _judged(self, window: Window, span: Span) -> Window:
        """Return ``window`` with the quality of the decisions of ``span``, over which it is."""
        if self._quality is None or self._final is None:
            return window
        if span not in self._qualities:
            self._qualities[span] = self._quality(span)
        return Window(window.older, window.newer, window.reference, self._qualities[span])

    def _reference_of(self, snapshot: Snapshot) -> Reference | None:
        return None if self._reference is None else self._reference(snapshot)

    def _end(self, span: Span) -> Snapshot | None:
        if span.end_ns is None or span.end_ns == self._end_ns:
            return self._final
        return self._marked.get(span.end_ns)
