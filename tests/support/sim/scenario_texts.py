"""Scenarios as text, one of which uses every part of the format, and their problems as lines."""

from collections.abc import Sequence

import pytest

from sim.scenario.loader import parse
from sim.scenario.problems import InvalidScenarioError, Problem

EXAMPLE = """\
version: 1
name: feature-store-outage
hypothesis: With the feature store gone for 20 s, p95 stays under 50 ms and we keep catching most fraud.
seed: 7
clock: real                       # real | virtual
world: {cards: 20000, merchants: 2000, fraud_ratio: 0.01}
phases:
  - {name: baseline, duration: 20s, rate: 1000}
  - {name: burst,    duration: 20s, rate: 1000, ramp_to: 8000, arrivals: poisson}
  - {name: recovery, duration: 20s, rate: 1000}
pipeline:
  mailboxes: {assembler: {capacity: 5000}, scorer: {capacity: 5000, shed_above: 4000}}
  scorer: {max_batch_size: 256, deadline: 50ms}
  feature_store: {timeout: 5ms, breaker: {failure_ratio: 0.5, window: 100, open_for: 5s}}
  thresholds: {review: 0.30, block: 0.70}
faults:
  - {name: store-down, kind: feature_store_outage, at: 25s, duration: 20s}
alerts: [{alert: FeatureStoreErrors, expr: "feature_store.error_ratio > 0.05", for: 3s, severity: page}]
expect:
  - {name: tail,      during: burst,      expr: "latency.p95 < 50ms"}
  - {name: degraded,  during: store-down, expr: "mode.realtime_only.ratio > 0.95", within: 3s}
  - {name: detected,  alert: FeatureStoreErrors, fires_within: 8s, resolves_within: 15s}
  - {name: quiet,     during: baseline,   expr: "alerts.firing == 0"}
  - {name: recovered, during: recovery,   expr: "latency.p99 < max(2 * baseline.latency.p99, 10ms)"}
"""

SHORT = """\
name: short
phases:
  - {name: only, duration: 10s, rate: 100}
"""

MARK = "▶"  # stands in a text before the place that a problem must tell

REPLAY = """\
name: replay
external: true
events:
  file: nowhere.parquet
  columns: {id: ID, event_time: TIME, card: CARD, merchant: SHOP, amount: EUR, fraud: FRAUD}
  train: [2018-07-25, 2018-07-31]
  test: [2018-08-08, 2018-08-14]
  known_card_filter: true
  gates: {roc_auc: 0.86, average_precision: 0.60}
"""


def problems(text: str, overrides: Sequence[str] = (), *, files_required: bool = True) -> list[Problem]:
    """Return every problem of the scenario in ``text``; it must have one."""
    with pytest.raises(InvalidScenarioError) as caught:
        parse(text, "drill.yaml", overrides, files_required=files_required)
    assert str(caught.value).splitlines() == [str(problem) for problem in caught.value.problems]
    return list(caught.value.problems)


def lines(text: str, overrides: Sequence[str] = (), *, files_required: bool = True) -> list[str]:
    """Return the same as the user sees them."""
    return [str(problem) for problem in problems(text, overrides, files_required=files_required)]


def line_at_mark(text: str, *, files_required: bool = True) -> str:
    """Return the one problem that is told of the place in ``text`` before which `MARK` stands, without that place."""
    before, mark, after = text.partition(MARK)
    assert mark
    place = f"drill.yaml:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}: "
    found = lines(before + after, files_required=files_required)
    there, *more = [line for line in found if line.startswith(place)] or [""]
    assert there, f"nothing at {place}but {found}"
    assert not more
    return there.removeprefix(place)
