"""What all tests share: hypothesis profiles and the handbook's transactions when they are at hand."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.model_cache import default_model
from tests.support.repository import ROOT

HANDBOOK = Path(os.environ.get("RISKDRILL_HANDBOOK", ROOT / "../shared/data/handbook.parquet"))

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # in a shell's background job; tests of Ctrl-C would wait in vain
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest.register_assert_rewrite("actors.contracts")
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=60, print_blob=True)
settings.register_profile("search", deadline=None, max_examples=2_000)  # HYPOTHESIS_PROFILE=search looks further
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="session")
def handbook() -> Path:
    """Return the file of the Fraud Detection Handbook's transactions; skip where it is absent."""
    if not HANDBOOK.is_file():
        pytest.skip(f"no handbook data at {HANDBOOK}; RISKDRILL_HANDBOOK names another place")
    return HANDBOOK.resolve()


@pytest.fixture(scope="session")
def world_model() -> Path:
    """Return the model of the default world; the first test that needs it trains it, in about a minute."""
    return default_model()
