"""What a message of a topic is to a worker, in a run of ours and in one on other people's messages."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.adapters.kafka.messages import LetterDocument, Record, RefusedMessage, letter_document
from actors.adapters.kafka.readings import NO_TRANSACTIONS, MappedMessages, number_at, own_messages, place_of
from actors.core.batches import DeadLetter
from actors.core.transaction import DEAD_LETTER_REASONS, parse, refusal

STARTS = {0: 7, 1: 0, 2: 400}
OURS = {"v": b"1", "run": b"r", "n": b"4", "due": b"99"}


def record(value: bytes = b"{}", headers: dict[str, bytes] | None = None, place: tuple[int, int] = (1, 3)) -> Record:
    """Return a message."""
    return Record("payments", *place, b"key", value, headers or {}, written_ns=5_000_000)


@given(st.sampled_from(list(STARTS)), st.integers(0, 10**9))
def test_a_number_tells_the_place_of_its_message(partition: int, steps: int) -> None:
    """And a place its number: no two messages of a run have one."""
    place = partition, STARTS[partition] + steps
    assert place_of(number_at(*place, STARTS), STARTS) == place


@pytest.mark.parametrize("reason", [each for each in DEAD_LETTER_REASONS if each != "poison"])
def test_what_stands_for_a_refused_message_is_refused_for_the_same_reason(reason: str) -> None:
    """Every pipeline counts it as the dead letter that it is."""
    with pytest.raises(ValueError, match=r"(?s).*") as caught:
        parse(NO_TRANSACTIONS[reason])
    assert refusal(NO_TRANSACTIONS[reason], caught.value)[0] == reason


def test_messages_of_other_runs_are_passed_over() -> None:
    """Where messages are ours, one without our headers is no row, nor is one of another run."""
    ours, *others = own_messages("r")([record(headers=OURS), record(headers=OURS | {"run": b"s"}), record()])
    assert ours is not None
    assert (ours.offered, ours.raw, ours.refused, others) == ((4, 99), b"{}", None, [None, None])


def test_every_message_of_others_is_a_row() -> None:
    """Due when it was written, unless a header of ours says when; called by its place; refused with its reason."""

    def translate(values: object, ids: object) -> list[bytes | RefusedMessage]:
        assert (values, ids) == ([b"a", b"4000000000000002", b"c"], ["1-3", "1-3", "2-401"])
        return [b"one", RefusedMessage("out_of_range", "card is 4000000000000002", "card"), b"three"]

    messages = [record(b"a"), record(b"4000000000000002", {"due": b"17"}), record(b"c", place=(2, 401))]
    good, bad, third = MappedMessages(translate, STARTS)(messages)
    assert good is not None
    assert bad is not None
    assert third is not None
    assert (good.offered, good.raw, third.offered) == ((10, 5_000_000), b"one", (5, 5_000_000))
    assert (bad.offered.due_ns, bad.raw) == (17, NO_TRANSACTIONS["out_of_range"])
    assert bad.refused is not None
    assert (bad.refused.why.detail, bad.refused.begin) == ("card is ***", b"***")


def test_a_dead_letter_names_the_field() -> None:
    """Where a map has refused the message; other dead letters are as they were."""
    letter = DeadLetter(0, "not_json", "x", b"y", 1)
    assert "field" not in msgspec.json.decode(letter_document(letter, 1, 2))
    document = msgspec.json.decode(letter_document(letter, 1, 2, "amount"), type=LetterDocument)
    assert document == LetterDocument("not_json", "x", "y", 1, 2, "amount")
