"""The words of the glossary are those of the code."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from typing import get_args

import pytest

from actors.core.batches import Decision, Mode
from actors.features.catalogue import Tier
from actors.resilience.breaker import BreakerState
from actors.telemetry.alerts.life import AlertState
from sim.judging.verdict import VerdictWord
from tests.support.repository import PACKAGES, ROOT

TEXT = (ROOT / "docs" / "glossary.md").read_text()
WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")  # of a name in any case


def rows() -> list[list[str]]:
    """Return the cells of every row of the tables whose columns are word, meaning, code and words to avoid."""
    lines = [line for line in TEXT.splitlines() if line.startswith("| **")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@cache
def trees() -> tuple[ast.Module, ...]:
    """Return the syntax tree of every module of our packages."""
    return tuple(ast.parse(path.read_text()) for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))


@cache
def identifiers() -> frozenset[str]:
    """Return every name that our packages give to something."""
    return frozenset(name for tree in trees() for node in ast.walk(tree) for name in given(node))


def given(node: ast.AST) -> Iterator[str]:
    """Yield the name that ``node`` gives, if it gives one."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        yield node.attr


def ports() -> list[str]:
    """Return every protocol of the pipeline that is not private to a module."""
    found = [
        node.name
        for path in sorted((ROOT / "actors").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and any("Protocol" in ast.unparse(base) for base in node.bases)
    ]
    return [name for name in found if not name.startswith("_")]


def test_every_word_has_one_sentence() -> None:
    """A word is explained in one sentence, and explained once."""
    words = [re.findall(r"\*\*(.+?)\*\*", row[0]) for row in rows()]
    assert [row[0] for row in rows() if len(row) != 4 or not row[1].endswith(".") or ". " in row[1]] == []
    flat = [word for several in words for word in several]
    assert len(flat) == len(set(flat)) > 0


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0].strip("*"))
def test_the_code_has_what_the_glossary_names(row: list[str]) -> None:
    """What stands in the column of the code is the name of something there."""
    named = set(re.findall(r"`(\w+)`", row[2]))
    assert named
    assert named - identifiers() == set()


def test_every_port_is_in_the_glossary() -> None:
    """The glossary lists the ports of the pipeline, and nothing that is none."""
    listed = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`[^|]+) \|", TEXT, re.MULTILINE)))
    assert sorted(listed) == sorted(ports())


def test_nothing_is_named_by_a_word_to_avoid() -> None:
    """One concept, one word: no name in the code is made of a word that the glossary advises against."""
    avoided = {word.strip() for row in rows() for word in row[3].split(",") if word.strip()}
    avoided |= set(re.search(r"\(not: ([\w, ]+)\)", TEXT)[1].split(", "))  # type: ignore[index]
    assert "watchdog" in avoided
    made_of = {name: {part.lower() for part in WORD.findall(name)} for name in identifiers()}
    assert {name: parts & avoided for name, parts in made_of.items() if parts & avoided} == {}


@pytest.mark.parametrize(
    "words",
    [
        {mode.label for mode in Mode},
        {decision.label for decision in Decision},
        {tier.value for tier in Tier},
        {state.value for state in BreakerState},
        {state.value for state in AlertState},
        set(get_args(VerdictWord)),
    ],
    ids=["modes", "decisions", "tiers", "breaker", "alerts", "verdicts"],
)
def test_words_that_a_run_writes_are_explained(words: set[str]) -> None:
    """A mode, a decision, a state or a verdict that a user reads in a file or on the screen is in the glossary."""
    assert words - set(re.findall(r"`(\w+)`", TEXT)) == set()
