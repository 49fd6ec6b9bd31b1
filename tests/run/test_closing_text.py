"""The closing text and the summary of a run: two ways to say the same figures."""

import re
from pathlib import Path

import pytest

from actors.model.artifact import load_artifact
from dashboard.frame import Frame
from dashboard.panels.model import QualityFigures
from dashboard.plain import verdict
from dashboard.units import count, latency_in_words, money, percent, rate, whole
from sim.report.run_folder import RunFolder
from sim.report.summary import Summary
from sim.run.execution import Result, execute
from sim.run.planning import prepare
from sim.run.watch import NullScreen
from sim.scenario.loader import parse
from sim.scenario.timeline import Cut

COMMON = """\
version: 1
name: text
clock: virtual
world: {{cards: 4000, merchants: 400, label_delay: {delay}}}
phases: [{{name: first, duration: 1s, rate: {rate}}}, {{name: last, duration: 1s, rate: {rate}}}]
faults: [{faults}]
pipeline: {{delivery: {{attempts: 1}}}}
expect: [{{name: books, expr: "ledger.balanced == 1"}}]
"""
DRILLS = {
    "quiet": "",
    "store": "{name: f, kind: feature_store_outage, at: 0s, duration: 2s}",
    "poison": "{name: f, kind: traffic_poison, at: 0s, duration: 2s, ratio: 0.3}",
    "duplicates": "{name: f, kind: traffic_duplicates, at: 0s, duration: 2s, ratio: 0.5}",
    "sink": "{name: f, kind: sink_errors, ratio: 0.5, at: 0s, duration: 2s}",
    "model": "{name: f, kind: model_errors, at: 0s, duration: 2s}",
    "disk": "{name: f, kind: disk_full, at: 1s, duration: 1s}",
}


def run(folder: Path, model: Path, text: str) -> Result:
    """Run a scenario without a screen."""
    plan = prepare(Cut(parse(text, "text.yaml")), load_artifact(model), folder)
    return execute(plan, RunFolder(folder), NullScreen())


def facts_of(result: Result, width: int = 100) -> dict[str, str]:
    """Return the named lines of the closing text, each with those that continue it."""
    found: dict[str, str] = {}
    name = ""
    for segments in verdict(result.frame, width).rows:
        line = "".join(segment.text for segment in segments).rstrip()
        if line.startswith("   ▲"):  # warnings, to the end
            break
        match = re.fullmatch(r"   (.{14})(.+)", line)
        if match is not None and (found or match[1].strip() == "run"):  # before it stands how the alerts did
            name = match[1].strip() or name
            found[name] = f"{found[name]} {match[2]}" if not match[1].strip() else match[2]
    return found


def latency(ms: float | None) -> str:
    return latency_in_words(None if ms is None else 1_000 * ms)


def wanted(summary: Summary) -> dict[str, str]:
    """Return what the closing text must say of the figures of a summary, where it says anything of them."""
    worth, books = summary.business, summary.ledger
    modes = {name: getattr(summary.modes, name) for name in ("full", "stale", "realtime_only", "rules", "default")}
    reasons = ", ".join(f"{reason} {whole(number)}" for reason, number in books.dead_letters.items())
    p50, p95, p99 = map(latency, (summary.latency_p50_ms, summary.latency_p95_ms, summary.latency_p99_ms))
    offered = rate(books.offered / summary.duration_s)
    lines = {
        "throughput": f"{rate(summary.throughput_events_per_sec)} of {offered} offered",
        "latency": f"p50 {p50}, p95 {p95}, p99 {p99}",
        "errors": percent(summary.error_rate),
        "modes": ", ".join(f"{name} {percent(each / books.decided)}" for name, each in modes.items() if each),
        "money": f"{money(worth.fraud_loss)} lost, {money(worth.fraud_prevented)} prevented, "
        f"{money(worth.wrongly_blocked)} wrongly blocked, {count(worth.review_volume)} reviews; "
        f"of {count(worth.labelled)} labelled decisions",
        "ledger": "balanced ✓",
    }
    for name, number, words in (
        ("dead letters", books.dead_lettered, f"set aside undecided: {reasons}"),
        ("duplicates", books.duplicate, "with an id seen before"),
        ("undelivered", books.undelivered, "decisions that were given up"),
        ("not logged", books.log_failed, "decisions"),
    ):
        if number:
            lines[name] = f"{whole(number)} {words}"
    return lines


@pytest.mark.parametrize("drill", DRILLS)
@pytest.mark.parametrize(("per_s", "delay"), [(200, "0s"), (200, "30d"), (3, "6h")])
def test_the_closing_text_says_what_the_summary_says(
    drill: str, per_s: int, delay: str, tmp_path: Path, world_model: Path
) -> None:
    """Every figure that is in both is the same in both, money from every truth there is, whenever it was known."""
    text = COMMON.format(faults=DRILLS[drill], rate=per_s, delay=delay)
    result = run(tmp_path, world_model, text)
    found = facts_of(result)
    found.pop("run")
    assert found == wanted(result.summary)
    assert result.summary.business.labelled == result.summary.ledger.delivered  # worth something to its caller


def test_what_is_shown_while_a_run_goes_on_is_what_was_known_then(tmp_path: Path, world_model: Path) -> None:
    """A label that comes after the run is in the closing text, and was on no picture before it."""
    shown: list[int] = []

    class Watching(NullScreen):
        ready = True

        def show(self, message: object) -> None:
            quality = message.section(QualityFigures) if isinstance(message, Frame) else None
            if quality is not None:
                shown.append(quality.labelled_run_count)

    text = COMMON.format(faults="", rate=200, delay="30d")
    plan = prepare(Cut(parse(text, "text.yaml")), load_artifact(world_model), tmp_path)
    result = execute(plan, RunFolder(tmp_path), Watching())
    assert set(shown) == {0}
    final = result.frame.section(QualityFigures)
    assert final is not None
    assert final.labelled_run_count == result.summary.ledger.decided > 0
