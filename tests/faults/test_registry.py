"""Every kind of fault keeps the rules of a kind."""

import pytest

from sim.faults.fault import Fault
from sim.faults.registry import FAULTS
from sim.injection.schedule import injector_of


@pytest.mark.parametrize("kind", FAULTS)
def test_kind_is_a_target_and_an_effect(kind: str) -> None:
    """A fault is named after what it does to what, and says it in one line."""
    fault = FAULTS[kind]
    assert issubclass(fault, Fault)
    assert fault.kind == kind
    assert "_" in kind
    assert fault.summary


@pytest.mark.parametrize("kind", FAULTS)
def test_each_kind_is_put_to_work_by_an_injector_of_its_own(kind: str) -> None:
    """A fault that a scenario may name does something in a run."""
    fault = FAULTS[kind]
    told = injector_of(fault).__annotations__["fault"]
    assert issubclass(fault, told)
    assert told is not Fault
