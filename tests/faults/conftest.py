"""What tests of faults share."""

import pytest

from tests.faults.laboratory import CountingStore


@pytest.fixture
def store() -> CountingStore:
    """Return a store that nobody has called."""
    return CountingStore()
