"""Comparisons that say nothing: whatever is measured, they hold, or they never do.

A ratio is 0 to 1, a time is never below 0, a p95 is never below the p50 beside it. A condition that is settled before
anything was measured is a slip, most often of a unit: ``error_ratio < 5`` where 5 % was meant.
"""

from collections.abc import Iterator
from math import inf

from actors.telemetry.expression.grammar import ExpressionError
from actors.telemetry.expression.nodes import (
    Arithmetic,
    Bounds,
    Comparison,
    Condition,
    Extreme,
    Literal,
    Logic,
    Number,
    Read,
    combine,
    compare,
    exactly,
    extreme,
)
from actors.telemetry.metrics.metric import Dimension, Unit

_COUNTED = (Unit.COUNT, Unit.PER_S, Unit.AMOUNT, Unit.SIGMA)
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class EmptyConditionError(ExpressionError):
    """A condition that is well written, and settled whatever is measured."""


def check(condition: Condition) -> None:
    """Look at every comparison of ``condition``.

    Raises:
        EmptyConditionError: one of them is settled by what its metrics can be, or compares a share with a number that
            is not one; it has the column.
    """
    if isinstance(condition, Logic):
        for part in condition.parts:
            check(part)
        return
    for read, literal in _pairs(condition):
        _check_literal(read, literal)
    _check_order(condition)
    _check_range(condition)


def _pairs(comparison: Comparison) -> Iterator[tuple[Read, Literal]]:
    """Yield each metric with each number that it is compared with as they stand, also within max( ) and min( )."""
    for one, other in ((comparison.left, comparison.right), (comparison.right, comparison.left)):
        for read in _leaves(one):
            for literal in _leaves(other):
                if isinstance(read, Read) and isinstance(literal, Literal):
                    yield read, literal


def _leaves(number: Number) -> Iterator[Number]:
    if isinstance(number, Extreme):
        for part in number.parts:
            yield from _leaves(part)
    else:
        yield number


def _check_literal(read: Read, literal: Literal) -> None:
    if literal.value < 0 and read.dimension is not Dimension.NUMBER:
        what = read.dimension.value
        raise EmptyConditionError(
            f"{literal} is below 0, which {what} never is; write what it is at most", literal.column
        )
    _check_suffix(read, literal)
    metric = read.metric
    bare = literal.dimension is Dimension.NUMBER and "%" not in literal.text
    if not bare or metric.unit not in (Unit.RATIO, Unit.SCORE):
        return
    if literal.value > 1 or (literal.value == 1 and metric.worse):
        kind = "a score" if metric.unit is Unit.SCORE else "a ratio"
        what = f"{kind}, 0 to 1" if metric.highest == 1 else f"{kind}, where 1 is the whole"
        meant = f"{literal.value:g}%" if literal.value > 1 else "1%, or 100%"
        rule = f"{read} is {what}, and {literal} is {100 * literal.value:,.6g} %"
        raise EmptyConditionError(f"{rule}; did you mean {meant}?", literal.column)


def _check_suffix(read: Read, literal: Literal) -> None:
    """Refuse a share where something is counted, and a rate where none is: both would be read as another number."""
    unit = read.metric.unit
    if literal.text.endswith("%") and unit in _COUNTED:
        rule = f"{read} is no share, and {literal} would be read as {literal.value:g}"
        raise EmptyConditionError(f"{rule}; write a plain number, or {literal} * another metric", literal.column)
    if literal.text.endswith("/s") and unit is not Unit.PER_S:
        rule = f"{read} is no rate, and {literal} would be read as {literal.value:g}"
        raise EmptyConditionError(f"{rule}; write it without /s", literal.column)


def _check_order(comparison: Comparison) -> None:
    """Refuse a figure compared with itself, and figures of one stage whose order is always the same."""
    left, right = comparison.left, comparison.right
    if not isinstance(left, Read) or not isinstance(right, Read) or left.scope != right.scope:
        return
    if left.metric is right.metric:
        raise EmptyConditionError(
            f"{left} is compared with itself; compare it with a limit, or in two spans", right.column
        )
    ranks = [_rank(read) for read in (left, right)]
    if left.metric.stage is None or left.metric.stage is not right.metric.stage or None in ranks:
        return
    lower, higher = (left, right) if (ranks[0] or 0) < (ranks[1] or 0) else (right, left)
    sign = comparison.sign if lower is left else _MIRRORED.get(comparison.sign)
    if sign in ("<=", ">"):
        can = "can never fail" if sign == "<=" else "can never hold"
        raise EmptyConditionError(
            f"{comparison} {can}: {lower} is never above {higher}; name a limit", comparison.column
        )


def _rank(read: Read) -> float | None:
    """Return where a figure of a stage stands among the others of it, None for a mean, which may be anywhere."""
    return inf if read.metric.name.endswith(".max") else read.metric.percent


def _check_range(comparison: Comparison) -> None:
    left, right = _range(comparison.left), _range(comparison.right)
    settled = None if left is None or right is None else compare(comparison.sign, left, right)
    if settled is None:
        return
    facts = dict.fromkeys(f"{read} is {read.metric.range}" for read in comparison.reads())
    why = " and ".join(facts) or "both sides are numbers"
    can = "never fail" if settled else "never hold"
    raise EmptyConditionError(f"{comparison} can {can}: {why}; write a limit that can be missed", comparison.column)


def _range(number: Number) -> Bounds | None:
    """Return what a number can be before anything is measured."""
    if isinstance(number, Literal):
        return exactly(number.value)
    if isinstance(number, Read):
        return Bounds(0.0, number.metric.highest * number.metric.unit.factor)
    if isinstance(number, Extreme):
        parts = [_range(part) for part in number.parts]
        return None if None in parts else extreme(number.name, [part for part in parts if part is not None])
    return _range_of_arithmetic(number)


def _range_of_arithmetic(number: Arithmetic) -> Bounds | None:
    left, right = _range(number.left), _range(number.right)
    return None if left is None or right is None else combine(number.sign, left, right)
