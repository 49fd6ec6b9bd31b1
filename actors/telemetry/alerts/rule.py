"""What an alert rule says, who hears of it, and what they do about it."""

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from actors.telemetry.window import RECENT_S


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


class Runbook(msgspec.Struct, frozen=True, kw_only=True):
    """What whoever is told does, in whole sentences: the screen and the documentation have them from here.

    Attributes:
        means: what is wrong, and what it costs.
        look: what to look at, to find the cause.
        do: what to do about it.
    """

    means: str
    look: str
    do: str


class AlertRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule, in Prometheus' words.

    Attributes:
        alert: its name.
        expr: the condition that is bad news; it must hold over each of the windows.
        for_s: how long it must hold before the alert fires.
        keep_firing_for_s: how long it must not hold before the alert is resolved.
        severity: who is told.
        windows_s: how far it looks back, longest first.
        runbook: what to do; None for a scenario's own alert.
    """

    alert: str
    expr: str
    for_s: float = 0.0
    keep_firing_for_s: float = 0.0
    severity: Severity = Severity.PAGE
    windows_s: tuple[float, ...] = (RECENT_S,)
    runbook: Runbook | None = None
