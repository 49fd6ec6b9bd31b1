"""Labels as documents: each is handed out once, when its delay has passed, and what is none is counted or refused."""

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.errors import InputError
from sim.stream.labels import AT_ONCE, WaitingLabels, read_labels

AT_US = 1_770_000_000_000_000
DELAY_US = 100


def document(event_us: int = AT_US, **changes: object) -> bytes:
    return json.dumps({"event_time": event_us, "merchant": "m1", "fraud": True, **changes}).encode()


def taken(labels: WaitingLabels, now_us: int) -> list[int]:
    """Return the event times that are due up to ``now_us``."""

    async def all_due() -> list[int]:
        times: list[int] = []
        while (due := await labels.take_due(now_us)) is not None:
            assert 0 < len(due) <= AT_ONCE
            times += due.event_us.tolist()
        return times

    return asyncio.run(all_due())


@given(st.lists(st.integers(0, 300), max_size=40), st.lists(st.integers(0, 500), max_size=5).map(sorted))
def test_each_label_comes_once_when_its_delay_has_passed(times: list[int], looks: list[int]) -> None:
    """In whatever order labels come, each look gets those that became due since the last one, the earliest first."""
    labels = WaitingLabels(DELAY_US)
    labels.put(document(AT_US + time) for time in times)
    before = -1
    for look in looks:
        due = sorted(AT_US + time for time in times if before < time + DELAY_US <= look)
        assert taken(labels, AT_US + look) == due
        before = max(before, look)
    assert len(labels) == sum(time + DELAY_US > before for time in times)


def test_what_is_no_label_is_counted(tmp_path: Path) -> None:
    """Of a topic, what cannot be read is passed over and counted; of a file, it is refused with its line."""
    labels = WaitingLabels(DELAY_US)
    labels.put(
        [b"", b"{}", b"nonsense", document(merchant=""), document(fraud=2), document(1), document(category="fuel")]
    )
    assert (len(labels), labels.refused) == (1, 6)
    file = tmp_path / "labels.jsonl"
    file.write_bytes(document() + b"\n\n" + b'{"merchant": "m1"}\n')
    with pytest.raises(InputError, match=r"labels\.jsonl:3: .*missing required field .*a label looks like"):
        read_labels(file, WaitingLabels(DELAY_US))
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_labels(tmp_path / "none", WaitingLabels(DELAY_US))
