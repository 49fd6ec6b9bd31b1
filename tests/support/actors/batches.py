"""Decided batches made by hand."""

import numpy as np

from actors.core.arrays import U8
from actors.core.batches import DecidedBatch, Decision, FeatureBatch, Track


def decided(numbers: list[int], decisions: list[Decision], amounts: list[float], scores: list[float]) -> DecidedBatch:
    """Return decisions on transactions with ``numbers``, decided at instants ten times their number."""
    count = len(numbers)
    track = np.zeros((count, len(Track)), dtype=np.int64)
    track[:, Track.NUMBER] = numbers
    track[:, Track.ARRIVAL] = [100 + 10 * number for number in numbers]
    zeros: U8 = np.zeros(count, dtype=np.uint8)
    batch = FeatureBatch(
        ids=[f"t{number}" for number in numbers],
        cards=["card-1234"] * count,
        event_us=np.array(numbers, dtype=np.int64) * 1_000_000,
        amount=np.array(amounts),
        features=np.zeros((count, 1), dtype=np.float32),
        mode=zeros,
        track=track,
    )
    return DecidedBatch(
        batch=batch,
        score=np.array(scores),
        decision=np.array(decisions, dtype=np.uint8),
        mode=zeros,
        cause=zeros,
        reason=zeros,
        model=np.zeros(count, dtype=np.uint16),
    )
