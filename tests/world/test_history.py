"""Laws of the training world: its size, its rhythm, its fraud, the same in every process."""

import hashlib
import os
import subprocess
import sys

import msgspec
import numpy as np
import pytest

from actors.core.clock import US_PER_DAY, US_PER_HOUR
from actors.core.transaction import parse, to_json
from actors.features import encoding
from sim.world.history import generate_history
from sim.world.merchants import CATEGORY_NAMES
from sim.world.spec import TownSpec
from sim.world.transactions import Names, Pattern, Rows, to_columns
from tests.support.sim.worlds import TOWN_SPEC, history, town

SMALL = TownSpec(cards=800, merchants=240, history_days=7)


def local_hours(rows: Rows) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Return the solar hour at the place of each transaction."""
    return (rows["event_us"] / US_PER_HOUR + rows["lon"] / 15) % 24


def test_the_history_has_the_size_that_was_asked_for() -> None:
    """4,000 cards at 1.34 a day make 300,000 transactions in eight weeks, within its days and in order."""
    rows = history()
    assert len(rows) == pytest.approx(300_160, rel=0.01)
    assert (np.diff(rows["event_us"]) >= 0).all()
    assert rows["event_us"][0] >= TOWN_SPEC.start_us
    assert rows["event_us"][-1] < TOWN_SPEC.end_us


def test_all_days_are_equally_busy() -> None:
    """The first day looks like any other, because campaigns and habits began before it."""
    per_day = np.bincount((history()["event_us"] - TOWN_SPEC.start_us) // US_PER_DAY)
    assert len(per_day) == 56
    assert per_day.min() > 0.93 * per_day.mean()
    assert per_day.max() < 1.07 * per_day.mean()


def test_the_town_is_equally_busy_at_every_hour() -> None:
    """Cards live at all longitudes, so Greenwich time says nothing."""
    per_hour = np.bincount(history()["event_us"] // US_PER_HOUR % 24)
    assert np.abs(per_hour / per_hour.mean() - 1).max() < 0.04


def test_local_hours_are_the_same_at_every_hour() -> None:
    """A drill of a few hours meets the local hours of eight weeks."""
    rows = history()
    utc, local = rows["event_us"] // US_PER_HOUR % 24 // 4, local_hours(rows)
    share = np.stack([np.histogram(local[utc == part], bins=8, range=(0, 24), density=True)[0] for part in range(6)])
    assert np.abs(share / share.mean(axis=0) - 1).max() < 0.12


def test_people_buy_by_day() -> None:
    """Each card follows its own day: far more purchases in the afternoon than at night."""
    per_hour = np.histogram(local_hours(history()), bins=24, range=(0, 24))[0]
    assert per_hour[13:17].mean() > 3.5 * per_hour[1:5].mean()


def test_fraud_has_its_ratio_and_every_pattern_its_part() -> None:
    """One in a hundred, and at least 8 % of it from each of the five patterns."""
    rows = history()
    assert rows["fraud"].mean() == pytest.approx(0.01, rel=0.12)
    share = np.bincount(rows["pattern"], minlength=6)[1:] / rows["fraud"].sum()
    assert len(share) == 5
    assert share.min() >= 0.08
    assert ((rows["pattern"] != Pattern.NONE) == (rows["fraud"] == 1)).all()


@pytest.mark.parametrize("ratio", [0.003, 0.03])
def test_the_fraud_ratio_scales_campaigns(ratio: float) -> None:
    """Three times as many campaigns make three times as much fraud."""
    spec = TownSpec(fraud_ratio=ratio, history_days=28)
    fraud = np.concatenate([chunk.fraud for chunk in generate_history(spec)])
    assert fraud.mean() == pytest.approx(ratio, rel=0.3)


def test_cards_differ_in_how_often_they_are_used() -> None:
    """Most cards are used every few days, some several times a day, hardly any never."""
    per_day = np.bincount(history()["card"], minlength=TOWN_SPEC.cards) / TOWN_SPEC.history_days
    assert per_day.mean() == pytest.approx(1.34, rel=0.01)
    assert np.quantile(per_day, 0.1) < 0.6
    assert np.quantile(per_day, 0.9) > 2.2
    assert (per_day == 0).mean() < 0.001


def test_merchants_get_the_share_that_was_expected() -> None:
    """Campaigns against merchants are planned by it."""
    per_day = np.bincount(history()["merchant"], minlength=TOWN_SPEC.merchants) / TOWN_SPEC.history_days
    assert np.corrcoef(per_day, town().merchant_share)[0, 1] > 0.99


def test_names_are_unique_and_tell_their_town() -> None:
    """Ids count from h0; cards, merchants and devices are of town 0."""
    chunks = [chunk.columns for chunk in generate_history(SMALL)]
    ids = [name for columns in chunks for name in columns.ids]
    assert ids == [f"h{at}" for at in range(len(ids))]
    for letter, names in zip("cmd", ("cards", "merchants", "device"), strict=True):
        assert all(name.startswith(f"{letter}0-") for columns in chunks for name in getattr(columns, names))


def test_columns_are_what_the_pipeline_would_parse() -> None:
    """Training sees exactly what a run sends as JSON."""
    rows, names = history()[:500], Names(town())
    ids = [f"x{at}" for at in range(500)]
    columns = to_columns(rows, names, ids)
    parsed = [parse(raw) for raw in to_json(columns)]
    assert [each.id for each in parsed] == ids
    assert [each.event_time for each in parsed] == columns.event_us.tolist()
    assert [round(each.amount * 100) for each in parsed] == columns.cents.tolist()
    assert [(each.lat, each.lon) for each in parsed] == list(
        zip(columns.lat.tolist(), columns.lon.tolist(), strict=True)
    )
    assert [(each.device, each.category) for each in parsed] == list(zip(columns.device, columns.category, strict=True))
    assert not [each for each in parsed if None in msgspec.structs.astuple(each)]


def test_categories_are_those_of_the_features() -> None:
    """The world's categories have codes of their own."""
    assert CATEGORY_NAMES == encoding.CATEGORIES


def digest() -> str:
    """Return a digest over everything in a small history."""
    whole = hashlib.sha256()
    for chunk in generate_history(SMALL):
        whole.update(msgspec.json.encode([chunk.columns.ids, chunk.columns.cards, chunk.columns.device]))
        for array in (chunk.columns.event_us, chunk.columns.cents, chunk.columns.lat, chunk.fraud, chunk.pattern):
            whole.update(array.tobytes())
    return whole.hexdigest()


def test_the_same_history_in_every_process() -> None:
    """Whatever Python's text hash is seeded with."""
    code = "from tests.world.test_history import digest; print(digest())"
    child = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=True,
    )
    assert child.stdout.strip() == digest()
