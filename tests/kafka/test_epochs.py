"""Epochs: each row is committed once, whatever becomes of the others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.adapters.kafka.epochs import OUTSTANDING, Epoch, EpochBook, Row
from actors.adapters.kafka.messages import Offered
from actors.core.errors import StreamStateError

PARTITIONS = 3


class Stream:
    """A stream of numbered rows in partitions, read on from where it was left or wound back to."""

    def __init__(self, count: int) -> None:
        self._partitions: list[list[Row]] = [[] for _ in range(PARTITIONS)]
        for number in range(count):
            partition = number * 7 % PARTITIONS
            offset = len(self._partitions[partition]) * 2  # offsets have gaps
            self._partitions[partition].append(Row(partition, offset, b"k", b"{}", Offered(number, 0), 1))
        self._at = [0] * PARTITIONS

    def take(self, most: int) -> list[Row]:
        rows: list[Row] = []
        for partition, held in enumerate(self._partitions):
            part = [row for row in held if row.offset >= self._at[partition]][:most]
            if part:
                self._at[partition] = part[-1].offset + 1
            rows += part
        return rows

    def rewind(self, offsets: dict[int, int]) -> None:
        for partition, offset in offsets.items():
            self._at[partition] = offset


def decide(book: EpochBook, numbers: list[int]) -> None:
    book.decided(numbers, [b"line"] * len(numbers), [1] * len(numbers))


def commit(book: EpochBook, committed: list[int]) -> None:
    while (epoch := book.ready()) is not None:
        committed += [row.offered.number for row in epoch.rows]
        book.commit(epoch)


@given(data=st.data())
def test_each_row_is_committed_once(data: st.DataObject) -> None:
    """In whatever order rows end, as what, told how often, and however often epochs are dropped in between."""
    count = data.draw(st.integers(1, 30))
    stream, book = Stream(count), EpochBook({})
    committed: list[int] = []
    inside: list[int] = []
    steps = data.draw(st.lists(st.sampled_from(("decide", "letter", "duplicate", "abort", "open")), max_size=25))
    for step in [*steps, *("open", "all") * (count + OUTSTANDING)]:
        if step == "abort":
            stream.rewind(book.abort())
        elif step == "open":
            if book.room and (rows := stream.take(data.draw(st.integers(1, 4)))):
                epoch = book.open(rows)
                inside += range(epoch.first, epoch.first + len(rows))
        elif step == "all":
            decide(book, inside)
        elif inside:
            some = inside[:: data.draw(st.integers(1, 3))]
            if step == "decide":
                decide(book, some)
            elif step == "letter":
                book.letter(some[-1], b"{}", 1)
            else:
                book.duplicates(some, 1)
        assert len(book._epochs) <= OUTSTANDING
        commit(book, committed)
    assert sorted(committed) == list(range(count))


def opened(book: EpochBook, stream: Stream, most: int = 2) -> Epoch:
    return book.open(stream.take(most))


def test_an_epoch_waits_for_the_one_before_it() -> None:
    """Decisions of a partition come in its order, also when the later epoch is done first."""
    stream, book = Stream(12), EpochBook({})
    first, second = opened(book, stream), opened(book, stream)
    assert not book.room
    decide(book, list(range(second.first, second.first + len(second.rows))))
    assert book.ready() is None
    decide(book, list(range(first.first, first.first + len(first.rows))))
    assert book.ready() is first
    book.commit(first)
    assert book.ready() is second


def test_dropped_rows_keep_their_place_until_they_have_ended() -> None:
    """What still is in the pipeline is bounded, however often its epochs are dropped; its decisions count nowhere."""
    stream, book = Stream(12), EpochBook({})
    first, second = opened(book, stream), opened(book, stream)
    assert book.abort() == first.first_offsets
    assert (book.aborted_epochs, book.replayed_rows) == (2, len(first.rows) + len(second.rows))
    assert not book.room
    decide(book, list(range(first.first, second.first + len(second.rows))))
    assert book.idle
    assert book.ready() is None
    assert book.committed_epochs == 0


def test_windows_are_told_where_rows_lie() -> None:
    """Number, partition and offset belong together, and what is over has no place any more."""
    stream, book = Stream(9), EpochBook({0: 100})
    epoch = opened(book, stream, 3)
    partitions, offsets = book.of(np.arange(len(epoch.rows)))
    assert list(zip(partitions.tolist(), offsets.tolist(), strict=True)) == [
        (row.partition, row.offset) for row in epoch.rows
    ]
    assert (book.first(0), book.committed(0)) == (100, 100)
    decide(book, list(range(len(epoch.rows))))
    book.commit(epoch)
    assert book.committed(0) == epoch.next_offsets[0]
    with pytest.raises(StreamStateError, match="given up"):
        book.of(np.arange(1))


def test_gaps_keep_the_earliest_offset_and_end_with_the_partition() -> None:
    """Windows count again from the first row they missed; a partition that is given away is another's to mend."""
    book = EpochBook({})
    book.behind(1, 30)
    book.behind(1, 50)
    book.stale(2, 7)
    assert (book.gaps, book.zombie) == ({1: 30}, {2})
    book.revoked([1, 2])
    assert (book.gaps, book.zombie) == ({}, set())
