"""How urgent an alert is: who is told, and who is told next when nobody reacts."""

from dataclasses import dataclass
from enum import StrEnum


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
