"""Laws of codes: the known keep their numbers, strangers get the next ones, and nobody gets one unasked."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.features.encoding import Interner

KNOWN = ["k0", "k1", "k2"]
NAMES = st.lists(st.sampled_from([*KNOWN, "x", "y", "z"]), max_size=8)


class Listed:
    """Knows the names in a list, and counts how often each is asked for."""

    def __init__(self, names: list[str]) -> None:
        self._names = names
        self.asked = Counter[str]()

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        """Yield them."""
        return iter(self._names)

    def number(self, name: str) -> int:
        """Return where it is."""
        self.asked[name] += 1
        return self._names.index(name) if name in self._names else -1


@given(st.lists(st.tuples(st.booleans(), NAMES), max_size=12))
def test_codes_are_those_that_all_known_names_would_have_got_first(steps: list[tuple[bool, list[str]]]) -> None:
    """Whoever is asked for or given a code in whatever order, a dict that was filled with the known says the same."""
    interner, plain = Interner(known=Listed(KNOWN)), {name: code for code, name in enumerate(KNOWN)}
    for give, names in steps:
        if give:
            found = interner.of(names)
            for name in names:
                plain.setdefault(name, len(plain))
        else:
            found = interner.find(names)
        assert found.tolist() == [plain.get(name, -1) for name in names]
        assert interner.find(names).tolist() == found.tolist()
        assert [interner.code(name) for name in names] == found.tolist()
    assert interner.names == list(plain)
    assert len(interner) == len(plain)


def test_who_is_known_is_asked_for_once() -> None:
    """From the first sight on a name is at hand, whoever looks it up."""
    known = Listed(KNOWN)
    interner = Interner(known=known)
    for names in (["k1", "x"], ["k1", "k0", "x"], ["k0"]):
        interner.of(names)
    assert known.asked["k1"] == known.asked["k0"] == 1
    assert interner.met_count == 3


def test_asking_gives_no_code() -> None:
    """A look-up of a stranger finds nobody, and leaves nothing."""
    interner = Interner(known=Listed(KNOWN))
    assert interner.find(["k2", "stranger"]).tolist() == [2, -1]
    assert interner.met_count == 1
    assert len(interner) == 3


def test_forgetting_strangers_keeps_the_known() -> None:
    """Codes of the known never change, met or not; the strangers that stay move up."""
    interner = Interner(known=Listed(KNOWN))
    interner.of(["x", "k1", "y", "z"])
    fewer, new = interner.only(np.array([1, 5]))
    assert fewer.names == [*KNOWN, "z"]
    assert new[[0, 1, 2, 5]].tolist() == [0, 1, 2, 3]
    assert fewer.of(["w", "z", "k2"]).tolist() == [4, 3, 2]
    assert fewer.met_count == 3
