"""The one line of a refusal: short enough to read, and nothing in it that a terminal would obey."""

from pathlib import Path

from sim.tables.problem import columns_hint, listed, named, problem, shown


def test_a_line_is_one_line_whatever_it_quotes() -> None:
    """Names of files, columns and values that hold line ends, escapes or marks of direction are shown as escapes."""
    said = str(problem(Path("a\nb\x1b.csv"), "is\r wrong", row=3, line=5, column="x\u202e\x07"))
    assert said == r"a\nb\x1b.csv: row 3, line 5, column x\u202e\x07: is\r wrong"


def test_long_values_and_names_are_cut() -> None:
    """A value or a name does not hide what is said about it, and blanks at the ends of a name can be seen."""
    assert shown("x" * 100) == "'" + "x" * 39 + "…"
    assert str(problem(Path("f"), "is wrong", column="x" * 100)) == f"f: column {'x' * 40}…: is wrong"
    assert named(" a") == "' a'"
    assert named("") == "''"


def test_a_wide_header_is_told_by_its_nearest_names() -> None:
    """Of few columns all are named, of many the nearest and how many there are."""
    wide = [f"V{number}" for number in range(1_000)]
    hint = columns_hint("amount", [*wide, "amnt_usd"])
    assert len(hint) < 100
    assert hint.startswith("; the nearest of its 1,001 columns are amnt_usd, ")
    assert columns_hint("V9999", wide) == "; did you mean V999?"
    assert columns_hint("amount", ["TX", "WHEN"]) == "; its columns are TX, WHEN"
    alone = "; its only one is 'exported by the bank': must its first line go, or another separator be told?"
    assert columns_hint("amount", ["exported by the bank"]) == alone
    assert listed(wide).endswith("V10, V11 and 988 more")
