"""The training table is history as the assembler would have seen it, point in time."""

from pathlib import Path

import numpy as np

from actors.core.arrays import F32, U8
from actors.core.transaction import Columns, cut
from actors.features.history import History
from actors.features.stream_state import InMemoryStreamState
from actors.model.warm_state import HISTORY_FILE, WINDOWS_FILE
from sim.training.backfill import Replay
from tests.support.sim.small_training import SOURCE

Chunks = list[tuple[Columns, U8]]


def features_of(chunks: Chunks) -> F32:
    replay = Replay(SOURCE.features, SOURCE.label_delay_us)
    return np.concatenate([replay.feed(columns, fraud) for columns, fraud in chunks])


def pieces(chunks: Chunks, size: int) -> Chunks:
    return [
        (cut(columns, slice(at, at + size)), fraud[at : at + size])
        for columns, fraud in chunks
        for at in range(0, len(columns), size)
    ]


def same(one: F32, two: F32) -> bool:
    return np.array_equal(one, two, equal_nan=True)


def test_features_do_not_depend_on_how_history_is_cut(history: Chunks) -> None:
    """Batches of 37 give bit for bit what whole days give."""
    assert same(features_of(pieces(history[:4], 37)), features_of(history[:4]))


def test_the_future_does_not_change_the_past(history: Chunks) -> None:
    """Rows before a day are the same whether or not that day ever comes."""
    rows = sum(len(columns) for columns, _ in history[:6])
    assert same(features_of(history)[:rows], features_of(history[:6]))


def test_a_label_speaks_only_after_its_delay(history: Chunks) -> None:
    """Turning all labels of a day around changes nothing before they are known, and something after."""
    columns, fraud = history[5]
    turned = [*history[:5], (columns, 1 - fraud), *history[6:]]
    known_us = int(columns.event_us[0]) + SOURCE.label_delay_us
    event_us = np.concatenate([columns.event_us for columns, _ in history])
    before = event_us < known_us
    one, two = features_of(history), features_of(turned)
    assert same(one[before], two[before])
    assert not same(one[~before], two[~before])


def test_the_state_is_left_where_history_ends(history: Chunks, tmp_path: Path) -> None:
    """Windows and history read back go on exactly where the replay stopped."""
    replay = Replay(SOURCE.features, SOURCE.label_delay_us)
    for columns, fraud in history[:-1]:
        replay.feed(columns, fraud)
    replay.save(tmp_path)
    windows = InMemoryStreamState.load(tmp_path / WINDOWS_FILE)
    assert len(History.load(tmp_path / HISTORY_FILE)) == len(replay.history)
    assert same(windows.count(history[-1][0]), replay.stream.count(history[-1][0]))
