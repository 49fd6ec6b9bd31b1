"""The lists of what can be measured and of what can be made to fail."""

from pathlib import Path

import pytest

from actors.telemetry.metrics.catalogue import METRICS
from sim.cli import main
from sim.commands.catalogue import example as example_of_metric
from sim.faults.registry import FAULTS
from sim.scenario.json_schema import example as example_of_fault
from sim.scenario.json_schema import fault_keys
from sim.scenario.loader import parse

Capture = pytest.CaptureFixture[str]


def listed(capsys: Capture, *words: str) -> str:
    """Return what a command prints."""
    assert main(list(words)) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(("command", "names"), [("metrics", METRICS), ("faults", FAULTS)])
def test_everything_is_listed_in_80_columns(command: str, names: dict[str, object], capsys: Capture) -> None:
    """Each has its line, and each in full fits too."""
    out = listed(capsys, command)
    assert [name for name in names if f"\n{name}" not in f"\n{out}"] == []
    out += "".join(listed(capsys, command, name) for name in names)
    assert [line for line in out.splitlines() if len(line) > 80] == []


def test_a_metric_in_full_says_unit_range_and_meaning(capsys: Capture) -> None:
    """With a condition to copy."""
    out = listed(capsys, "metrics", "error_ratio")
    for words in ("unit        ratio", "range       0 to 1", "error_rate", '- {name: it, expr: "error_ratio < 1%"}'):
        assert words in out


def test_a_fault_in_full_says_what_one_will_see_and_each_key(capsys: Capture) -> None:
    """Defaults, limits and what must be given."""
    out = listed(capsys, "faults", "mailbox_squeeze")
    for words in (
        "its fill ratio at 1",
        "capacity  (a whole number, 1 to 10,000,000; 64 by default)",
        "logger; needed)",
    ):
        assert words in out


@pytest.mark.parametrize("command", ["metrics", "faults"])
def test_a_word_filters(command: str, capsys: Capture) -> None:
    """Whatever has the word in its name or in what it means is listed, and nothing else."""
    found = listed(capsys, command, "feature_store")
    assert "feature_store" in found
    assert "scorer" not in found


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["metrics", "p95x"], "p95x is no metric, and none has that word; python -m sim metrics lists all\n"),
        (["metrics", "thruput"], "thruput is no metric, and none has that word; did you mean throughput?\n"),
        (["metrics", "psi.nothing"], "psi.nothing is no metric"),
        (["faults", "sqeeze_mailbox"], "sqeeze_mailbox is no kind of fault, and none has that word; "),
    ],
)
def test_a_word_that_nothing_has_is_a_line_and_exit_code_2(words: list[str], said: str, capsys: Capture) -> None:
    """It says what is near, or how to see all."""
    assert main(words) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("name", METRICS)
def test_the_example_of_a_metric_is_a_condition_that_says_something(name: str) -> None:
    """It can be copied into a scenario."""
    text = example_of_metric(METRICS[name])
    parse(f"name: x\nphases: [{{name: p, duration: 1s, rate: 1}}]\nexpect: [{{name: it, expr: '{text}'}}]\n", "x.yaml")


@pytest.mark.parametrize("kind", FAULTS)
def test_the_example_of_a_fault_is_a_fault(kind: str) -> None:
    """It can be copied into a scenario of a minute, and every key has a meaning."""
    line = example_of_fault(FAULTS[kind])
    parse(f"name: x\nphases: [{{name: p, duration: 1m, rate: 1}}]\nfaults:\n  {line}\n", "x.yaml")
    assert [key.name for key in fault_keys(FAULTS[kind], own=False) if not key.means] == []


def test_errors_point_to_the_lists(capsys: Capture, tmp_path: Path) -> None:
    """An unknown metric and an unknown fault say where all of them are told."""
    path = tmp_path / "bad.yaml"
    wrong = "faults: [{name: f, kind: oops, at: 0s}]\nexpect: [{name: e, expr: 'zzz < 1'}]\n"
    path.write_text(f"name: x\nphases: [{{name: p, duration: 1s, rate: 1}}]\n{wrong}")
    assert main(["validate", str(path)]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith("is not a known kind, got oops; python -m sim faults lists them")
    assert second.endswith("zzz is not a metric; python -m sim metrics lists them")
