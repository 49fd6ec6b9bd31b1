"""What to write in the column map for a text that does not read as a time: the reason, and formats that fit."""

import re
from collections.abc import Iterator

import polars as pl

from sim.replay.field import columns_written, written
from sim.replay.instants import InstantReader
from sim.time_formats import pattern

RULE = "must be a time"
_TRIPLE = re.compile(r"([0-9]{1,4})([-/. ])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})(?![0-9])")
_DAY = r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_NAMED = re.compile(rf"(?i)\b{_MONTH}\b")
_TOKENS = re.compile(rf"(?i)(?P<a>\b{_DAY}\b)|(?P<b>\b{_MONTH}\b)|(?P<n>[0-9]+)|(?P<other>[^a-z0-9]+|[a-z]+)")
_CLOCK = re.compile(
    r"(?i)(?P<H>[0-9]{1,2}):[0-9]{2}(?P<S>:[0-9]{2})?(?P<f>[.][0-9]{1,9})?(?P<p> ?[ap][.]?m[.]?)?"
    r"(?P<z> ?(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))?$"
)
_RUNS = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S", 17: "%Y%m%d%H%M%S%f"}


def run_format(text: str) -> str | None:
    """Return the format of a date written as one number, such as 20180401, or None if ``text`` is none.

    Example:
        >>> run_format("20180401"), run_format("20181301")
        ('%Y%m%d', None)
    """
    known = _RUNS.get(len(text))
    return known if known is not None and re.match(r"(?:19[9]|20[0-9])[0-9]", text) and _reads(known, text) else None


def formats_of(text: str) -> tuple[str, ...]:
    """Return the formats in which ``text`` is a time, the likely ones first.

    Example:
        >>> formats_of("04/03/2024 08:01")
        ('%d/%m/%Y %H:%M', '%m/%d/%Y %H:%M')
        >>> formats_of("03/14/2024")
        ('%m/%d/%Y',)
    """
    plain = text.strip()
    clock = _CLOCK.search(plain)
    date = plain[: clock.start()] if clock else plain
    tail = _clock_format(clock) if clock else ""
    between = "" if not clock else date[len(date.rstrip(" T,")) :]
    found = (f"{each}{between}{tail}" for each in _date_formats(date.rstrip(" T,") if clock else date))
    return tuple(dict.fromkeys(each for each in found if _reads(each, plain)))


def advice(field: str, names: tuple[str, ...], text: str, texts: pl.Series) -> tuple[str, str]:
    """Return the rule that ``text`` breaks, and what to write instead.

    Args:
        field: the field.
        names: its columns.
        text: a value that is no time as it stands.
        texts: the column that it is from, which tells formats apart that fit the one text.
    """
    if (run := run_format(text)) is not None:
        return "is a date written as a number", f"write {_with_format(field, names, run)}"
    formats = formats_of(text)
    formats = tuple(each for each in formats if _fits_all(each, texts)) or formats
    if not formats:
        return _without_format(field, names, text)
    remedy = " or ".join(_with_format(field, names, each) for each in formats[:2])
    if len(formats) > 1:
        parts = "day, month and year" if any(each.startswith("%y") for each in formats) else "day and month"
        return f"{RULE}, and here {parts} could be swapped", f"write {remedy}"
    return f"{RULE}, and {_peculiarity(formats[0])}", f"write {remedy}"


def _without_format(field: str, names: tuple[str, ...], text: str) -> tuple[str, str]:
    plain = text.strip()
    if _CLOCK.fullmatch(plain):
        both = written(field, columns=["DATE", *names], format="%Y-%m-%d %H:%M:%S")
        return "is a time of day without its date", f"give the column of the date too, as in {both}"
    if re.fullmatch(r"[+-]?[0-9]+(?:\.[0-9]*)?", plain):
        return "is a number here and a date in other rows", "write it one way in all rows"
    if re.fullmatch(r"[+-]?[0-9](?:\.[0-9]+)?[eE][+-]?[0-9]+", plain):
        return "is a number in exponent form, whose last digits are lost", "export the column as text"
    example = written(field, **columns_written(names), format="%d/%m/%Y %H:%M")
    return f"{RULE} (such as 2018-04-01T00:00:31)", f"say how it is written, as in {example}, or mend or drop the row"


def _with_format(field: str, names: tuple[str, ...], form: str) -> str:
    return written(field, **columns_written(names), format=form)


def _peculiarity(form: str) -> str:
    """Return what keeps a text of this format from being read as it stands."""
    if "%p" in form:
        return "this one is of a 12-hour clock"
    if "%y" in form:
        return "this one has a year of two digits"
    if "%b" in form:
        return "this one names its month"
    return "this one does not begin with its year" if not form.startswith("%Y") else "this one is written otherwise"


def _clock_format(clock: re.Match[str]) -> str:
    hour = "%I" if clock["p"] else "%H"
    half = "" if not clock["p"] else " %p" if clock["p"].startswith(" ") else "%p"
    offset = "" if not clock["z"] else " %z" if clock["z"].startswith(" ") else "%z"
    return f"{hour}:%M{':%S' if clock['S'] else ''}{'.%f' if clock['f'] else ''}{half}{offset}"


def _date_formats(date: str) -> Iterator[str]:
    """Yield formats that may fit ``date``, which has no time of day."""
    if _NAMED.search(date):
        yield from _named(date)
        return
    triple = _TRIPLE.fullmatch(date.strip())
    if triple is None:
        if (run := run_format(date)) is not None:
            yield run
        return
    first, mark, _, last = triple.groups()
    if len(first) == 4:  # noqa: PLR2004 - digits of a year
        yield f"%Y{mark}%m{mark}%d"
        return
    year = "%Y" if len(last) == 4 else "%y"  # noqa: PLR2004 - digits of a year
    yield f"%d{mark}%m{mark}{year}"
    yield f"%m{mark}%d{mark}{year}"
    if year == "%y":
        yield f"%y{mark}%m{mark}%d"


def _named(date: str) -> Iterator[str]:
    """Yield the format of a date that names its month; of its two numbers the year is the long one, else the last."""
    tokens = list(_TOKENS.finditer(date))
    numbers = [each for each in tokens if each["n"]]
    if len(numbers) != 2:  # noqa: PLR2004 - a day and a year
        return
    year = next((each for each in numbers if len(each["n"]) == 4), numbers[-1])  # noqa: PLR2004 - digits of a year
    yield "".join(_named_part(each, year) for each in tokens)


def _named_part(token: re.Match[str], year: re.Match[str]) -> str:
    if token["a"] or token["b"]:
        return "%a" if token["a"] else "%b"
    if not token["n"]:
        return token[0].replace("%", "%%")
    return "%d" if token is not year else "%Y" if len(token["n"]) == 4 else "%y"  # noqa: PLR2004 - digits of a year


def _reads(form: str, text: str) -> bool:
    return bool(_real(form, pl.Series([text])).all())


def _fits_all(form: str, texts: pl.Series) -> bool:
    return bool(_real(form, texts).fill_null(value=True).all())


def _real(form: str, texts: pl.Series) -> pl.Series:
    """Return which of ``texts`` are times in this format; null where there is none."""
    moments = InstantReader.of(texts, [pattern(form)])
    return pl.Series(moments.fits & moments.real).set(texts.is_null(), None)
