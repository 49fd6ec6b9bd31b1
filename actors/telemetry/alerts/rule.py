"""What an alert rule says, and who hears of it."""

from dataclasses import dataclass
from enum import StrEnum

import msgspec


class Severity(StrEnum):
    """How urgent an alert is."""

    PAGE = "page"
    TICKET = "ticket"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Escalation:
    """Who hears of an alert.

    Attributes:
        told: who is told when it fires.
        after_s: how long they have to acknowledge it; None: for ever.
        then: who is told after that.
    """

    told: str
    after_s: float | None = None
    then: str = ""


ESCALATION: dict[Severity, Escalation] = {
    Severity.PAGE: Escalation("on-call engineer", after_s=300.0, then="second line"),  # money is being lost now
    Severity.TICKET: Escalation("owning team's queue", after_s=86_400.0, then="team lead"),  # the next working day
    Severity.INFO: Escalation("screen only"),
}


class AlertRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule, in Prometheus' words.

    Attributes:
        alert: its name.
        expr: the condition that is bad news, over the last ten seconds.
        for_s: how long it must hold before the alert fires.
        keep_firing_for_s: how long it must not hold before the alert is resolved.
        severity: who is told.
    """

    alert: str
    expr: str
    for_s: float = 0.0
    keep_firing_for_s: float = 0.0
    severity: Severity = Severity.PAGE
