"""The language of expressions, parsed by lark into `actors.telemetry.expression.nodes`.

::

    latency.p99 < max(2 * baseline.latency.p99, 10ms) and error_ratio < 0.1%

A name with a scope before it is that metric in another span; a scope may hold hyphens, so subtraction needs spaces.
"""

import re
from collections.abc import Callable
from functools import cache
from math import isfinite
from string import ascii_letters
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput, UnexpectedToken

from actors.core.errors import InputError, nearest
from actors.telemetry.expression.nodes import (
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
from actors.telemetry.metrics.metric import EXAMPLE_SUFFIX, SUFFIXES, Dimension

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
        raise ExpressionError(*broken_rule(error, text)) from None
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


_OPERATORS = {"=": "==", "&": "and", "|": "or", "≤": "<=", "≥": ">=", "≠": "!="}
_SWAPPED = {"=<": "<=", "=>": ">="}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_MEANT = {  # units as other tools write them
    "/s": "rps tps qps ps hz per_s per_sec req reqs events transactions tx",
    "s": "sec secs second seconds",
    "ms": "msec msecs millis millisecond milliseconds",
    "us": "usec micros microsecond microseconds",
    "min": "mins minute minutes",
    "h": "hr hrs hour hours",
    "d": "day days",
    "%": "percent pct pc",
    "MB": "mb M MiB Mb megabytes",
    "GB": "gb G GiB Gb gigabytes",
    "kB": "kb k KiB",
}
_UNITS = {word: unit for unit, words in _MEANT.items() for word in words.split()}


def broken_rule(error: UnexpectedInput, text: str) -> tuple[str, int]:
    """Return the rule that ``text`` breaks, with the remedy, and the column where it does, from 1."""
    at = error.pos_in_stream or 0
    if not isinstance(error, UnexpectedToken):
        return _bad_character(text, at), at + 1
    if error.token.type == "$END":
        return _unfinished(error), len(text.rstrip()) + 1
    return _bad_token(error, text[:at], text[at:]), at + 1


def no_unit(digits: str, suffix: str) -> str:
    """Return what to say of a number whose suffix is no unit.

    Example:
        >>> no_unit("100", "rps"), no_unit("5", "msx")
        ('rps is not a unit; did you mean 100/s?', 'msx is not a unit; did you mean 5ms?')
    """
    unit = _UNITS.get(suffix) or _UNITS.get(suffix.lower()) or nearest(suffix, SUFFIXES)
    meant = f"the units are {', '.join(SUFFIXES)}" if unit is None else f"did you mean {digits.strip()}{unit}?"
    return f"{suffix} is not a unit; {meant}"


def _bad_character(text: str, at: int) -> str:
    character = text[at]
    if (pair := text[at : at + 2]) in _SWAPPED:
        return f"{pair} is not an operator; write {_SWAPPED[pair]}"
    if character == "!":
        return _no_not(text[at + 1 :], "!")
    if character in _OPERATORS:
        return f"{character} is not an operator; write {_OPERATORS[character]}"
    return f"{character!r} cannot stand here; leave it out"


def _no_not(rest: str, word: str) -> str:
    sign = re.search(r"<=|>=|==|!=|<|>", rest)
    turned = f"turn the comparison round, with {_OPPOSITE[sign[0]]} for {sign[0]}" if sign else "turn it round"
    return f"there is no {word}; {turned}"


def _unfinished(error: UnexpectedToken) -> str:
    wanted = _acceptable(error)
    if "COMPARE" in wanted:
        return "a figure alone is no condition; compare it, as in latency.p95 < 50ms"
    if "RPAR" in wanted:
        return "a ( is never closed"
    return "the expression ends where a metric or a number must follow"


def _acceptable(error: UnexpectedToken) -> set[str]:
    return set(error.accepts or error.expected)


def _bad_token(error: UnexpectedToken, before: str, rest: str) -> str:
    token, kind, wanted = str(error.token), error.token.type, _acceptable(error)
    number = re.search(r"(?<![\w.])([\d.]+)\s+$", before)
    row = f"two operators in a row at {token}; keep one of <, <=, >, >=, ==, !="
    known = (
        (re.search(r"\bnot\s*$", before), _no_not(rest, "not")),
        (kind == "COMMA", _comma(before, rest)),
        (kind == "COMPARE" and "COMPARE" not in wanted and re.search(r"[<>=!]\s*$", before), row),
        (kind == "COMPARE" and "COMPARE" not in wanted, f"comparisons do not chain at {token}; write a < b and b < c"),
        (kind == "LPAR" and "COMPARE" in wanted, _no_function(before, rest)),
        (kind == "RPAR", "this ) closes nothing, or a metric or number is missing before it"),
        (
            kind in {"_AND", "_OR"} and "COMPARE" in wanted,
            f"a figure alone is no condition; compare it before {token}",
        ),
        (kind == "NAME" and number, no_unit(number[1] if number else "", token)),
        (kind in {"QUANTITY", "NAME", "EXTREME"}, f"an operator is missing before {token}"),
    )
    return next((text for case, text in known if case), f"{token} cannot stand here; a metric or a number must")


def _comma(before: str, rest: str) -> str:
    whole, part = re.search(r"\d+$", before), re.match(r",(\d+\s*[\w%/]*)", rest)
    if whole and part:
        return f"a , cannot stand in a number; write {whole[0]}.{part[1]}, or leave it out between thousands"
    return "a , stands only within max( ) and min( ); write and or or between conditions"


def _no_function(before: str, rest: str) -> str:
    name, digits = re.search(r"([\w.]+)$", before), re.match(r"\(\s*([\d.]+)\s*\)", rest)
    if name and digits and name[1].split(".")[-1] in ("p", "percentile", "quantile"):
        percentile = name[1].rpartition(".")[0] or "latency"
        return f"a percentile is no function; write {percentile}.p{digits[1].replace('.', '_')}"
    return "only max( ) and min( ) are functions; a metric is written by its name alone"
