"""Where two runs differ."""

from pathlib import Path

import pytest

from sim.report import run_folder as files
from sim.trials.determinism import ABSENT, ENDED, Difference, first_difference

SAME = {
    files.JOURNAL: '{"at_s":0.0,"kind":"run_started"}\n{"at_s":1.0,"kind":"drained"}\n',
    files.DECISIONS: '{"id":"t0"}\n{"id":"t1"}\n',
    files.SUMMARY: '{\n  "seed": 7,\n  "git": "abc"\n}\n',
}


def folder(at: Path, changed: dict[str, str] | None = None) -> Path:
    """Return a folder with the files of a run."""
    at.mkdir()
    for name, text in {**SAME, **(changed or {})}.items():
        (at / name).write_text(text)
    return at


def test_equal_runs_do_not_differ(tmp_path: Path) -> None:
    """Byte for byte the same is the same, whichever files there are."""
    assert first_difference(folder(tmp_path / "a"), folder(tmp_path / "b")) is None


def test_the_commit_of_the_code_is_no_difference(tmp_path: Path) -> None:
    """Which commit ran is told apart from what it did; any other line of the summary counts."""
    first = folder(tmp_path / "a")
    committed = folder(tmp_path / "b", {files.SUMMARY: '{\n  "seed": 7,\n  "git": "abd-dirty"\n}\n'})
    assert first_difference(first, committed) is None
    seeded = folder(tmp_path / "c", {files.SUMMARY: '{\n  "seed": 8,\n  "git": "abc"\n}\n'})
    assert first_difference(first, seeded) == Difference(files.SUMMARY, 2, '  "seed": 7,', '  "seed": 8,')


@pytest.mark.parametrize(
    ("changed", "line", "first", "second"),
    [
        ('{"id":"t0"}\n{"id":"t2"}\n', 2, '{"id":"t1"}', '{"id":"t2"}'),
        ('{"id":"t0"}\n', 2, '{"id":"t1"}', ENDED),
        ('{"id":"t0"}\n{"id":"t1"}\n{}\n', 3, ENDED, "{}"),
    ],
)
def test_the_first_difference_has_its_place_and_both_lines(
    tmp_path: Path, changed: str, line: int, first: str, second: str
) -> None:
    """A changed, a missing and an added line are each told with file, line and what stands there."""
    found = first_difference(folder(tmp_path / "a"), folder(tmp_path / "b", {files.DECISIONS: changed}))
    assert found == Difference(files.DECISIONS, line, first, second)
    assert str(found).startswith(f"decisions.jsonl:{line}\n")


def test_what_happened_is_compared_before_what_came_of_it(tmp_path: Path) -> None:
    """With several differences the one that the others come from is told."""
    other = {name: text.replace("0", "9") for name, text in SAME.items()}
    found = first_difference(folder(tmp_path / "a"), folder(tmp_path / "b", other))
    assert found is not None
    assert found.file == files.JOURNAL


def test_a_missing_file_is_a_difference(tmp_path: Path) -> None:
    """A run that left a file out is not the same run."""
    first, second = folder(tmp_path / "a"), folder(tmp_path / "b")
    (second / files.DECISIONS).unlink()
    assert first_difference(first, second) == Difference(files.DECISIONS, 0, "", ABSENT)
