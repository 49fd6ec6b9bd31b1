"""The drills of the traffic hold because of what they rehearse: without it, each fails."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from actors.core.transaction import Columns, Transaction
from actors.model.artifact import load_artifact
from actors.model.policy import RuleBook, RuleLimits
from actors.pipeline import Pipeline
from actors.telemetry.telemetry import Telemetry
from sim.run.composition import Attachments
from tests.support.shipped import drill

pytestmark = pytest.mark.slow

CALM = "phases.recovery.rate=100"  # what is asked of the recovery is asked in the whole drill


def read_leniently(raws: Sequence[bytes]) -> Columns:
    """Return the transactions in ``raws`` as the first version of many services does; one may take the others with it.

    Strict parsing has no switch in a scenario, since nobody should want one.
    """
    try:
        found = [json.loads(raw) for raw in raws]
    except ValueError as error:
        raise RuntimeError("this is no JSON") from error
    names = [field.name for field in msgspec.structs.fields(Transaction)]
    return Columns.of([Transaction(*(each.get(name) for name in names)) for each in found])


def read_leniently_from_now_on(pipeline: Pipeline) -> None:
    """Let the assembler read without any check."""
    pipeline.assembler._parts = replace(pipeline.assembler._parts, read=read_leniently)


def test_poison_needs_strict_parsing(world_model: Path, tmp_path: Path) -> None:
    """Read leniently, what is no JSON crashes the assembler, batch by batch, and the impossible is decided upon."""
    lenient = Attachments(alter=read_leniently_from_now_on)
    drilled = drill("traffic_poison", world_model, tmp_path / "run", CALM, attachments=lenient)
    assert {"no-restart", "errors"} <= drilled.failed
    assert drilled.summary.exit_code == 99


@pytest.mark.parametrize("remembered", [1, 100])
def test_duplicates_need_the_memory_of_ids(remembered: int, world_model: Path, tmp_path: Path) -> None:
    """Too few ids remembered, each retry is decided anew, and every card looks as if it had bought four times."""
    few = f"pipeline.assembler.remembered_ids={remembered}"
    drilled = drill("traffic_duplicates", world_model, tmp_path / "run", few, CALM)
    assert {"decided-once", "told-apart", "same-cards", "same-answers", "detected"} <= drilled.failed
    assert drilled.summary.exit_code == 99


@pytest.mark.parametrize(
    ("open_when", "failing"),
    [("features_missing", {"ring-caught", "money-kept"}), ("model_failed", {"bots-caught", "bots-money"})],
)
def test_wave_needs_the_ladder(open_when: str, failing: set[str], world_model: Path, tmp_path: Path) -> None:
    """Failing open lets the attack through that comes just then, and keeps the other one out."""
    drilled = drill("fraud_wave", world_model, tmp_path / "run", f"pipeline.on_failure.{open_when}=fail_open", CALM)
    assert drilled.failed & {"ring-caught", "money-kept", "bots-caught", "bots-money"} == failing
    assert drilled.summary.exit_code == 99


def test_wave_needs_the_rules_on_velocity_and_devices(
    world_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a rule on amounts alone the bots' small tries pass. Limits come from training, so no scenario sets them."""
    limits = RuleLimits(card_velocity=None, many_merchants=None, foreign_amount=None, shared_device=None)
    amounts, usual = RuleBook(load_artifact(world_model).feature_names, limits), RuleBook.decide
    monkeypatch.setattr(RuleBook, "decide", lambda _, features: usual(amounts, features))
    drilled = drill("fraud_wave", world_model, tmp_path / "run", CALM)
    assert "bots-caught" in drilled.failed
    assert drilled.summary.exit_code == 99


def test_volume_drop_needs_a_rule_on_what_is_offered(world_model: Path, tmp_path: Path) -> None:
    """A rule on the share that is scored, as the built-in one is, says nothing when nothing comes."""
    rule = 'alerts=[{alert: OfferedVolumeLow, expr: "volume_ratio < 50%", for: 1s, severity: page}]'
    drilled = drill("traffic_volume_drop", world_model, tmp_path / "run", rule)
    assert drilled.failed == {"detected"}
    assert drilled.summary.exit_code == 99


def test_drift_needs_its_watch_over_features(
    world_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever does not count features to compare them with training's is not told by them."""
    monkeypatch.setattr(Telemetry, "observe_features", lambda *_: None)
    drilled = drill("traffic_drift", world_model, tmp_path / "run")
    assert "detected" in drilled.failed
    assert "scores-tell" not in drilled.failed
    assert drilled.summary.exit_code == 99
