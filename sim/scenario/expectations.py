"""What must hold: a condition on metrics during a span, or an alert that fires in time."""

from typing import Annotated

import msgspec

from sim.scalars import Duration, Name


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """One promise that the run keeps or breaks. Either ``expr`` or ``alert``, not both.

    Attributes:
        name: unique in the scenario.
        during: a phase, a fault, a step (from there to the end), or ``always`` (the whole run, the default of a
            condition). An alert counts from the start of this span; with a single fault in the scenario it may be left
            out.
        expr: a condition on metrics over the span; a metric may name another span, as in baseline.latency.p99.
        within: settling time at the start of the span that is not measured.
        min_samples: how many samples of each percentile in ``expr`` are enough for a pass, in place of those that leave
            ten beyond it (200 for p95, 1,000 for p99).
        alert: an alert, built in or of this scenario.
        fires_within: the longest time from the span's start to the alert firing.
        resolves_within: the longest time from the span's end to the alert resolved.
    """

    name: Name
    during: Name | None = None
    expr: str | None = None
    within: Duration = 0
    min_samples: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)] | None = None
    alert: Name | None = None
    fires_within: Duration | None = None
    resolves_within: Duration | None = None
