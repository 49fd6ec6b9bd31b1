"""Whatever is done to a valid file, the answer is a scenario or located errors."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.scenario.loader import load, parse
from sim.scenario.problems import InvalidScenarioError
from sim.scenario.render import resolved
from sim.scenario.scenario import Scenario
from tests.support.sim.drawn_scenarios import scenarios
from tests.support.sim.scenario_texts import EXAMPLE, REPLAY

LOCATED = re.compile(r"(?:drill\.yaml:\d+:\d+|--set .*): \S")
TEXTS = st.sampled_from([EXAMPLE, REPLAY])
WORDLIKE = r"""5 5s 1e999 .inf 0x10 1_000 é always null # ? : - { } [ ] &a *a <<:*a ' " | !!int % ~ off -1"""
BLANK = ("", " ", "\n", "\t", "\x00", "\x85", "\ufeff", "- ", ": ", "<<: *a")
VAST = ("9" * 5_000, "1e" + "9" * 400, "k" * 3_000, "[" * 400, "{a: " * 400, "&a [" + "*a, " * 50 + "]")
ODD = (
    "\u0663",
    "\uff11",
    "1__0",
    "\x1b[31m",
    '"\\e[31m"',
    "\u202e",
)
SCRAPS = st.sampled_from([*WORDLIKE.split(), *BLANK, *VAST, *ODD])


def answer(read: Callable[[], Scenario]) -> Scenario | InvalidScenarioError:
    try:
        return read()
    except InvalidScenarioError as error:
        return error


def assert_answered(text: str, overrides: tuple[str, ...] = ()) -> None:
    found = answer(lambda: parse(text, "drill.yaml", overrides, files_required=False))
    if isinstance(found, Scenario):
        assert parse(resolved(found), "again.yaml", files_required=False) == found
    else:
        lines = str(found).split("\n")
        assert len(lines) == len(found.problems) > 0
        assert [line for line in lines if not LOCATED.match(line) or not line.isprintable()] == []


@given(TEXTS, st.data())
def test_edited_characters_never_give_a_traceback(text: str, data: st.DataObject) -> None:
    """Cutting, repeating or replacing any stretch of characters leaves a scenario or located errors."""
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, min(len(text), start + 30)))
    inserted = data.draw(st.one_of(SCRAPS, st.just(text[start:stop] * 2), st.text(max_size=5)))
    assert_answered(text[:start] + inserted + text[stop:])


@given(TEXTS, st.data())
def test_replaced_values_never_give_a_traceback(text: str, data: st.DataObject) -> None:
    """Putting any YAML value in the place of any other leaves a scenario or located errors."""
    tree = yaml.safe_load(text)
    holder, key = data.draw(st.sampled_from(list(_slots(tree))))
    holder[key] = data.draw(VALUES)
    assert_answered(yaml.safe_dump(tree, sort_keys=False))


@given(TEXTS, st.text(max_size=30), st.text(max_size=10))
def test_any_override_is_answered(text: str, path: str, value: str) -> None:
    """An override of any path by any value leaves a scenario or errors that name the override."""
    assert_answered(text, (f"{path}={value}",))


@given(scenarios(), st.data())
@settings(max_examples=max(20, settings().max_examples // 10))  # drawing one takes a tenth of a second
def test_edited_scenario_with_any_keys_is_answered(text: str, data: st.DataObject) -> None:
    """What is done to the characters of a scenario with any keys of the schema leaves one, or located errors."""
    for _ in range(10):
        start = data.draw(st.integers(0, len(text)))
        stop = data.draw(st.integers(start, min(len(text), start + 10)))
        assert_answered(text[:start] + data.draw(SCRAPS) + text[stop:])


@given(TEXTS, st.sampled_from(["utf-16", "utf-16-le", "utf-32", "latin-1"]), st.binary(max_size=20))
def test_file_of_any_bytes_is_answered(text: str, encoding: str, more: bytes) -> None:
    """A file in another encoding, or with anything in it, is a scenario or an error that names the file."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "drill.yaml")
        for raw in (text.encode(encoding, "replace") + more, text.encode() + more, more):
            file.write_bytes(raw)
            found = answer(partial(load, file, files_required=False))
            lines = [] if isinstance(found, Scenario) else str(found).split("\n")
            assert [line for line in lines if not line.startswith(f"{file}:") or not line.isprintable()] == []


@given(st.text(max_size=200))
def test_any_text_is_answered(text: str) -> None:
    """A file of any characters is a scenario or an error."""
    assert_answered(text)


WORDS = st.sampled_from(
    ["5", "20s", "1.5x capacity", "burst", "store-down", "poisson", "latency.p95 < 1s", "2018-07-25"]
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), WORDS, st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(WORDS, st.text(max_size=4)), inner, max_size=3)
    ),
    max_leaves=6,
)


def _slots(tree: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401 - any YAML
    """Yield each mapping with each of its keys, and each list with each of its indexes."""
    for key, inner in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield tree, key
        yield from _slots(inner)
