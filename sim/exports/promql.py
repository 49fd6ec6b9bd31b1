"""Conditions and metrics of ours in PromQL, which reads the same series from an endpoint.

What a metric reads from a window, PromQL reads from the window that is given: counts by ``rate`` and ``increase``,
percentiles from the buckets of a stage, readings as they stand. Every part is reduced to one figure a process (``by
(job, instance)``), so that parts can be compared and each process alerts for itself.

A part without samples is absent in PromQL, or NaN, and a comparison with it does not hold, as here; a share of nothing
is made absent, as it would be infinite otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from actors.core.clock import US_PER_S
from actors.telemetry.expression.expression import Expression
from actors.telemetry.expression.nodes import Comparison, Condition, Extreme, Literal, Logic, Number, Read
from actors.telemetry.metrics.latency import STAGES
from actors.telemetry.metrics.metric import BYTES_PER_MB, Dimension, Metric, Unit
from actors.telemetry.metrics.series import Total
from actors.telemetry.window import RECENT_S
from sim.metrics_endpoint.buckets import BOUNDS_US

BY: Final = "by (job, instance)"
_BY_BUCKET: Final = "by (job, instance, le)"
_RECENT: Final = f"{RECENT_S:g}s"
_BASE: Final = {Dimension.TIME: 1 / US_PER_S, Dimension.SIZE: float(BYTES_PER_MB), Dimension.NUMBER: 1.0}
_WHOLE: Final = 100.0


class UntoldError(Exception):
    """A condition has a part that PromQL cannot say; the text names it."""


@dataclass(slots=True)
class Translation:
    """From our words to PromQL, over one window.

    Attributes:
        window: as PromQL writes it, such as ``10s``.
        only: more conditions on labels, such as ``instance=~"a"``; "" for none.
        told_over: the window that is meant, where ``window`` is longer so that enough readings lie in it; "" if it is.
        remarks: what is not quite the same there, a line each.
    """

    window: str = _RECENT
    only: str = ""
    told_over: str = ""
    remarks: list[str] = field(default_factory=list)

    def condition(self, condition: Condition) -> str:
        """Return a query that has a sample for each process for which the condition holds.

        Raises:
            UntoldError: PromQL cannot say it.
        """
        if isinstance(condition, Logic):
            return f" {condition.word} ".join(f"({self.condition(part)})" for part in condition.parts)
        return self._comparison(condition)

    def metric(self, metric: Metric) -> str:
        """Return what reads ``metric``, in base units: seconds, bytes, ratios.

        Raises:
            UntoldError: no series has it.
        """
        if metric.stage is not None:
            return self._of_stage(metric)
        if metric.part is not None and metric.whole is not None:
            share = f"{self._rate(metric.part)} / ({self._rate(metric.whole)} > 0)"
            return share if metric.per == 1 else f"{share} / {number(metric.per)}"
        if metric.part is not None:
            return self._increase(metric.part) if metric.unit is Unit.COUNT else self._rate(metric.part)
        if metric.level is None:
            raise UntoldError(f"{metric.name} has no series")
        if metric.level.series.recent and (self.told_over or self.window) not in (_RECENT, INTERVAL):
            raise UntoldError(f"{metric.name} is told over the last {_RECENT} only")
        return f"max {BY} ({self._selected(metric.level.selector)})"

    # ---------------------------------------------------------------- parts of a condition

    def _comparison(self, condition: Comparison) -> str:
        left, right = condition.left, condition.right
        if next(condition.reads(), None) is None:
            raise UntoldError(f"{condition} compares numbers alone")
        self._note_guess(left, right)
        self._note_guess(right, left)
        return f"{self._number(left)} {condition.sign} {self._number(right)}"

    def _number(self, part: Number) -> str:
        if isinstance(part, Literal):
            return number(part.value * _BASE[part.dimension])
        if isinstance(part, Read):
            if part.scope is not None:
                raise UntoldError(f"{part} reads another span, which Prometheus does not know")
            return self.metric(part.metric)
        if isinstance(part, Extreme):
            return self._extreme(part)
        left, right = f"({self._number(part.left)})", f"({self._number(part.right)})"
        if part.sign == "/" and next(part.right.reads(), None) is not None:
            right = f"({right} != 0)"
        return f"{left} {part.sign} {right}"

    def _extreme(self, part: Extreme) -> str:
        """Return the larger or smaller of two at a time: the first where it is that, else the second, if both are."""
        if next(part.reads(), None) is None:
            raise UntoldError(f"{part} is a number alone")
        read = [f"({self._number(each)})" for each in part.parts if next(each.reads(), None) is not None]
        alone = [f"({self._number(each)})" for each in part.parts if next(each.reads(), None) is None]
        sign = ">=" if part.name == "max" else "<="
        text = read[0]
        for other in read[1:]:
            text = f"((({text} {sign} {other}) or {other}) and {text})"
        for other in alone:
            text = f"clamp_{'min' if part.name == 'max' else 'max'}({text}, scalar(vector{other}))"
        return text

    def _note_guess(self, part: Number, limit: Number) -> None:
        """Note where Prometheus guesses within a bucket, or counts by stretching what it has read."""
        settled = isinstance(part, Read) and isinstance(limit, Literal) and limit.value in BOUNDS_US
        said = str(limit) if isinstance(limit, Literal) else f"{limit}, which is no number"
        for read in part.reads():
            metric = read.metric
            if metric.percent is not None and not settled:
                self.remarks.append(f"{metric.name} is guessed within its bucket, as no bucket ends at {said}")
            if metric.part is not None and metric.whole is None and metric.unit is Unit.COUNT:
                self.remarks.append(f"{metric.name} is what was read of the count, stretched to {self.window}")

    # ---------------------------------------------------------------- series

    def _of_stage(self, metric: Metric) -> str:
        stage = f'stage="{metric.stage}"'
        if metric.percent is not None:
            buckets = f"sum {_BY_BUCKET} (rate({self._selected(f'{STAGES.name}_bucket{{{stage}}}')}[{self.window}]))"
            return f"histogram_quantile({number(metric.percent / _WHOLE)}, {buckets})"
        if metric.name.endswith(".mean"):
            total, count = (self._rate_of(f"{STAGES.name}_{each}{{{stage}}}") for each in ("sum", "count"))
            return f"{total} / ({count} > 0)"
        raise UntoldError(f"{metric.name} is of single values, of which no histogram knows the largest")

    def _rate(self, total: Total) -> str:
        return self._rate_of(total.selector)

    def _rate_of(self, selector: str) -> str:
        return f"sum {BY} (rate({self._selected(selector)}[{self.window}]))"

    def _increase(self, total: Total) -> str:
        return f"sum {BY} (increase({self._selected(total.selector)}[{self.window}]))"

    def _selected(self, selector: str) -> str:
        if not self.only:
            return selector
        name, _, rest = selector.partition("{")
        return f"{name}{{{self.only}{f',{rest}' if rest else '}'}"


READ_EVERY_S: Final = 1.0  # the shortest window is 3 s, and a rate takes two readings
INTERVAL: Final = "$__rate_interval"  # Grafana's own: four scrapes, or as many as the picture needs


def number(value: float) -> str:
    """Return a number as PromQL reads it.

    Example:
        >>> number(0.05), number(400e6), number(0.999)
        ('0.05', '400000000', '0.999')
    """
    return f"{value:.0f}" if value == int(value) else f"{value:.12g}"


def promql(
    expression: Expression, windows_s: Sequence[float], read_every_s: float = READ_EVERY_S
) -> tuple[str, list[str]]:
    """Return the query that holds when ``expression`` holds over each of the windows, and what is not quite the same.

    Args:
        expression: ours.
        windows_s: over which it is held.
        read_every_s: how far readings are apart; of a window in which fewer than two lie, four are taken.

    Raises:
        UntoldError: PromQL cannot say it.

    Example:
        >>> promql(Expression.parse("memory_mb > 400MB"), [10.0])
        ('max by (job, instance) (riskdrill_memory_bytes) > 400000000', [])
    """
    parts, remarks = [], []
    for window_s in windows_s:
        wide_s = window_s if window_s >= 2 * read_every_s else 4 * read_every_s
        translation = Translation(duration(wide_s), told_over=duration(window_s))
        parts.append(translation.condition(expression.condition))
        remarks += translation.remarks
        if translation.window in parts[-1] and wide_s != window_s:
            told = f"looks at {translation.window} in place of {translation.told_over}"
            remarks.append(f"{told}, as the endpoint is read every {duration(read_every_s)}")
    text = parts[0] if len(parts) == 1 else " and ".join(f"({part})" for part in parts)
    return text, list(dict.fromkeys(remarks))


def duration(span_s: float) -> str:
    """Return a span as Prometheus writes it.

    Example:
        >>> duration(300.0), duration(3.0), duration(0.25)
        ('5m', '3s', '250ms')
    """
    whole_ms = round(span_s * 1_000)
    for unit, of_ms in (("h", 3_600_000), ("m", 60_000), ("s", 1_000)):
        if whole_ms and not whole_ms % of_ms:
            return f"{whole_ms // of_ms}{unit}"
    return f"{whole_ms}ms" if whole_ms else "0s"
