"""Laws of parsing: strict, complete, and every refusal has its reason."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.transaction import DEAD_LETTER_REASONS, EARLIEST_US, FEW, LATEST_US, Columns, parse, read, refusal
from actors.output.dead_letters import KEPT_RAW_BYTES, mask_card, mask_cards, redacted

GOOD = {"id": "t1", "event_time": 1_700_000_000_000_000, "card": "c0-17", "merchant": "m3", "amount": 12.5}


def encode(**changes: object) -> bytes:
    return json.dumps({key: value for key, value in {**GOOD, **changes}.items() if value is not ...}).encode()


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"nonsense", "not_json"),
        (encode(amount=math.nan), "not_json"),
        (encode(amount=math.inf), "not_json"),
        (b"[]", "wrong_type"),
        (encode(amount="12.5"), "wrong_type"),
        (encode(card=7), "wrong_type"),
        (encode(lat="north"), "wrong_type"),
        (encode(amount=-0.01), "out_of_range"),
        (encode(amount=1e10), "out_of_range"),
        (encode(id=""), "out_of_range"),
        (encode(id="x" * 65), "out_of_range"),
        (encode(event_time="2026-01-01T00:00:00"), "out_of_range"),
        (encode(event_time=-1), "out_of_range"),
        (encode(event_time=EARLIEST_US - 1), "out_of_range"),
        (encode(event_time=LATEST_US + 1), "out_of_range"),
        (encode(event_time="1989-12-31T23:59:59Z"), "out_of_range"),
        (encode(event_time="2100-01-01T00:00:00Z"), "out_of_range"),
        (encode(lat=90.5), "out_of_range"),
        (encode(amount=...), "missing_field"),
        (encode(id=...), "missing_field"),
        (encode(padding="x" * 10_000_000), "too_large"),
    ],
)
def test_what_breaks_a_rule_is_refused_with_its_reason(raw: bytes, reason: str) -> None:
    """Nothing is coerced: each kind of mistake has one reason, and a detail that fits a line."""
    with pytest.raises(ValueError, match=r"\w") as caught:
        parse(raw)
    with pytest.raises(ValueError, match=r"\w"):
        read([encode(), raw])
    got, detail = refusal(raw, caught.value)
    assert got == reason
    assert got in DEAD_LETTER_REASONS
    assert "\n" not in detail
    assert len(detail) < 200


def assert_known(reason: str) -> None:
    assert reason in DEAD_LETTER_REASONS


@given(st.binary(max_size=300))
def test_any_bytes_parse_or_are_refused(raw: bytes) -> None:
    """No input gets past without either a transaction or a reason."""
    try:
        parse(raw)
    except ValueError as error:
        reason, _ = refusal(raw, error)
        assert_known(reason)


def test_what_is_absent_is_missing_never_a_default() -> None:
    """Optional fields that are not there are None, or NaN in arrays."""
    columns = Columns.of([parse(encode()), parse(encode(lat=1.5, device="d"))])
    assert columns.device == [None, "d"]
    np.testing.assert_array_equal(columns.lat, [np.nan, 1.5])
    np.testing.assert_array_equal(columns.lon, [np.nan, np.nan])


def test_event_time_may_be_a_number_or_a_text_with_offset() -> None:
    """Both forms of one instant give the same microseconds."""
    texts = [encode(), encode(event_time="2023-11-14T22:13:20Z"), encode(event_time="2023-11-15T00:13:20+02:00")]
    assert Columns.of([parse(raw) for raw in texts]).event_us.tolist() == [GOOD["event_time"]] * 3


@given(st.integers(0, 10**11))
def test_cents_are_exact(cents: int) -> None:
    """An amount written with two digits becomes exactly its cents, so sums over windows are exact."""
    raw = encode(amount=0).replace(b'"amount": 0', b'"amount": %d.%02d' % divmod(cents, 100))
    assert Columns.of([parse(raw)]).cents.tolist() == [cents]


@given(st.lists(st.floats(0, 1e9), min_size=FEW + 1, max_size=2 * FEW))
def test_columns_are_the_same_in_any_batch(amounts: list[float]) -> None:
    """Few transactions and many give the same cents, halves to even."""
    transactions = [parse(encode(amount=amount)) for amount in amounts]
    together, alone = Columns.of(transactions), [Columns.of([each]) for each in transactions]
    for name in ("event_us", "cents", "amount", "lat", "lon"):
        np.testing.assert_array_equal(getattr(together, name), np.concatenate([getattr(one, name) for one in alone]))


def test_unknown_fields_are_ignored() -> None:
    """A label that slipped into an event is not read."""
    assert parse(encode(is_fraud=1)) == parse(encode())


@given(st.text(min_size=1, max_size=64))
def test_a_card_is_never_printed_whole(card: str) -> None:
    """The mask keeps at most the last four characters, and never all of them."""
    masked = mask_card(card)
    assert masked.startswith("***")
    assert len(masked) - 3 <= min(4, len(card) // 2)
    assert mask_cards([card]) == [masked]


def test_what_is_kept_of_a_dead_letter_hides_cards() -> None:
    """Card fields and long numbers are masked, and a giant payload is cut."""
    kept = redacted(encode(card="c12-3456", amount="bad", note="4111111111111111"))
    assert b"c12-3456" not in kept
    assert b"4111111111111111" not in kept
    assert b"***3456" in kept
    assert len(redacted(b"x" * 10_000_000)) == KEPT_RAW_BYTES
