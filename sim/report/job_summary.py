"""The verdict of runs as Markdown, for the page of a CI job.

Text that comes from a scenario is escaped: none of it is taken for a mark, a cell's border or HTML.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from sim.judging.verdict import seen
from sim.report.summary import Summary

MOST_BYTES: Final = 1_000_000  # GitHub takes 1 MiB a step
_CUT: Final = "\n\n*The rest is left out: a job summary has at most 1 MiB.*\n"
_MARKS: Final = re.compile(r"([\\`*_{}\[\]<>#|~&@])")
_WORDS: Final = {"pass": "pass", "fail": "**fail**", "inconclusive": "**inconclusive**"}
_STATES: Final = {"failed": "**failed**", "inconclusive": "**inconclusive**"}

Row = Sequence[str]


def of_run(summary: Summary, name: str, folder: str) -> str:
    """Return the section of one run.

    Args:
        summary: of the run.
        name: of the run, as its heading.
        folder: where its files are.
    """
    return "\n".join(_lines(summary, name, folder)) + "\n\n"


def overview(rows: Iterable[Row], shares: Iterable[str], exit_code: int) -> str:
    """Return the table of several runs: name, verdict, exit code and first reason of each, then shares of passes."""
    cells = [
        [plain(name), _WORDS.get(verdict, f"**{plain(verdict)}**"), code, plain(reason)]
        for name, verdict, code, reason in rows
    ]
    lines = ["## riskdrill", "", *_table(("scenario", "verdict", "exit code", "first reason"), cells), ""]
    lines += [f"- {plain(each)}" for each in shares]
    return "\n".join([*lines, "", f"Exit code of all: {exit_code}", ""]) + "\n"


def bounded(text: str) -> bytes:
    """Return ``text`` no longer than a job summary may be."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= MOST_BYTES:
        return raw
    return raw[:MOST_BYTES].decode("utf-8", "ignore").rpartition("\n")[0].encode() + _CUT.encode()


def plain(text: str) -> str:
    r"""Return ``text`` as Markdown that shows it as it is, in one line.

    Example:
        >>> plain("p95 | <script>")
        'p95 \\| \\<script\\>'
    """
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


def _lines(summary: Summary, name: str, folder: str) -> Iterator[str]:
    yield f"### {plain(name)}: {_WORDS[summary.verdict]} (exit code {summary.exit_code})"
    yield ""
    if summary.hypothesis:
        yield from (f"> {plain(summary.hypothesis)}", "")
    if summary.reasons:
        yield from (f"- {plain(each)}" for each in summary.reasons)
        yield ""
    if summary.expectations:
        cells = [
            (plain(each.name), _STATES.get(each.state, each.state), plain(each.wanted), plain(each.note or seen(each)))
            for each in summary.expectations
        ]
        yield from (*_table(("expectation", "state", "wanted", "seen"), cells), "")
    yield from (*_table(("figure", "whole run"), list(_figures(summary))), "")
    if summary.alerts:
        alerts = [
            (plain(each.alert), each.severity, f"{each.fired_count:,}", each.state, plain(each.text))
            for each in summary.alerts
        ]
        yield from (*_table(("alert", "severity", "fired", "at the end", "figures"), alerts), "")
    if summary.faults:
        faults = [(plain(each.name), each.kind, each.state, f"{each.touched_count:,}") for each in summary.faults]
        yield from (*_table(("fault", "kind", "state", "touched"), faults), "")
    yield f"Seed {summary.seed}, {summary.clock} clock, scenario `{summary.scenario_digest}`; files in {plain(folder)}"


def _figures(summary: Summary) -> Iterator[Row]:
    for name, value in (
        ("latency p50", summary.latency_p50_ms),
        ("latency p95", summary.latency_p95_ms),
        ("latency p99", summary.latency_p99_ms),
    ):
        yield name, "no samples" if value is None else f"{value:,.1f} ms"
    rate = summary.throughput_events_per_sec
    yield "throughput", "no samples" if rate is None else f"{rate:,.0f}/s"
    yield "errors", "no samples" if summary.error_rate is None else f"{100 * summary.error_rate:.3g} %"
    ledger = summary.ledger
    yield "decided, of those sent", f"{ledger.decided:,} of {ledger.produced:,}"
    yield "ledger", "balanced" if ledger.balanced else "**not balanced**"


def _table(titles: Row, rows: Iterable[Row]) -> Iterator[str]:
    yield f"| {' | '.join(titles)} |"
    yield f"|{' --- |' * len(titles)}"
    yield from (f"| {' | '.join(each)} |" for each in rows)
