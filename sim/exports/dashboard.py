"""A dashboard for Grafana: the panels in rows, with phases and faults as annotations over all of them."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from sim.exports.panels import ONLY, Panel, layout
from sim.metrics_endpoint.run_series import BUILD_INFO, FAULT_ACTIVE, PHASE_ACTIVE

SCHEMA_VERSION: Final = 39  # of Grafana 10.3, which later ones read too
WIDTH: Final = 24  # of Grafana's grid
ACROSS: Final = 3
HEIGHT: Final = 8
SOURCE: Final = {"type": "prometheus", "uid": "${source}"}
GREEN, RED, GREY = "green", "red", "rgba(128, 128, 128, 0.5)"


def dashboard() -> bytes:
    """Return the dashboard as JSON, to be imported."""
    return msgspec.json.format(msgspec.json.encode(document()), indent=2) + b"\n"


def document() -> dict[str, Any]:
    """Return the dashboard as Grafana reads it."""
    return {
        "uid": "riskdrill",
        "title": "riskdrill",
        "description": "A run of riskdrill: promises, alerts and metrics, with its phases and faults marked.",
        "tags": ["riskdrill"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,  # one cursor over all
        "refresh": "5s",
        "time": {"from": "now-15m", "to": "now"},
        "timezone": "browser",
        "templating": {"list": list(_variables())},
        "annotations": {"list": list(_annotations())},
        "panels": list(_panels()),
    }


def _variables() -> Iterator[dict[str, Any]]:
    """Yield what a reader chooses: the source, and of which process."""
    yield {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    for name in ("job", "instance"):
        yield {
            "name": name,
            "type": "query",
            "datasource": SOURCE,
            "query": f"label_values({BUILD_INFO.name}, {name})",
            "refresh": 2,  # whenever the time range changes
            "multi": True,
            "includeAll": True,
            "allValue": ".*",
            "current": {"text": "All", "value": "$__all"},
        }


def _annotations() -> Iterator[dict[str, Any]]:
    for name, series, title, color in (
        ("Faults", FAULT_ACTIVE, "{{fault}} ({{kind}})", RED),
        ("Phases", PHASE_ACTIVE, "{{phase}}", GREY),
    ):
        yield {
            "name": name,
            "datasource": SOURCE,
            "enable": True,
            "iconColor": color,
            "expr": f"max by ({', '.join(series.labels)}) ({series.name}{{{ONLY}}}) == 1",
            "step": "1s",
            "titleFormat": title,
        }


def _panels() -> Iterator[dict[str, Any]]:
    """Yield the panels, those of a row beside each other."""
    number, top = 1, 0
    for row in layout():
        yield {"id": number, "type": "row", "title": row.title, "collapsed": False, "panels": [], **_place(0, top, 1)}
        number, top = number + 1, top + 1
        for at, panel in enumerate(row.panels):
            yield {"id": number, **_panel(panel), **_place(at % ACROSS, top + at // ACROSS * HEIGHT, HEIGHT)}
            number += 1
        top += -(-len(row.panels) // ACROSS) * HEIGHT


def _place(column: int, top: int, height: int) -> dict[str, Any]:
    width = WIDTH if height == 1 else WIDTH // ACROSS
    return {"gridPos": {"x": column * WIDTH // ACROSS, "y": top, "w": width, "h": height}}


def _panel(panel: Panel) -> dict[str, Any]:
    return {
        "type": panel.kind,
        "title": panel.title,
        "datasource": SOURCE,
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "datasource": SOURCE,
                "expr": query.expr,
                "legendFormat": query.legend,
                **({"format": "heatmap"} if panel.kind == "heatmap" else {}),
            }
            for number, query in enumerate(panel.queries)
        ],
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0, **_look(panel)}, "overrides": []},
        "options": {"calculate": False} if panel.kind == "heatmap" else {},
    }


def _look(panel: Panel) -> dict[str, Any]:
    """Return how lines are drawn: a promise as a border, shares of a whole on each other, states in two colours."""
    if panel.kind == "state-timeline":
        steps = [{"color": GREEN, "value": 0}, {"color": RED, "value": 1}]
        return {"thresholds": {"mode": "absolute", "steps": steps}, "color": {"mode": "thresholds"}}
    if panel.kind != "timeseries":
        return {}
    custom: dict[str, Any] = {"fillOpacity": 0}
    if panel.stacked:
        custom = {"fillOpacity": 40, "stacking": {"mode": "normal", "group": "A"}}
    if panel.limit is None:
        return {"custom": custom}
    steps = [{"color": GREEN, "value": 0}, {"color": RED, "value": panel.limit}]
    return {
        "custom": {**custom, "thresholdsStyle": {"mode": "dashed"}},
        "thresholds": {"mode": "absolute", "steps": steps},
    }
