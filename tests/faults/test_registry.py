"""Every kind of fault keeps the rules of a kind."""

import pytest

from sim.faults.fault import Fault
from sim.faults.registry import FAULTS


@pytest.mark.parametrize("kind", FAULTS)
def test_kind_is_a_target_and_an_effect(kind: str) -> None:
    """A fault is named after what it does to what, and says it in one line."""
    fault = FAULTS[kind]
    assert issubclass(fault, Fault)
    assert fault.kind == kind
    assert "_" in kind
    assert fault.summary
