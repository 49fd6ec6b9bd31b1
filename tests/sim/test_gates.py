"""Gates say what a model must reach; what is not reached is named with figure and limit."""

from pathlib import Path

import pytest

from actors.core.errors import InputError
from sim.gates import DEFAULT_GATES, FIGURES, Gate, gates_of, missed, read_gates

GOOD = {
    "roc_auc": 0.97,
    "precision_at_recall_70": 0.6,
    "brier_score": 0.005,
    "brier_skill": 0.5,
    "calibration_error": 0.001,
}


def test_a_good_model_misses_no_default_gate() -> None:
    """What the system promises is what the gates ask for."""
    assert missed(DEFAULT_GATES, GOOD) == ()


@pytest.mark.parametrize(
    ("figure", "value", "line"),
    [
        ("roc_auc", 0.94, "ROC-AUC must be at least 0.95, got 0.9400"),
        ("precision_at_recall_70", 0.2, "precision at recall 0.70 must be at least 0.5, got 0.2000"),
        ("brier_score", 0.04, "Brier score must be at most 0.03, got 0.0400"),
        ("brier_skill", 0.1, "Brier skill must be at least 0.4, got 0.1000"),
        ("calibration_error", 0.02, "calibration error must be at most 0.01, got 0.0200"),
        ("roc_auc", None, "ROC-AUC must be at least 0.95, got no value"),
        ("roc_auc", float("nan"), "ROC-AUC must be at least 0.95, got nan"),
    ],
)
def test_each_missed_gate_has_a_line(figure: str, value: float | None, line: str) -> None:
    """Figure, limit and value; a figure that could not be computed is missed."""
    assert missed(DEFAULT_GATES, GOOD | {figure: value}) == (line,)


def test_own_gates_replace_all_defaults() -> None:
    """Other data has other limits, and a limit of our world must not sneak in."""
    assert gates_of({"roc_auc": 0.86, "brier_score": None}) == (Gate("roc_auc", 0.86),)
    assert gates_of(dict.fromkeys(FIGURES)) == DEFAULT_GATES


def test_gates_are_read_from_a_file(tmp_path: Path) -> None:
    """One line a gate."""
    file = tmp_path / "gates.yaml"
    file.write_text("roc_auc: 0.86\naverage_precision: 0.6\n", encoding="utf-8")
    assert read_gates(file) == (Gate("roc_auc", 0.86), Gate("average_precision", 0.6))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("roc_auk: 0.9", ":1:1: roc_auk is not a known key; did you mean roc_auc?"),
        ("roc_auc: high", ":1:10: roc_auc must be a number, got high; write digits, as in 100 or 0.5"),
        ("roc_auc: true", ":1:10: roc_auc must be a number, got true; write digits, as in 100 or 0.5"),
        ("roc_auc: 2", ":1:10: roc_auc must be at most 1, got 2; change the value"),
        ("brier_skill: -1.5", ":1:14: brier_skill must be at least -1, got -1.5; change the value"),
        ("roc_auc: .nan", ":1:10: roc_auc must be a number, got .nan; write digits, as in 100 or 0.5"),
        ("roc_auc: 2018-07-25", ":1:10: roc_auc must be a number, got 2018-07-25; write digits, as in 100 or 0.5"),
        (
            "'\\e[31m': 1",
            f":1:1: \\e[31m is not a known key; use one of {', '.join(sorted(FIGURES))}",
        ),
        ("roc_auc: 0.5\nroc_auc: 0.6", ":2:1: roc_auc is given twice; remove one; the first is at {file}:1:1"),
        ("[1, 2]", f":1:1: must be a mapping, got a list; its keys are {', '.join(FIGURES)}"),
        ("", ":1:1: the file has no gates; write one line a gate, such as roc_auc: 0.86"),
        ("a: [", ":1:5: a value is missing, or begins with a sign of YAML's own; write it, or put the text in quotes"),
        ("roc_auc: !x 1", ":1:10: roc_auc must be plain YAML without tags, got !x; remove the tag"),
    ],
)
def test_a_wrong_gates_file_is_refused_in_one_line(tmp_path: Path, content: str, told: str) -> None:
    """The line has file, line and column, what is wrong there and what to do."""
    file = tmp_path / "gates.yaml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_gates(file)
    assert str(caught.value) == f"{file}{told.replace('{file}', str(file))}"


def test_a_missing_gates_file_is_refused(tmp_path: Path) -> None:
    """Nothing is taken for granted."""
    with pytest.raises(InputError, match="no such file"):
        read_gates(tmp_path / "none.yaml")
