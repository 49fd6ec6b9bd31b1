"""What tests of faults share."""

import pytest

from tests.support.actors.small_model import fitted
from tests.support.sim.faults import CountingStore

__all__ = ["fitted"]


@pytest.fixture
def store() -> CountingStore:
    """Return a store that nobody has called."""
    return CountingStore()
