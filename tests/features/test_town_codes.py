"""Laws of the codes of towns' names: as if all had been given from the start, and nobody remembered unasked."""

import numpy as np
import pytest

from actors.features import towns as towns_module
from actors.features.interner import Interner, numbers_of
from actors.features.town_codes import TownInterner
from actors.features.towns import Town, TownNames, towns

NAMES = ["c0-5", "c0-1", "c0-0-7"]
TOWNS = (Town(0), *towns(3))


def given() -> Interner:
    """Return an interner that all names were given to, town by town."""
    interner = Interner()
    for town in TOWNS:
        interner.of(town.rename(NAMES))
    return interner


def test_codes_are_those_that_all_names_would_have() -> None:
    """Town by town, in the order of town 0's names."""
    codes = TownInterner(TownNames(NAMES, TOWNS))
    assert list(codes.codes.items()) == list(given().codes.items())
    assert codes.names == given().names
    assert codes.of(["c2-1", "c0-5", "c1-0-7"]).tolist() == [7, 0, 5]


def test_strangers_come_after_the_towns() -> None:
    """In the order of first sight, and never twice."""
    codes, plain = TownInterner(TownNames(NAMES, TOWNS)), given()
    asked = ["c1-5", "c9-5", "c1-99", "c9-5", "card"]
    assert codes.of(asked).tolist() == plain.of(asked).tolist() == [3, 9, 10, 9, 11]
    assert len(codes) == len(plain) == 12
    assert codes.names == plain.names


def test_asking_gives_no_code() -> None:
    """A look-up of a stranger finds nobody, and leaves nothing."""
    codes = TownInterner(TownNames(NAMES, TOWNS))
    assert numbers_of(["c2-5", "stranger"], codes.codes, 99).tolist() == [6, 99]
    assert "stranger" not in codes.codes
    with pytest.raises(KeyError):
        codes.codes["stranger"]
    assert len(codes) == 9


def test_forgetting_strangers_keeps_the_towns() -> None:
    """Codes of towns' names never change; the strangers that stay move up."""
    codes = TownInterner(TownNames(NAMES, TOWNS))
    codes.of(["x", "y", "z"])
    fewer, new = codes.only(np.array([*range(9), 11]))
    assert fewer.names == [*given().names, "z"]
    assert new[:9].tolist() == list(range(9))
    assert new[11] == 9


@pytest.mark.parametrize("at_hand", [0, 9, 10_000])
def test_codes_do_not_depend_on_what_is_at_hand(monkeypatch: pytest.MonkeyPatch, at_hand: int) -> None:
    """Of few names numbers are remembered, of many they are worked out: they are the same, and strangers' codes too."""
    monkeypatch.setattr(towns_module, "AT_HAND", at_hand)
    codes, plain = TownInterner(TownNames(NAMES, TOWNS)), given()
    asked = ["c1-5", "x", "c2-1", "c0-5", "y", "c1-5", "x", "c0-0-7", "y", "c9-5", "c1-", "-5", "c1-5-2"]
    for _ in range(2):
        assert codes.of(list(asked)).tolist() == plain.of(asked).tolist()
        assert [codes.codes[name] for name in asked] == plain.of(asked).tolist()
    assert codes.names == plain.names


def test_names_are_numbered_once_for_all_who_share_them() -> None:
    """The same list again gives the same numbers and no new look-up, whoever gave strangers codes meanwhile."""
    names = TownNames(NAMES, TOWNS)
    one, other = TownInterner(names), TownInterner(names)
    asked = ["c1-5", "x", "c2-1"]
    assert one.of(asked).tolist() == [3, 9, 7]
    assert numbers_of(asked, other.codes, -1).tolist() == [3, -1, 7]
    assert names.numbers(asked) is names.numbers(asked)
    assert other.of(["y", *asked]).tolist() == [9, 3, 10, 7]
    assert other.of(asked).tolist() == [3, 10, 7]
    assert one.of(asked).tolist() == [3, 9, 7]
