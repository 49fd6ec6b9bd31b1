"""The language of expressions, parsed by lark into `actors.telemetry.nodes`.

::

    latency.p99 < max(2 * baseline.latency.p99, 10ms) and error_ratio < 0.1%

A name with a scope before it is that metric in another span; a scope may hold hyphens, so subtraction needs spaces.
"""

from collections.abc import Callable
from functools import cache
from math import isfinite
from string import ascii_letters
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput

from actors.errors import InputError
from actors.telemetry.nodes import (
    Arithmetic,
    Comparison,
    Condition,
    Extreme,
    Literal,
    Logic,
    Number,
    Read,
    is_bare_zero,
)
from actors.telemetry.slips import no_unit, slip
from actors.telemetry.units import EXAMPLE_SUFFIX, SUFFIXES, Dimension

GRAMMAR = r"""
    ?start: disjunction
    ?disjunction: conjunction (_OR conjunction)*
    ?conjunction: condition (_AND condition)*
    ?condition: comparison
        | "(" disjunction ")"
    comparison: number COMPARE number
    ?number: product
        | number SUM product -> arithmetic
    ?product: atom
        | product PRODUCT atom -> arithmetic
    ?atom: QUANTITY -> literal
        | NAME -> read
        | EXTREME "(" number ("," number)* ")" -> extreme
        | "(" number ")"

    COMPARE: "<=" | ">=" | "==" | "!=" | "<" | ">"
    SUM: "+" | "-"
    PRODUCT: "*" | "/"
    _AND: /and\b/
    _OR: /or\b/
    EXTREME.2: /(max|min)(?=\s*\()/
    QUANTITY: /-?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?(\/s\b|\s*%|\s+(ns|us|µs|ms|s|m|min|h|d|kB|KB|MB|GB)\b|[A-Za-zµ]+)?/
    NAME: /(?!(and|or)\b)[A-Za-z_]\w*(-\w+)*(\.\w+)*/
    %ignore /\s+/
"""

MAX_LENGTH = 1_000  # nobody reads a longer one, and its parts nest less deep than Python's own stack


class ExpressionError(InputError):
    """An expression that breaks a rule.

    Attributes:
        problem: the rule, the value and the remedy.
        column: where in the expression, from 1.
    """

    def __init__(self, problem: str, column: int) -> None:
        super().__init__(f"column {column}: {problem}")
        self.problem = problem
        self.column = column


class NoSuchMetricError(ExpressionError):
    """A name that no metric has; whoever can should say where they are listed."""


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", maybe_placeholders=False)


def parse(text: str, find_read: Callable[[str, int], Read]) -> Condition:
    """Return the condition that ``text`` states.

    Args:
        text: the expression.
        find_read: turns a name at a column into a metric in a scope, or raises.

    Raises:
        ExpressionError: ``text`` breaks a rule.
    """
    if not text.strip():
        raise ExpressionError("the expression is empty; write a condition such as latency.p95 < 50ms", 1)
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"{len(text)} characters; an expression has at most {MAX_LENGTH}", MAX_LENGTH + 1)
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise ExpressionError(*slip(error, text)) from None
    return _Builder(find_read).condition(tree)


class _Builder:
    """Turns lark's tree into nodes, checking suffixes, names and dimensions on the way."""

    def __init__(self, find_read: Callable[[str, int], Read]) -> None:
        self._find_read = find_read

    def condition(self, tree: Tree[Token]) -> Condition:
        """Return the node of a condition."""
        if tree.data == "comparison":
            left, sign, right = tree.children
            nodes = self.number(left), self.number(right)
            _same_dimension(*nodes)
            return Comparison(str(sign), *nodes, _column(sign))
        parts = tuple(self.condition(child) for child in tree.children if isinstance(child, Tree))
        return Logic("or" if tree.data == "disjunction" else "and", parts, parts[0].column)

    def number(self, tree: Any) -> Number:  # noqa: ANN401  lark's children are tokens or trees
        """Return the node of a number."""
        first = tree.children[0]
        if tree.data == "literal":
            return _literal(str(first), _column(first))
        if tree.data == "read":
            return self._find_read(str(first), _column(first))
        if tree.data == "extreme":
            parts = tuple(self.number(child) for child in tree.children[1:])
            for part in parts[1:]:
                _same_dimension(parts[0], part)
            return Extreme(str(first), parts, _column(first))
        left, sign, right = tree.children
        return _arithmetic(str(sign), self.number(left), self.number(right), _column(sign))


def _column(token: Any) -> int:  # noqa: ANN401  lark types children as tokens or trees
    start: int = token.start_pos
    return start + 1


def _literal(text: str, column: int) -> Literal:
    digits = text.rstrip(ascii_letters + "µ%/ \t")
    suffix = text[len(digits) :].strip()
    if not isfinite(float(digits)):
        raise ExpressionError(f"{digits} is too large a number", column)
    if not suffix:
        return Literal(float(digits), Dimension.NUMBER, digits, column)
    if suffix not in SUFFIXES:
        raise ExpressionError(no_unit(digits, suffix), column)
    dimension, factor = SUFFIXES[suffix]
    return Literal(float(digits) * factor, dimension, f"{digits}{suffix}", column)


def _arithmetic(sign: str, left: Number, right: Number, column: int) -> Arithmetic:
    if sign in "+-":
        _same_dimension(left, right)
        dimension = right.dimension if is_bare_zero(left) else left.dimension
        return Arithmetic(sign, left, right, dimension, column)
    if right.dimension is Dimension.NUMBER:
        return Arithmetic(sign, left, right, left.dimension, column)
    if sign == "*" and left.dimension is Dimension.NUMBER:
        return Arithmetic(sign, left, right, right.dimension, column)
    if sign == "/" and left.dimension is right.dimension:
        return Arithmetic(sign, left, right, Dimension.NUMBER, column)
    raise ExpressionError(
        f"{left} is {left.dimension.value} and {right} {right.dimension.value}; {sign} has no use", column
    )


def _same_dimension(left: Number, right: Number) -> None:
    if left.dimension is right.dimension or is_bare_zero(left) or is_bare_zero(right):
        return
    for number, other in ((right, left), (left, right)):
        if isinstance(number, Literal) and number.dimension is Dimension.NUMBER and "%" not in number.text:
            of_seconds = other.dimension is Dimension.TIME and abs(number.value) < 1  # as other tools write 50 ms
            remedy = f"{number} needs a unit: {number}{'s' if of_seconds else EXAMPLE_SUFFIX[other.dimension]}?"
            raise ExpressionError(f"{other} is {other.dimension.value}, {remedy}", number.column)
    raise ExpressionError(
        f"{left} is {left.dimension.value} and {right} {right.dimension.value}; they cannot be compared or added",
        right.column,
    )
