"""The file of alert rules: every alert of a run is in it, or named as left out."""

from pathlib import Path

import pytest
import yaml

from actors.telemetry.alerts.rule import ESCALATION
from sim.cli import main
from sim.exports.rules import rule_file
from sim.run.watch import rules_of
from sim.scenario.loader import load, parse
from sim.scenario.shipped import shipped

OWN = """\
version: 1
name: own
phases: [{name: calm, duration: 1m, rate: 100}]
alerts:
  - {alert: Slowest, expr: "latency.max > 1s"}
  - {alert: Odd, expr: "latency.p95 > 33ms", for: 2s, keep_firing_for: 1500ms, severity: ticket}
"""


@pytest.mark.parametrize("scenario", sorted(shipped()))
def test_every_alert_of_a_scenario_is_a_rule(scenario: str) -> None:
    """Built-in ones with their runbooks, its own with their conditions; none of a shipped scenario is left out."""
    read = load(shipped()[scenario], files_required=False, needs_model=False)
    made = rule_file(read)
    (group,) = yaml.safe_load(made.text)["groups"]
    by_name = {rule["alert"]: rule for rule in group["rules"]}
    assert made.left_out == []
    assert list(by_name)[: len(rules_of(read))] == [rule.alert for rule in rules_of(read)]
    for rule in rules_of(read):
        told = by_name[rule.alert]
        assert told["labels"] == {"severity": rule.severity.value}
        assert told["annotations"]["condition"] == rule.expr
        assert told["annotations"]["told"] == ESCALATION[rule.severity].told
        if rule.runbook is not None:
            book = (told["annotations"][name] for name in ("summary", "look_at", "do"))
            assert tuple(book) == (rule.runbook.means, rule.runbook.look, rule.runbook.do)


def test_what_cannot_be_said_is_named_in_a_comment_and_on_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An alert that is missing, or not quite the same, is never so silently."""
    scenario, rules = tmp_path / "own.yaml", tmp_path / "rules.yaml"
    scenario.write_text(OWN)
    assert main(["export", "prometheus", str(scenario), "-o", str(rules)]) == 0
    text, said = rules.read_text(), capsys.readouterr().err
    slowest = "Slowest (latency.max > 1s): latency.max is of single values, of which no histogram knows the largest"
    odd = "Odd (latency.p95 > 33ms): latency.p95 is guessed within its bucket, as no bucket ends at 33ms"
    assert f"# LEFT OUT {slowest}\n# NOT QUITE THE SAME {odd}\n" in text
    assert f"left out: {slowest}\nnot quite the same: {odd}\n" == said
    named = {rule["alert"]: rule for rule in yaml.safe_load(text)["groups"][0]["rules"]}
    assert "Slowest" not in named
    assert (named["Odd"]["for"], named["Odd"]["keep_firing_for"]) == ("2s", "1500ms")


def test_waits_are_those_of_the_run() -> None:
    """In a drill a hundredth of production's, as riskdrill's own alerts wait."""
    drill, hours = (rule_file(parse(OWN.replace("1m", span), "own")) for span in ("1m", "5h"))
    waits = [yaml.safe_load(each.text)["groups"][0]["rules"][0]["for"] for each in (drill, hours)]
    assert waits == ["3s", "5m"]


def test_a_window_in_which_no_two_readings_lie_becomes_one_of_four() -> None:
    """An endpoint that is read every 15 s alerts too, and each rule that looks further back is named."""
    often, seldom = (rule_file(parse(OWN, "own"), every_s) for every_s in (1.0, 15.0))
    rules = [yaml.safe_load(each.text)["groups"][0] for each in (often, seldom)]
    assert [each["interval"] for each in rules] == ["1s", "15s"]
    by_name = [{rule["alert"]: rule["expr"] for rule in each["rules"]} for each in rules]
    assert set(by_name[0]) == set(by_name[1])
    told = "looks at 1m in place of 10s, as the endpoint is read every 15s"
    changed = {name for name, expr in by_name[0].items() if by_name[1][name] != expr}
    assert {line.partition(" (")[0] for line in seldom.remarks if "in place of" in line} == changed
    assert f"LatencyTailHigh (latency.p95 > 50ms): {told}" in seldom.remarks
    assert by_name[1]["LatencyTailHigh"] == by_name[0]["LatencyTailHigh"].replace("[10s]", "[1m]")
    assert {"MemoryHigh", "ScoreShift", "FeatureDrift"}.isdisjoint(changed)
    assert not any("in place of" in line for line in often.remarks)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["export", "prometheus"], "export prometheus: needs the scenario whose alerts it is"),
        (
            ["export", "prometheus", "brust"],
            "brust: must be a file or the name of a shipped scenario",
        ),
        (["export", "grafana", "burst"], "one dashboard shows any scenario; leave it out"),
        (["export", "grafana", "--scrape-interval", "5s"], "Grafana knows its Prometheus'; leave it out"),
        (["export", "prometheus", "burst", "--scrape-interval", "15"], '15: must be a duration with a unit; "15s or'),
        (["export", "prometheus", "burst", "--scrape-interval", "1h"], "1h: must be from 1s to 2m"),
        (["export", "loki"], "'loki' is not one of 'prometheus', 'grafana'"),
        (["export", "grafana", "-o", "/no/such/folder/file"], "cannot be written: No such file or directory"),
    ],
)
def test_what_cannot_be_exported_is_refused_in_a_line(
    capsys: pytest.CaptureFixture[str], words: list[str], why: str
) -> None:
    """One line, exit code 2."""
    assert main(words) == 2
    said = capsys.readouterr().err
    assert why in said
    assert said.count("\n") == 1


def test_an_invalid_scenario_is_refused_where_it_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With file, line and column, as `validate` does."""
    scenario = tmp_path / "own.yaml"
    scenario.write_text(OWN.replace("latency.p95 >", "latency.p59 >"))
    assert main(["export", "prometheus", str(scenario)]) == 2
    assert f"{scenario}:6:" in capsys.readouterr().err
