"""A verdict as GitHub's workflow commands, and as Markdown."""

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.judging.result import ExpectationResult
from sim.judging.verdict import OfferedLoad, judge
from sim.report.annotations import annotation, of_problems, of_run, seen_from_workspace
from sim.report.figures import summarise
from sim.report.job_summary import MOST_BYTES, bounded, overview, plain
from sim.report.job_summary import of_run as section
from sim.report.summary import Summary
from sim.scenario.loader import parse, reason_lines
from sim.scenario.problems import InvalidScenarioError
from tests.report.test_summary import finished

COMMAND = re.compile(r"::(error|warning)(?: ([^:]*))?::(.*)", re.DOTALL)
UNSAID = {"%0A": "\n", "%0D": "\r", "%3A": ":", "%2C": ",", "%25": "%"}
TEXT = """\
version: 1
name: drill
phases: [{name: all, duration: 10s, rate: 100}]
faults:
  - {name: down, kind: feature_store_outage, at: 1s, duration: 1s}
expect:
  - {name: tail, expr: latency.p95 < 50ms}
  - name: few
    expr: latency.p99 < 50ms
abort_on: [error_ratio > 50%]
"""


def heard(line: str) -> tuple[str, dict[str, str], str]:
    """Return level, properties and text of a command, as GitHub's runner takes it apart."""
    found = COMMAND.fullmatch(line)
    assert found is not None, line
    level, said, text = found.groups()
    pairs = (each.split("=", 1) for each in (said or "").split(",") if each)
    return level, {name: unsaid(value) for name, value in pairs}, unsaid(text)


def unsaid(text: str) -> str:
    return re.sub("%(0A|0D|3A|2C|25)", lambda match: UNSAID[match[0]], text)


def summary(*results: ExpectationResult, broken: tuple[str, ...] = ()) -> Summary:
    verdict = judge(results, [], OfferedLoad(offered=10, produced=10), broken=broken)
    return msgspec.structs.replace(
        summarise(finished()),
        expectations=results,
        verdict=verdict.verdict,
        exit_code=verdict.exit_code,
        reasons=verdict.reasons,
        failures=verdict.failures,
    )


def failed(name: str, value: str = "71 ms") -> ExpectationResult:
    return ExpectationResult(name=name, state="failed", wanted="latency.p95 < 50ms", value=value)


@given(text=st.text(), title=st.text(min_size=1))
def test_whatever_is_said_is_heard(text: str, title: str) -> None:
    """No text ends a command, begins another or becomes a property."""
    line = annotation("error", text, title=title)
    assert "\n" not in line
    assert "\r" not in line
    assert heard(line) == ("error", {"title": title}, text)


def test_each_reason_is_annotated_at_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure is an error, a doubt a warning, and each points to what it is about."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    (file := tmp_path / "drills" / "drill.yaml").parent.mkdir()
    file.write_text(TEXT)
    few = ExpectationResult(name="few", state="inconclusive", wanted="", note="too few samples")
    told = summary(failed("tail"), few, broken=("aborted at 3 s by error_ratio > 50%: error_ratio = 60 %",))
    found = [heard(line) for line in of_run(told, file, reason_lines(file), "drill 2")]
    assert [(level, where["file"], where["line"]) for level, where, _ in found] == [
        ("error", "drills/drill.yaml", "10"),
        ("error", "drills/drill.yaml", "7"),
        ("warning", "drills/drill.yaml", "8"),
    ]
    assert [text for *_, text in found] == list(told.reasons)
    assert {where["title"] for _, where, _ in found} == {"drill 2: fail"}


def test_a_file_beyond_the_checkout_is_not_pointed_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GitHub shows files of the checkout; of a shipped scenario the reason alone is told."""
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path / "checkout"))
    assert seen_from_workspace(tmp_path / "checkout" / "a" / "b.yaml") == "a/b.yaml"
    (line,) = of_run(summary(failed("tail")), tmp_path / "drill.yaml", {"tail: ": 3}, "drill")
    assert heard(line)[1] == {"title": "drill: fail"}


def test_each_broken_rule_is_annotated_where_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scenario that cannot be read is told with line and column; what --set brought has none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    with pytest.raises(InvalidScenarioError) as caught:
        parse(TEXT.replace("latency.p95", "latency.p96"), "drill.yaml", ("phases.all.rate=-1",))
    found = [heard(line) for line in of_problems(caught.value.problems)]
    assert [(where.get("file"), where.get("line"), where.get("col")) for _, where, _ in found] == [
        ("drill.yaml", "7", "24"),
        (None, None, None),
    ]


@given(text=st.text())
def test_no_text_is_taken_for_markdown(text: str) -> None:
    """It stays in its cell and its line, and is no HTML."""
    shown = plain(text)
    assert len(shown.splitlines()) <= 1
    assert not re.search(r"(?<!\\)(\\\\)*[<>|`\[\]*_]", shown)


def test_a_summary_has_the_verdict_and_each_expectation() -> None:
    """A reader of the job sees what failed, what was wanted and what was seen."""
    told = section(summary(failed("tail")), "drill", "runs/it")
    assert told.startswith("### drill: **fail** (exit code 99)\n")
    assert r"| tail | **failed** | latency.p95 \< 50ms | 71 ms |" in told
    assert "files in runs/it" in told


def test_an_overview_has_each_run_and_the_shares() -> None:
    """Of several runs the table comes first, with the exit code of all."""
    told = overview([("a", "pass", "0", ""), ("b", "cannot run", "2", "why")], ["a: 1 of 2 passed (50%)"], 2)
    assert "| a | pass | 0 |  |\n| b | **cannot run** | 2 | why |\n" in told
    assert "- a: 1 of 2 passed (50%)" in told
    assert told.endswith("Exit code of all: 2\n\n")


def test_a_long_summary_is_cut_at_a_line() -> None:
    """GitHub refuses one of more than 1 MiB as a whole."""
    raw = bounded("ä line\n" * 300_000)
    assert len(raw) < MOST_BYTES + 100
    assert raw.decode().splitlines()[-1].startswith("*The rest is left out")
