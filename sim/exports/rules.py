"""Alert rules for Prometheus: the built-in ones and a scenario's own, each with what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from actors.telemetry.alerts.built_in import PRODUCTION, stream_rules
from actors.telemetry.alerts.rule import ESCALATION, AlertRule
from actors.telemetry.expression.expression import Expression
from sim.exports.promql import READ_EVERY_S, UntoldError, duration, promql
from sim.run.watch import pace, rules_of
from sim.scenario.scenario import Scenario

WIDTH: Final = 120


@dataclass(slots=True)
class RuleFile:
    """A file of alert rules.

    Attributes:
        text: YAML, with what it lacks as comments before it.
        left_out: alerts that PromQL cannot say, a line each.
        remarks: alerts that are not quite the same there, a line each.
    """

    text: str
    left_out: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def rule_file(scenario: Scenario, read_every_s: float = READ_EVERY_S) -> RuleFile:
    """Return the rules of a run of ``scenario``, at its pace, whose endpoint is read every ``read_every_s``."""
    factor, every = pace(scenario), duration(read_every_s)
    made = RuleFile("")
    rules = list(_rules((*rules_of(scenario), *stream_rules(factor)), made, read_every_s))
    group = {"name": f"riskdrill-{scenario.name}", "interval": every, "rules": rules}
    waits = "as in production" if factor == PRODUCTION else f"{factor:g} times those of production, as in a drill"
    head = [
        f"Alerts of {scenario.name} for Prometheus, from its scenario and from those that every run has.",
        f"Waits and windows are {waits}. Have the endpoint read every {every} or more often: a rate takes",
        "two readings, and a window with fewer never alerts. --scrape-interval makes rules for another interval.",
        *(f"LEFT OUT {line}" for line in made.left_out),
        *(f"NOT QUITE THE SAME {line}" for line in made.remarks),
    ]
    body = yaml.safe_dump({"groups": [group]}, sort_keys=False, allow_unicode=True, width=WIDTH)
    made.text = "".join(f"# {line}\n" for line in head) + body
    return made


def _rules(rules: tuple[AlertRule, ...], made: RuleFile, read_every_s: float) -> Iterator[dict[str, Any]]:
    for rule in rules:
        try:
            query, remarks = promql(Expression.parse(rule.expr), rule.windows_s, read_every_s)
        except UntoldError as untold:
            made.left_out.append(f"{rule.alert} ({rule.expr}): {untold}")
            continue
        made.remarks += [f"{rule.alert} ({rule.expr}): {remark}" for remark in remarks]
        yield _rule(rule, query)


def _rule(rule: AlertRule, query: str) -> dict[str, Any]:
    waits = {"for": rule.for_s, "keep_firing_for": rule.keep_firing_for_s}
    return {
        "alert": rule.alert,
        "expr": query,
        **{name: duration(span_s) for name, span_s in waits.items() if span_s},
        "labels": {"severity": rule.severity.value},
        "annotations": _annotations(rule),
    }


def _annotations(rule: AlertRule) -> dict[str, str]:
    """Return what whoever is told reads: the runbook, or for a scenario's own alert its condition."""
    told = ESCALATION[rule.severity].told
    if rule.runbook is None:
        return {"summary": _literal(f"{rule.expr} holds"), "condition": _literal(rule.expr), "told": told}
    book = rule.runbook
    texts = {"summary": book.means, "look_at": book.look, "do": book.do, "condition": rule.expr, "told": told}
    return {name: _literal(text) for name, text in texts.items()}


def _literal(text: str) -> str:
    """Return ``text`` as a template that gives just it."""
    return text.replace("{{", '{{"{{"}}')
