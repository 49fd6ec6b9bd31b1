"""What is not YAML is told in our words, with its place and what to do."""

import random

import pytest

from sim.scenario.problems import InvalidScenarioError
from sim.scenario.yaml_nodes import compose
from tests.support.sim.scenario_texts import EXAMPLE

LIBRARY_WORDS = (
    "while ",
    "expected",
    "token",
    "could not find",
    "found ",
    "but got",
    "block end",
    "stream",
    "mapping values",
    "is not YAML",  # ours, for what the library may learn to say one day
)
PIECES = (
    *("- ", ": ", "? ", "---\n", "...\n", "%YAML 9\n", "%TAG ! x\n", "&a ", "*a ", "!x ", "!!str ", "| ", "> ", "|0\n"),
    *(
        "\\x",
        "'",
        '"',
        "<<: ",
        "\\UFFFFFFFF",
        "!<",
        "!e!x ",
        "%\n",
        "[",
        "{",
        "}",
        ",",
        "\t",
        "@",
        "`",
        "#",
        "\n",
        "\x00",
    ),
)


def _line(text: str) -> str:
    with pytest.raises(InvalidScenarioError) as caught:
        compose(text, "drill.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a:\n\t- b\n", "2:1: a tab stands where only spaces may; indent with spaces"),
        ("a:\tb\n", "1:3: a tab stands where only spaces may"),
        ("a: @b\n", "1:4: no value may begin with @; put the text in quotes"),
        ('a: "b\n', "1:4: a quote opens here and never closes"),
        ("a: 'b\n---\nc: d\n", "1:4: a quote opens here and never closes"),
        ("a:\n - {b: c\n", "2:4: a { opens here and does not close, or a comma is missing in it; close it with }"),
        ("a: [b\n", "1:4: a [ opens here and does not close"),
        (
            "a: b: c\n",
            "1:5: a colon and a space begin a value where none can begin; put text with a colon in it in quo",
        ),
        ("a: b\nc\nd: e\n", "2:1: a key without a colon; write key: value"),
        ("a: *b\n", "1:4: *b refers to nothing above it; put text that begins with * in quotes"),
        ("a: * b\n", "1:5: a * or & must be followed by a name"),
        ("a: &b 1\nc: &b 2\n", "2:4: &b is given twice"),
        ('a: "\\q"\n', "1:6: a backslash in double quotes begins an escape, and this is none"),
        ('a: "\\x4"\n', "1:7: a backslash in double quotes begins an escape"),
        ('a:\n  b: "\\U00110000"\n', "2:7: a backslash in double quotes begins an escape"),
        ("a: !e!x b\n", "1:4: must be plain YAML without tags"),
        ("a: | b\n", "1:6: a | or > that begins a block of text must end its line"),
        ("%\na: b\n", "1:2: a line that begins with % is none of a scenario"),
        ("a: b\n---\nc: d\n", "2:1: begins a second document"),
        ("  a: b\nc: d\n", "2:1: begins a second document, or stands less far in than the lines above it"),
        ("a: - b\n", "1:4: a list cannot begin here"),
        ("a: ? b\n", "1:4: a ? and a space begin a key where none can begin"),
        ("a: {b: ]}\n", "1:8: a value is missing, or begins with a sign of YAML's own"),
        ("a: 'b' c\n", "1:8: does not fit what stands above"),
        ("a: b\x01\n", "1:5: has a character that text cannot have: #x0001"),
    ],
)
def test_each_cause_has_its_sentence(text: str, line: str) -> None:
    """The line says where the mistake is, what it is, and what to do."""
    assert _line(text).startswith(f"drill.yaml:{line}")


def test_no_word_of_the_library_is_shown() -> None:
    """Whatever is written between the lines of a scenario, the error is ours, on one line."""
    rng = random.Random(12)
    refused = 0
    for _ in range(1_500):
        start = rng.randrange(len(EXAMPLE))
        text = EXAMPLE[start : start + 300]
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(text) + 1)
            text = text[:at] + rng.choice(PIECES) + text[at + rng.choice((0, 0, 1, 5)) :]
        try:
            compose(text, "drill.yaml")
        except InvalidScenarioError as error:
            refused += 1
            line = str(error)
            assert len(line.splitlines()) == 1, text
            assert "; " in line, line
            assert not any(word in line for word in LIBRARY_WORDS), (line, text)
    assert refused > 500  # most of them
