"""What is wrong with a text that is no expression: a sentence each for what people write, and none of the parser's.

Example:
    >>> no_unit("100", "rps"), no_unit("5", "msx")
    ('rps is not a unit; did you mean 100/s?', 'msx is not a unit; did you mean 5ms?')
"""

import re
from difflib import get_close_matches

from lark.exceptions import UnexpectedInput, UnexpectedToken

from actors.telemetry.units import SUFFIXES

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


def slip(error: UnexpectedInput, text: str) -> tuple[str, int]:
    """Return the rule that ``text`` breaks, with the remedy, and the column where it does, from 1."""
    at = error.pos_in_stream or 0
    if not isinstance(error, UnexpectedToken):
        return _bad_character(text, at), at + 1
    if error.token.type == "$END":
        return _unfinished(error), len(text.rstrip()) + 1
    return _bad_token(error, text[:at], text[at:]), at + 1


def no_unit(digits: str, suffix: str) -> str:
    """Return what to say of a number whose suffix is no unit."""
    near = get_close_matches(suffix, SUFFIXES, n=1, cutoff=0.6)
    unit = _UNITS.get(suffix) or _UNITS.get(suffix.lower()) or (near[0] if near else None)
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
