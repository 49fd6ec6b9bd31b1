"""A file of transactions trains a model as the scenario's periods say, or says what is missing."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from actors.core.clock import US_PER_DAY
from actors.core.errors import InputError
from sim.gates import gates_of
from sim.replay.spec import EventsSpec, Period
from sim.training.source import EventsSource
from sim.training.trainer import ALL_CARDS, TEST, train
from tests.support.sim.event_files import column_map
from tests.support.sim.small_training import QUICK, SOURCE, TOWN

FIELDS = ("id", "event_time", "card", "merchant", "amount", "fraud", "category")


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny town's history as Parquet, with few of its fields."""
    frames = [
        pl.DataFrame(
            {
                "id": columns.ids,
                "event_time": columns.event_us,
                "card": columns.cards,
                "merchant": columns.merchants,
                "amount": columns.amount,
                "category": columns.category,
                "fraud": fraud,
            }
        )
        for columns, fraud in SOURCE.chunks()
    ]
    path = tmp_path_factory.mktemp("events") / "town.parquet"
    pl.concat(frames).write_parquet(path)
    return path


def spec_of(file: Path) -> EventsSpec:
    start_us = TOWN.start_us + 8 * US_PER_DAY
    return EventsSpec(
        file=file,
        columns=column_map({field: field for field in FIELDS}),
        train=Period(start_us, start_us + 8 * US_PER_DAY),
        test=Period(start_us + 9 * US_PER_DAY, start_us + 15 * US_PER_DAY),
        label_delay_us=US_PER_DAY,
    )


def test_a_model_of_a_file_uses_what_the_file_has(file: Path, tmp_path: Path) -> None:
    """Features without their fields are left out, and the state ends where the test begins."""
    source = EventsSource.of(spec_of(file))
    report = train(source, tmp_path / "model", gates=gates_of({"roc_auc": 0.6}), config=QUICK)
    names = report.manifest.feature_names
    assert {"amount", "hour_of_day", "category", "merchant_risk_7d"} <= set(names)
    assert not {"home_km", "card_device_new", "online"} & set(names)
    assert report.manifest.state_end_us == source.test.from_us
    assert ALL_CARDS not in report.manifest.metrics


def test_known_cards_leave_the_judgement_but_not_the_report(file: Path, tmp_path: Path) -> None:
    """Gates look at the filtered rows; the figures of all cards stand beside them."""
    source = EventsSource.of(replace(spec_of(file), known_card_filter=True))
    report = train(source, tmp_path / "model", gates=gates_of({"roc_auc": 0.6}), config=QUICK)
    assert {TEST, ALL_CARDS} <= report.manifest.metrics.keys()
    window = report.manifest.window
    everyone = EventsSource.of(spec_of(file))
    assert (
        window.test_rows
        < train(everyone, tmp_path / "all", gates=gates_of({"roc_auc": 0.6}), config=QUICK).manifest.window.test_rows
    )


def test_what_a_file_lacks_for_training_is_said(file: Path) -> None:
    """Labels and two periods in order; each with its remedy."""
    spec = spec_of(file)
    assert spec.train is not None
    columns = column_map({field: field for field in FIELDS if field != "fraud"})
    for broken, complaint in (
        (replace(spec, columns=columns), "must map fraud to a column; add it"),
        (replace(spec, train=None), r"events.train and events.test must be given"),
        (replace(spec, test=replace(spec.train)), "events.test must begin after events.train ends"),
    ):
        with pytest.raises(InputError, match=complaint):
            EventsSource.of(broken)


def test_the_facts_follow_the_content_of_the_file(file: Path, tmp_path: Path) -> None:
    """A copy elsewhere is the same data; one changed byte is not."""
    copy = tmp_path / "copy.parquet"
    copy.write_bytes(file.read_bytes())
    facts = EventsSource.of(spec_of(file)).facts()
    assert EventsSource.of(spec_of(copy)).facts() == facts
    copy.write_bytes(file.read_bytes() + b" ")
    assert EventsSource.of(spec_of(copy)).facts() != facts


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    """Already when the key is asked for."""
    with pytest.raises(InputError, match=r"none.parquet: no such file"):
        EventsSource.of(spec_of(tmp_path / "none.parquet")).facts()


def test_a_training_period_without_fraud_is_refused_in_one_line(file: Path, tmp_path: Path) -> None:
    """Nothing can be learnt from one kind alone, nor from nothing."""
    spec = spec_of(file)
    before_us = TOWN.start_us - 9 * US_PER_DAY
    early = replace(spec, train=Period(before_us, before_us + US_PER_DAY))
    with pytest.raises(InputError, match="must hold fraud and honest transactions, got 0 and 0; choose another period"):
        train(EventsSource.of(early), tmp_path / "model")
