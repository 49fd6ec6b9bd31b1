"""Labels joined to the decision log."""

import io
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.output.decision_record import DecisionLine
from sim.run.output import join_labels

FEATURES = [1.0, 2.0]
NAMES = st.one_of(st.text(min_size=1, max_size=12), st.sampled_from(['","label":null', '\\,"label":null', '"label"']))


def line(name: str, event_time: int, reason: str = "score") -> DecisionLine:
    return DecisionLine(
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


def encoded(*lines: DecisionLine) -> bytes:
    return msgspec.json.Encoder().encode_lines(list(lines))


def joined(log: bytes, frauds: set[str], until: int) -> tuple[bytes, int]:
    """Return the log with its labels, and how many there are."""
    out = io.BytesIO()
    count = join_labels(io.BytesIO(log), out, frauds, until)
    return out.getvalue(), count


@given(rows=st.lists(st.tuples(NAMES, st.integers(0, 100)), max_size=20), until=st.integers(0, 100), data=st.data())
def test_labels_fill_the_lines_whose_truth_is_known(
    rows: list[tuple[str, int]], until: int, data: st.DataObject
) -> None:
    """A label goes where its transaction is early enough; every other key and line stays as it was, to the byte."""
    before = encoded(*(line(*row) for row in rows))
    frauds = set(data.draw(st.lists(st.sampled_from([row[0] for row in rows] or ["-"]), max_size=5)))
    after, count = joined(before, frauds, until)
    known = [row[1] < until for row in rows]
    assert count == sum(known)
    found = [msgspec.json.decode(raw, type=DecisionLine) for raw in after.splitlines()]
    assert [each.label for each in found] == [
        (int(row[0] in frauds) if is_known else None) for row, is_known in zip(rows, known, strict=True)
    ]
    for each in found:
        each.label = None
    assert msgspec.json.Encoder().encode_lines(found) == before


def test_joining_again_changes_nothing() -> None:
    """A line that has its label keeps it."""
    once, count = joined(encoded(line("a", 1), line("b", 2)), {"a"}, 10)
    assert count == 2
    assert joined(once, set(), 10) == (once, 0)


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[:-20],
        lambda whole: whole[30:],
        lambda _: b"\0" * 50 + b',"label":null}\n',
        lambda _: b'\xff\xfe,"label":null}\n',
    ],
    ids=["cut off", "torn", "emptied", "no text"],
)
def test_line_that_is_no_decision_stays_as_it_is(damage: Callable[[bytes], bytes]) -> None:
    """What a crash cut off or others changed is not taken for a decision, and costs no other line a label."""
    whole = encoded(line("a", 1))
    after, count = joined(damage(whole) + b"\n" + whole, {"a"}, 10)
    assert count == 1
    assert after.startswith(damage(whole))
