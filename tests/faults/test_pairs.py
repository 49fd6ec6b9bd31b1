"""Every two faults compose: none fails in its own code for what the other does, and the books balance."""

import itertools
from pathlib import Path

import pytest

from sim.faults.registry import FAULTS
from tests.support.sim.fault_pairs import groups, pairs_of, troubles

pytestmark = pytest.mark.slow

SUBJECTS = list(dict.fromkeys(fault.__module__ for fault in FAULTS.values()))


@pytest.mark.parametrize("group", groups(), ids="+".join)
def test_every_two_kinds_of_fault_compose(group: tuple[str, ...], world_model: Path) -> None:
    """In at the same time, with a few others: each does its harm, is lifted, and no transaction is lost."""
    assert troubles(group, world_model) == []


def test_the_groups_hold_every_two_kinds_once() -> None:
    """A kind of fault that is new is in groups with all others."""
    pairs = [frozenset(pair) for group in groups() for pair in itertools.combinations(group, 2)]
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == {frozenset(pair) for pair in itertools.combinations(FAULTS, 2)}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_faults_of_one_subject_compose_in_either_order(subject: str, world_model: Path) -> None:
    """Alone with each other, and wrapped the other way round than in the groups."""
    wrong = {pair: found for pair in pairs_of(subject) if (found := troubles(pair, world_model))}
    assert wrong == {}
