"""What tests of faults share."""

import pytest

from tests.faults.laboratory import CountingStore
from tests.model.conftest import fitted

__all__ = ["fitted"]


@pytest.fixture
def store() -> CountingStore:
    """Return a store that nobody has called."""
    return CountingStore()
