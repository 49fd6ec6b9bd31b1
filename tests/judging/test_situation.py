"""The line that tells in words what is going on."""

from collections.abc import Sequence

import pytest

from actors.telemetry.telemetry import Telemetry
from actors.telemetry.window import Window
from sim.judging.situation import Situation
from tests.support.actors.telemetry import snapshot

USUAL = {"mode.full.ratio": 1.0, "latency.p95": 8_000.0, "offered_rate": 100.0}
LATE = USUAL | {"latency.p95": 90_000.0}
DOWN = LATE | {"mode.full.ratio": 0.0, "feature_store.error_ratio": 1.0, "mode.realtime_only.ratio": 0.98}


def told(seconds: Sequence[dict[str, float]], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the line of each second of a run that reads these figures."""
    telemetry = Telemetry()
    window = Window(snapshot(telemetry, 0), snapshot(telemetry, 1))
    situation, lines = Situation(None), []
    for at_s, figures in enumerate(seconds):
        monkeypatch.setattr("sim.judging.situation.read", lambda metric, _window, now=figures: now.get(metric))
        lines.append(situation.read(float(at_s), window, None))
    return lines


def test_a_clause_says_since_when_it_holds_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what came later it is not told that it has been so since something else began."""
    lines = told([*[USUAL] * 5, *[LATE] * 5, *[DOWN] * 5, *[LATE] * 3, *[USUAL] * 2, *[DOWN] * 2], monkeypatch)
    assert lines[4] == "all as usual: 100 % full, p95 8.0 ms"
    assert lines[9] == "p95 90 ms since 0:05"
    assert lines[14] == "feature store fails since 0:10; 98 % realtime_only; p95 90 ms"
    assert lines[17] == "p95 90 ms since 0:05"
    assert lines[19].startswith("all as usual")
    assert lines[21].startswith("feature store fails since 0:20")
