"""Settings of the pipeline that contradict each other, or the clock; errors name both as written, or as defaults."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sim.scenario.checks.view import View
from sim.scenario.field_types import fields_of
from sim.scenario.pipeline import on_servers
from sim.scenario.problems import Problem
from sim.units import render_duration


@dataclass(frozen=True, slots=True)
class _Order:
    """Two keys of one mapping of which the first must not be above the second.

    Attributes:
        low: the key that must be at most, or less.
        high: the other one.
        below: whether equal values are refused too.
        why: what happens otherwise; empty where it needs no word.
        shown: how a person writes the value.
    """

    low: str
    high: str
    below: bool = False
    why: str = ""
    shown: Callable[[Any], str] = "{:,}".format


_SCORER = _Order("shed_above", "capacity")
_THRESHOLDS = _Order("review", "block", shown="{:g}".format)
_RESTART = _Order("backoff", "max_backoff", shown=render_duration)
_BREAKER = _Order("minimum_calls", "window")
_HEDGE = _Order("hedge.after", "timeout", below=True, why="or no second call is ever made", shown=render_duration)


def check_limits(view: View) -> Iterator[Problem]:
    """Yield a problem for each contradiction."""
    pipeline, store = view.scenario.pipeline, view.scenario.pipeline.feature_store
    yield from _ordered(view, "pipeline.mailboxes.scorer", pipeline.mailboxes.scorer, _SCORER)
    yield from _ordered(view, "pipeline.thresholds", pipeline.thresholds, _THRESHOLDS)
    yield from _ordered(view, "pipeline.restart", pipeline.restart, _RESTART)
    if view.given("pipeline.feature_store.breaker.minimum_calls"):  # as a default it gives way to a shorter window
        yield from _ordered(view, "pipeline.feature_store.breaker", store.breaker, _BREAKER)
    yield from _ordered(view, "pipeline.feature_store", store, _HEDGE)
    if view.scenario.clock == "virtual":
        for path, (kind, own) in on_servers(pipeline).items():
            rule = f"must be {own} on the virtual clock: servers do not know virtual time"
            yield view.problem(path, rule, kind, "leave it out, or take clock: real")


def _ordered(view: View, path: str, holder: Any, order: _Order) -> Iterator[Problem]:  # noqa: ANN401 - any part of it
    """Yield a problem where the two values of ``order`` in ``holder``, at ``path``, are not in order."""
    low, high = _value(holder, order.low), _value(holder, order.high)
    if low is None or high is None or low < high or (low == high and not order.below):
        return
    low_path, high_path = f"{path}.{order.low}", f"{path}.{order.high}"
    why = f", {order.why}" if order.why else ""
    if view.given(low_path) and view.given(high_path):
        rule = f"must be {'less than' if order.below else 'at most'} {order.high}, {order.shown(high)}{why}"
        yield view.problem(low_path, rule, order.shown(low), "lower it" if order.below else "swap them")
    elif view.given(low_path):
        rule = f"must be {'less than' if order.below else 'at most'} {order.high}, by default {order.shown(high)}{why}"
        yield view.problem(low_path, rule, order.shown(low), f"lower it, or write {order.high} too")
    else:
        rule = f"must be {'more than' if order.below else 'at least'} {order.low}, by default {order.shown(low)}{why}"
        yield view.problem(high_path, rule, order.shown(high), f"raise it, or write {order.low} too")


def _value(holder: Any, key: str) -> Any:  # noqa: ANN401
    for step in key.split("."):
        if holder is None:
            return None
        name = next(field.name for field in fields_of(holder.__class__) if field.key == step)
        holder = getattr(holder, name)
    return holder
