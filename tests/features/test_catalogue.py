"""The catalogue: one place that names every feature, complete and consistent."""

from dataclasses import replace

import msgspec
import pytest

from actors.core.transaction import Transaction
from actors.features import catalogue, kernels
from actors.features.catalogue import (
    CATALOGUE,
    HARD_LIMIT_S,
    STALE_AFTER_S,
    STREAM_COLUMNS,
    SYNTHETIC_FEATURES,
    Tier,
    catalogue_digest,
    feature,
    features_for,
)
from actors.features.store import CARD_COLUMNS, MERCHANT_COLUMNS

OPTIONAL = {field.name for field in msgspec.structs.fields(Transaction) if not field.required}


def test_names_are_unique_and_found() -> None:
    """Every feature is found by its name, and no two share one."""
    assert [feature(each.name) for each in CATALOGUE] == list(CATALOGUE)
    with pytest.raises(KeyError):
        feature("card_tx_2h")


def test_every_feature_is_written_at_its_place() -> None:
    """The kernels write each feature, and nothing else, where the catalogue has it."""
    names = tuple(each.name for each in CATALOGUE)
    crossed = {kernels.AMOUNT_RATIO_30D: "amount_ratio_30d", kernels.HOME_KM: "home_km"}
    payload = [name for name in names[: kernels.STREAM] if getattr(kernels, name.upper()) == names.index(name)]
    streamed = [name for name in STREAM_COLUMNS if getattr(kernels, name.upper()) == STREAM_COLUMNS.index(name)]
    stored = CARD_COLUMNS[: kernels.HOME_LAT]
    assert (*payload, *streamed, *stored, *crossed.values(), *MERCHANT_COLUMNS) == names
    assert [names[place] for place in crossed] == list(crossed.values())
    assert names.index(MERCHANT_COLUMNS[0]) == kernels.MERCHANT
    assert len(names) == kernels.WIDTH


def test_only_the_batch_tier_ages() -> None:
    """A feature has a freshness limit if and only if it is looked up, and goes stale before it goes missing."""
    for each in CATALOGUE:
        assert (each.freshness_limit_s is not None) == (each.tier is Tier.BATCH)
    assert STALE_AFTER_S < HARD_LIMIT_S


def test_needs_are_optional_fields_of_a_transaction() -> None:
    """What a feature needs is a field that a transaction may lack."""
    assert {field for each in CATALOGUE for field in each.needs} <= OPTIONAL


def test_a_file_without_optional_fields_has_features_of_every_tier() -> None:
    """Required fields alone give counts, amounts and risks, and no feature that would always be missing."""
    plain = features_for(())
    assert {"amount", "hour_of_day", "card_tx_1h", "merchant_risk_7d", "amount_ratio_30d"} <= set(plain)
    assert not {"home_km", "category", "device_cards_7d", "local_hour"} & set(plain)
    assert features_for(OPTIONAL) == tuple(each.name for each in CATALOGUE)


def test_synthetic_worlds_leave_out_what_tells_when_a_drill_started() -> None:
    """A drill of minutes covers a few hours and refreshes: what only tells how many of them is left out."""
    left_out = {each.name for each in CATALOGUE} - set(SYNTHETIC_FEATURES)
    assert left_out == {"hour_of_day", "weekday", "category_risk_30d"}


def test_any_change_changes_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model trained on another catalogue is never taken for one trained on this."""
    before = catalogue_digest()
    changed = (replace(CATALOGUE[0], description="something else"), *CATALOGUE[1:])
    monkeypatch.setattr(catalogue, "CATALOGUE", changed)
    assert catalogue_digest() != before
