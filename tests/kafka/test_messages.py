"""Messages of a stream: what is written is read again, and what is not ours is passed over."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.adapters.kafka.messages import (
    DEAD_LETTER,
    DUPLICATE,
    Headers,
    LetterDocument,
    Offered,
    Record,
    ended,
    letter_document,
    offered,
    read_ended,
    read_offered,
)
from actors.core.batches import DeadLetter

RUN = b"a1b2c3"


def record(headers: Headers, value: bytes = b"{}") -> Record:
    said = {name: of for name, of in headers if isinstance(of, bytes)}
    assert len(said) == len(headers)
    return Record("t", 0, 0, b"card", value, said)


@given(number=st.integers(0, 2**62), due_ns=st.integers(0, 2**62), done_ns=st.integers(0, 2**62))
@pytest.mark.parametrize("kind", ["", DEAD_LETTER, DUPLICATE])
def test_what_is_written_is_read_again(kind: str, number: int, due_ns: int, done_ns: int) -> None:
    """Number, instants, worker and kind of every row."""
    row = Offered(number, due_ns)
    assert read_offered(record(offered(RUN, *row)), RUN) == row
    read = read_ended(record(ended(RUN, row, done_ns, b"w0", kind), b"line"), RUN)
    assert read is not None
    assert (read.kind, read.number, read.due_ns, read.done_ns) == (kind or "decision", number, due_ns, done_ns)
    assert (read.worker, read.value) == ("w0", b"line")


@pytest.mark.parametrize(
    "changed",
    [{"run": b"other"}, {"v": b"2"}, {"n": b"x"}, {"due": b""}, {"n": None}, {"w": b"\xff"}, {"kind": b"gone"}],
)
def test_what_is_not_ours_is_passed_over(changed: dict[str, bytes | None]) -> None:
    """Another run's, another version's, and what lacks a header or has none that can be read."""
    headers = dict(record(ended(RUN, Offered(1, 2), 3, b"w0")).headers)
    for name, value in changed.items():
        if value is None:
            del headers[name]
        else:
            headers[name] = value
    assert read_ended(Record("t", 0, 0, None, b"", headers), RUN) is None


def test_messages_without_headers_are_no_transactions_of_a_run() -> None:
    """Whoever else writes into the topic does not disturb a run."""
    assert read_offered(Record("t", 0, 0, None, b"", {}), RUN) is None


def test_a_dead_letter_says_where_it_lay() -> None:
    """And keeps no more of the transaction than was made safe."""
    document = letter_document(DeadLetter(7, "not_json", "a rule", b"\xffabc", 1), 3, 99)
    assert msgspec.json.decode(document, type=LetterDocument) == LetterDocument("not_json", "a rule", "�abc", 3, 99)
