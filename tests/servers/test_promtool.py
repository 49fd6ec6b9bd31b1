"""promtool is content with what is exported and served, and alerts on a drill's series as riskdrill does."""

import math
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest

from actors.model.artifact import load_artifact
from sim.cli import main
from sim.exports.rules import rule_file
from sim.metrics_endpoint.collector import ReadingCollector, families
from sim.metrics_endpoint.reading import Reading
from sim.report.run_folder import RunFolder
from sim.run.composition import Attachments
from sim.run.execution import execute
from sim.run.planning import prepare
from sim.run.watch import NullScreen
from sim.scenario.loader import parse
from sim.scenario.scenario import Scenario
from sim.scenario.shipped import shipped
from sim.scenario.timeline import Cut
from tests.support.prometheus import program, promtool

DRILL = """\
version: 1
name: alerted
seed: 11
clock: virtual
world: {cards: 4000, merchants: 400, fraud_ratio: 0.05}
phases:
  - {name: calm,     duration: 20s, rate: 60}
  - {name: trouble,  duration: 15s, rate: 60}
  - {name: recovery, duration: 25s, rate: 60}
faults:
  - {name: store-down, kind: feature_store_outage, at: 20s, duration: 15s}
alerts:
  - {alert: Degraded, expr: "mode.realtime_only.ratio > 5% and max(throughput, 1) > 10", for: 2s, severity: ticket}
  - {alert: Lookups, expr: "feature_store.error_ratio > 50%", keep_firing_for: 2s, severity: info}
"""
INSTANCE = {"job": "riskdrill", "instance": "here"}
APART_S = 3  # readings are a second apart there and a quarter of one here, and a rate takes two of them


@dataclass
class Recorded:
    """Readers that keep one reading a second."""

    readings: list[Reading] = field(default_factory=list)
    wanted: bool = True

    def tell(self, reading: Reading) -> None:
        if reading.elapsed_s >= len(self.readings):
            self.readings.append(reading)

    def tell_now(self, reading: Reading) -> None:
        """Keep no last one: the drill's end is no second of it."""


@pytest.fixture(scope="module")
def drill(tmp_path_factory: pytest.TempPathFactory, world_model: Path) -> tuple[Scenario, list[Reading]]:
    """Return the drill, and a reading of each of its seconds."""
    folder, kept = tmp_path_factory.mktemp("alerted"), Recorded()
    scenario = parse(DRILL, "alerted.yaml")
    plan = prepare(Cut(scenario), load_artifact(world_model), folder)
    execute(plan, RunFolder(folder), NullScreen(), Attachments(readers=kept))
    return scenario, kept.readings


def series_of(readings: list[Reading]) -> list[dict[str, str]]:
    """Return each series with its figure at each second, as promtool's tests have them."""
    values: dict[str, dict[int, float]] = {}
    for second, reading in enumerate(readings):
        for family in families(reading):
            for sample in family.samples:
                labels = ", ".join(f'{name}="{value}"' for name, value in {**sample.labels, **INSTANCE}.items())
                values.setdefault(f"{sample.name}{{{labels}}}", {})[second] = sample.value
    return [
        {"series": name, "values": " ".join(repr(at[n]) if n in at else "_" for n in range(len(readings)))}
        for name, at in values.items()
    ]


def fired(readings: list[Reading]) -> dict[str, list[bool]]:
    """Return of each alert whether riskdrill had it firing, second by second."""
    found: dict[str, list[bool]] = {}
    for reading in readings:
        assert reading.snapshot is not None
        for alert in reading.snapshot.alerts:
            found.setdefault(alert.alert, []).append(alert.state == "firing")
    return found


def test_alerts_fire_on_the_series_of_a_drill_as_they_did_in_it(
    drill: tuple[Scenario, list[Reading]], tmp_path: Path
) -> None:
    """At each second around which an alert neither began nor ended, Prometheus' rules say the same."""
    scenario, readings = drill
    rules, states = rule_file(scenario), fired(readings)
    assert {name for name, firing in states.items() if any(firing)} >= {"FeatureStoreMisses", "Degraded", "Lookups"}
    by_name = {rule["alert"]: rule for rule in yaml.safe_load(rules.text)["groups"][0]["rules"]}
    asked = [
        _expected(by_name[name], second, firing=firing[second])
        for name, firing in states.items()
        for second in range(APART_S, len(firing) - APART_S)
        if len(set(firing[second - APART_S : second + APART_S + 1])) == 1
    ]
    assert sum(bool(each["exp_alerts"]) for each in asked) >= 20
    (tmp_path / "rules.yaml").write_text(rules.text)
    test = {"interval": "1s", "input_series": series_of(readings), "alert_rule_test": asked}
    document = {"rule_files": ["rules.yaml"], "evaluation_interval": "1s", "tests": [test]}
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(document, width=math.inf))
    promtool("test", "rules", str(tmp_path / "test.yaml"))


def _expected(rule: dict[str, Any], second: int, *, firing: bool) -> dict[str, Any]:
    alert = {"exp_labels": {**rule["labels"], **INSTANCE}, "exp_annotations": rule["annotations"]}
    return {"eval_time": f"{second}s", "alertname": rule["alert"], "exp_alerts": [alert] if firing else []}


def test_promtool_is_content_with_the_rules_of_every_scenario(tmp_path: Path) -> None:
    """Syntax, names and templates."""
    files = [tmp_path / f"{name}.yaml" for name in shipped()]
    for file in files:
        assert main(["export", "prometheus", file.stem, "-o", str(file)]) == 0
    promtool("check", "rules", *map(str, files))


def test_promtool_is_content_with_what_is_served(drill: tuple[Scenario, list[Reading]]) -> None:
    """Names, units and texts follow the rules that Prometheus has for them."""
    _, readings = drill
    registry = CollectorRegistry()
    registry.register(ReadingCollector(lambda: (readings[-1], 0.0)))
    command = [program("promtool"), "check", "metrics"]
    done = subprocess.run(command, input=generate_latest(registry), capture_output=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")
