"""Laws of the lines of the decision log."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.config import FeatureLogging
from actors.core.batches import FEW, DecidedBatch, Decision, Track
from actors.output.decision_record import SAMPLE_EVERY, DecisionLines
from tests.support.actors.batches import decided


def batch(instants: list[list[int]]) -> DecidedBatch:
    """Return approvals with ``instants`` on their track, numbered from 90."""
    count = len(instants)
    made = decided(list(range(90, 90 + count)), [Decision.APPROVE] * count, [1.0] * count, [0.5] * count)
    made.batch.track[:, Track.ARRIVAL :] = instants
    return made


@pytest.mark.parametrize("features", ["all", "sample", "off"])
@given(st.lists(st.lists(st.integers(0, 10**12), min_size=8, max_size=8), min_size=FEW + 1, max_size=2 * FEW))
def test_lines_are_the_same_in_any_batch(features: FeatureLogging, instants: list[list[int]]) -> None:
    """A decision's line does not depend on how many are logged with it, or encoded at a time."""
    lines, whole = DecisionLines(lambda _: "0123456789ab", features), batch(instants)
    single, rest = [], whole
    while len(rest) > FEW:
        first, rest = rest.split(1)
        single.append(first)
    alone = b"".join(map(lines.encode, single))
    assert alone == lines.encode_all(single)
    assert alone + lines.encode(rest) == lines.encode_all([*single, rest]) == lines.encode(whole)


def test_one_line_in_a_hundred_carries_features() -> None:
    """Which one depends on the transaction's number alone."""
    lines = DecisionLines(lambda _: "0123456789ab").encode(batch(np.zeros((30, 8), dtype=int).tolist()))
    assert [90 + at for at, line in enumerate(lines.splitlines()) if b"features" in line] == [SAMPLE_EVERY]
