"""Labels joined to the decision log."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.decision_lines import Line
from actors.errors import OutputError
from sim.report.folder import PARTIAL
from sim.report.labels import join_labels

FEATURES = [1.0, 2.0]
NAMES = st.one_of(st.text(min_size=1, max_size=12), st.sampled_from(['","label":null', '\\,"label":null', '"label"']))


def line(name: str, event_time: int, reason: str = "score") -> Line:
    return Line(
        id=name,
        card="***4242",
        event_time=event_time,
        amount=12.5,
        score=0.25,
        decision="approve",
        mode="full",
        cause="none",
        reason=reason,
        latency_us=100,
        assembler_waiting_us=10,
        assembly_us=20,
        scorer_waiting_us=30,
        scoring_us=40,
        model="abc",
        features=FEATURES,
    )


def write(path: Path, lines: list[Line]) -> bytes:
    content = msgspec.json.Encoder().encode_lines(lines)
    path.write_bytes(content)
    return content


@given(rows=st.lists(st.tuples(NAMES, st.integers(0, 100)), max_size=20), until=st.integers(0, 100), data=st.data())
def test_labels_fill_the_lines_whose_truth_is_known(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int]], until: int, data: st.DataObject
) -> None:
    """A label goes where its transaction is early enough; every other key and line stays as it was, to the byte."""
    path = tmp_path_factory.mktemp("run") / "decisions.jsonl"
    lines = [line(*row) for row in rows]
    before = write(path, lines)
    frauds = set(data.draw(st.lists(st.sampled_from([row[0] for row in rows] or ["-"]), max_size=5)))
    count = join_labels(path, frauds, until)
    known = [row[1] < until for row in rows]
    assert count == sum(known)
    found = [msgspec.json.decode(raw, type=Line) for raw in path.read_bytes().splitlines()]
    assert [each.label for each in found] == [
        (int(row[0] in frauds) if is_known else None) for row, is_known in zip(rows, known, strict=True)
    ]
    for each in found:
        each.label = None
    assert msgspec.json.Encoder().encode_lines(found) == before


def test_joining_again_changes_nothing(tmp_path: Path) -> None:
    """A line that has its label keeps it."""
    path = tmp_path / "decisions.jsonl"
    write(path, [line("a", 1), line("b", 2)])
    assert join_labels(path, {"a"}, 10) == 2
    once = path.read_bytes()
    assert join_labels(path, set(), 10) == 0
    assert path.read_bytes() == once


def test_line_cut_off_by_a_crash_stays_as_it_is(tmp_path: Path) -> None:
    """The end of a file that was being written is not taken for a decision."""
    path = tmp_path / "decisions.jsonl"
    whole = write(path, [line("a", 1)])
    path.write_bytes(whole + whole[:-20])
    assert join_labels(path, {"a"}, 10) == 1
    assert path.read_bytes().endswith(whole[:-20])


def test_file_stays_whole_when_it_cannot_be_rewritten(tmp_path: Path) -> None:
    """Without room for the new file the old one stays, and the error says so."""
    path = tmp_path / "decisions.jsonl"
    before = write(path, [line("a", 1)])
    (tmp_path / ("decisions.jsonl" + PARTIAL)).mkdir()
    with pytest.raises(OutputError, match="stays as it is"):
        join_labels(path, {"a"}, 10)
    assert path.read_bytes() == before
