"""What the tests of transaction files share: every format in turn."""

import pytest


@pytest.fixture(params=["csv", "jsonl", "parquet"])
def ending(request: pytest.FixtureRequest) -> str:
    """Return each format's ending in turn."""
    return str(request.param)
