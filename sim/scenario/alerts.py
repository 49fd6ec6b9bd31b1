"""The alerts that a scenario adds to the built-in ones."""

from typing import Literal

import msgspec

from sim.scalars import Duration, Name


class Alert(msgspec.Struct, frozen=True, kw_only=True, rename={"for_": "for"}):
    """An alert rule, in the words of Prometheus.

    Attributes:
        alert: its name, unique among all alerts.
        expr: a condition on metrics over the last 10 s.
        for_: how long the condition must hold before it fires.
        keep_firing_for: how long it stays firing after the condition has ended.
        severity: who is told.
    """

    alert: Name
    expr: str
    for_: Duration = 0
    keep_firing_for: Duration = 0
    severity: Literal["page", "ticket", "info"] = "page"
