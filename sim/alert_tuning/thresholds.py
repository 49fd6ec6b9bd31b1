"""What a rule would have done with another threshold or another wait: judged on what it read, without another run."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from actors.core.clock import NS_PER_S
from actors.core.errors import InputError
from actors.telemetry.alerts.rule import AlertRule
from actors.telemetry.expression.expression import Expression
from actors.telemetry.expression.grammar import ExpressionError
from actors.telemetry.expression.nodes import Arithmetic, Comparison, Condition, Extreme, Literal, Number
from sim.alert_tuning.alert_runs import Observed
from sim.alert_tuning.spread import Spread
from sim.judging.alert_grades import AlertGrades

TIMES = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)  # the present threshold
WAITS = (0.0, 0.5, 1.0, 2.0, 4.0)  # the present ``for``
WAITS_S = (0.0, 0.5, 1.0, 2.0, 5.0)  # of a rule that does not wait
_SUFFIX = re.compile(r"[\d.,_eE+-]*")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rule as it could be.

    Attributes:
        limit: the threshold, as written.
        expression: with that threshold.
        present: whether this is the rule as it is.
    """

    limit: str
    for_s: float
    expression: Expression
    present: bool


@dataclass(frozen=True, slots=True)
class Tuned:
    """How a candidate did over all runs.

    Attributes:
        detected_s: from injection to firing, of the faults it is to see.
        missed: of those, how many it did not see, over all runs.
        of: how many there were.
        false: false alarms in runs with faults, and all alarms in those without.
        flaps: in all runs.
    """

    candidate: Candidate
    detected_s: Spread | None
    missed: int
    of: int
    false: int
    flaps: int


def threshold(expression: Expression) -> Literal:
    """Return the number that is a rule's threshold: the first in it that is not 0.

    Raises:
        InputError: there is none.
    """
    found = next((each for each in _literals(expression.condition) if each.value), None)
    if found is None:
        raise InputError(f"{expression}: has no threshold to tune, only comparisons with 0 or between metrics")
    return found


def _literals(part: Condition | Number) -> Iterator[Literal]:
    if isinstance(part, Literal):
        yield part
    elif isinstance(part, Comparison | Arithmetic):
        yield from _literals(part.left)
        yield from _literals(part.right)
    elif isinstance(part, Extreme):
        for number in part.parts:
            yield from _literals(number)
    elif not hasattr(part, "metric"):
        for condition in part.parts:
            yield from _literals(condition)


def moved(rule: AlertRule, times: float) -> Candidate | None:
    """Return ``rule`` with ``times`` its threshold; None where that would say nothing, as a share over 100 %."""
    expression = Expression.parse(rule.expr)
    limit = threshold(expression)
    suffix = _SUFFIX.sub("", limit.text, count=1)
    number = float(limit.text.removesuffix(suffix).replace(",", "").replace("_", ""))
    text = f"{number * times:.4g}{suffix}"
    at = limit.column - 1
    try:
        changed = Expression.parse(f"{rule.expr[:at]}{text}{rule.expr[at + len(limit.text) :]}")
    except ExpressionError:
        return None
    return Candidate(text, rule.for_s, expression if times == 1 else changed, present=times == 1)


def candidates(rule: AlertRule) -> list[Candidate]:
    """Return what ``rule`` could be: every threshold with every wait."""
    limits = [each for times in TIMES if (each := moved(rule, times)) is not None]
    waits = [rule.for_s * times for times in WAITS] if rule.for_s else list(WAITS_S)
    return [
        Candidate(each.limit, for_s, each.expression, present=each.present and for_s == rule.for_s)
        for each in limits
        for for_s in waits
    ]


def regraded(run: Observed, rule: AlertRule, candidate: Candidate, recovery_s: float) -> AlertGrades:
    """Return how ``rule`` would have been graded in ``run`` as ``candidate``."""
    grader = run.grader(recovery_s)
    series = run.series
    if series is None:
        raise AssertionError("nothing was recorded in this run")
    for fired_ns, over_ns in series.firings(candidate.expression, candidate.for_s, rule.keep_firing_for_s):
        grader.fired(rule.alert, fired_ns / NS_PER_S)
        if over_ns is not None:
            grader.resolved(rule.alert, over_ns / NS_PER_S)
    return grader.grades()


def to_see(runs: Sequence[Observed], rule: AlertRule) -> frozenset[str]:
    """Return the faults that a rule is to see: that an expectation names, else that it saw, else all."""
    graded = [fault for run in runs for fault in run.grades.faults]
    expected = {
        each.during or (run.scenario.faults[0].name if run.scenario.faults else "")
        for run in runs
        for each in run.scenario.expect
        if each.alert == rule.alert
    } & {fault.fault for fault in graded}
    saw = {fault.fault for fault in graded for each in fault.alerts if each.alert == rule.alert}
    return frozenset(expected or saw or {fault.fault for fault in graded})


def tune(runs: Sequence[Observed], rule: AlertRule, recovery_s: float) -> list[Tuned]:
    """Return how each of the `candidates` would have done in ``runs``, which recorded what the rule read."""
    wanted = to_see(runs, rule)
    found = []
    for candidate in candidates(rule):
        grades = [(run.faulty, regraded(run, rule, candidate, recovery_s)) for run in runs]
        faults = [each for faulty, grade in grades if faulty for each in grade.faults]
        due = [each for each in faults if each.fault in wanted and each.first_effect_at_s is not None]
        times = [each.detected_after_s for each in due if each.detected_after_s is not None]
        found.append(
            Tuned(
                candidate,
                Spread.of(times),
                missed=len(due) - len(times),
                of=len(due),
                false=sum(grade.false for _, grade in grades),
                flaps=sum(grade.flaps for _, grade in grades),
            )
        )
    return found


def best(tuned: Sequence[Tuned]) -> Tuned | None:
    """Return the quickest that misses nothing, has no false alarm and does not flap; None where there is none."""
    clean = [each for each in tuned if not (each.missed or each.false or each.flaps) and each.detected_s is not None]
    return min(clean, key=lambda each: each.detected_s.middle if each.detected_s else 0.0, default=None)
