"""Whole messages on a byte stream."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.frame import Frame, Message, Notice, Series
from dashboard.panels.health import Memory
from dashboard.panels.model import Drift
from dashboard.wire import LARGEST_BYTES, Inbox, WireError, pack
from tests.support.dashboard.frames import SAMPLES


@pytest.mark.parametrize("name", SAMPLES)
def test_a_frame_arrives_as_it_was_sent(name: str) -> None:
    """Nothing is lost on the way, and a frame stays small."""
    frame = SAMPLES[name]()
    data = pack(frame)
    inbox = Inbox()
    inbox.feed(data)
    assert inbox.take() == frame
    assert len(data) < 40_000


def test_a_section_arrives_as_it_was_shown_and_is_found_by_its_class_alone() -> None:
    """A later one takes the place of an earlier one; one of another class is none of its business."""
    first, second = (Memory(used_bytes=used, limit_bytes=9, series=Series(0.0, 1.0, (1.0, None))) for used in (1, 2))
    inbox = Inbox()
    inbox.feed(pack(SAMPLES["bare"]().showing(first, None).showing(second)))
    arrived = inbox.take()
    assert isinstance(arrived, Frame)
    assert arrived.section(Memory) == second
    assert arrived.has(Memory)
    assert arrived.section(Drift) is None
    assert not arrived.has(Drift)


@given(cuts=st.lists(st.integers(1, 400), min_size=1, max_size=50))
def test_messages_may_be_cut_anywhere(cuts: list[int]) -> None:
    """However the stream is cut, only whole messages come out, and the last one at the end."""
    messages: list[Message] = [Notice(title=f"{number}", detail="x" * number) for number in range(20)]
    stream = b"".join(pack(message) for message in messages)
    inbox, at = Inbox(), 0
    seen: list[Message | None] = []
    while at < len(stream):
        cut = cuts[len(seen) % len(cuts)]
        inbox.feed(stream[at : at + cut])
        at += cut
        seen.append(inbox.take())
    known = [message for message in seen if message is not None]
    assert known == [message for message in messages if message in known]
    assert known[-1] == messages[-1]


def test_a_stream_that_is_not_ours_is_refused() -> None:
    """Neither a length that no frame has, nor a body that is none, is taken for a frame."""
    with pytest.raises(WireError, match="not one of ours"):
        Inbox().feed((LARGEST_BYTES + 1).to_bytes(4, "big"))
    inbox = Inbox()
    inbox.feed(b"\0\0\0\3abc")
    with pytest.raises(WireError):
        inbox.take()
