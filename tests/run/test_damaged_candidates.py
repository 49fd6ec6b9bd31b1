"""Damaged candidates with manifests that agree with them, released for real: none serves, and nobody dies of one."""

import asyncio
import json
from pathlib import Path

import pytest

from actors.core.errors import ArtifactError
from actors.model.artifact import load_artifact
from actors.model.manifest import read_manifest
from actors.model.serving import ModelSlot, Releases
from actors.model.verification import ChildVerification
from sim.faults.model import Damage
from sim.injection.model_damage import damaged_copy
from tests.support.drills import run_thin

pytestmark = pytest.mark.slow

TOLD: dict[Damage, str] = {
    "truncated": "must load in a child process, which crashed (SIG",
    "nul": "must hold text, and has a NUL in it",
    "leaf": "golden rows must score as in training",
    "permuted": "golden rows must score as in training",
}
RELEASES = """\
version: 1
name: releases
seed: 11
clock: {clock}
world: {{cards: 4000, merchants: 400, fraud_ratio: 0.05}}
phases: [{{name: shift, duration: {duration}, rate: 60}}]
steps:
{steps}
expect:
  - {{name: refused, during: always, expr: "model.refusals == 4 and model.swaps == 0"}}
  - {{name: books,   during: always, expr: "ledger.balanced == 1 and error_ratio == 0"}}
"""


@pytest.fixture(scope="module")
def candidates(world_model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[Damage, Path]:
    """Return the folders of four damaged copies of the world's model, signed after the damage."""
    place = tmp_path_factory.mktemp("candidates")
    for damage in TOLD:
        damaged_copy(world_model, place / damage, damage, 0.0, signed=True)
    return {damage: place / damage for damage in TOLD}


@pytest.mark.parametrize("damage", TOLD)
def test_a_signed_damaged_candidate_is_refused_by_a_release(
    damage: Damage, candidates: dict[Damage, Path], world_model: Path
) -> None:
    """The digest agrees, so it is a child's death or the golden rows that tell; the serving model stays."""
    first = load_artifact(world_model)
    slot = ModelSlot(first)

    async def main() -> str:
        releases = Releases(slot, first, ChildVerification(), lambda _: None)
        with pytest.raises(ArtifactError) as refusal:
            await releases.release(candidates[damage])
        return str(refusal.value)

    assert TOLD[damage] in asyncio.run(main())
    assert (slot.current.digest, slot.current.generation) == (first.manifest.digest, 0)


@pytest.mark.parametrize(("clock", "apart_s"), [("virtual", 1), ("real", 2)])
def test_a_run_in_which_all_of_them_are_released_goes_on_under_the_old_model(
    clock: str, apart_s: int, candidates: dict[Damage, Path], world_model: Path, tmp_path: Path
) -> None:
    """Each refusal is counted and written down with its reason; every decision names the model of the start."""
    steps = "\n".join(
        f"  - {{name: {damage}, kind: model_release, at: {number * apart_s}s, model: {folder}}}"
        for number, (damage, folder) in enumerate(candidates.items())
    )
    # Verified one after the other: on a busy machine the last may take a while after it was asked for.
    duration = f"{len(candidates) * apart_s + (10 if clock == 'real' else 1)}s"
    text = RELEASES.format(clock=clock, steps=steps, duration=duration)
    summary = run_thin(tmp_path / "run", world_model, (), text).summary
    assert {each.name: each.state for each in summary.expectations} == {"refused": "passed", "books": "passed"}
    assert [each.state for each in summary.steps] == ["refused"] * 4
    entries = [json.loads(line) for line in (tmp_path / "run" / "journal.jsonl").read_text().splitlines()]
    refusals = {entry["name"]: entry["detail"] for entry in entries if entry["kind"] == "model_refused"}
    assert [damage for damage, told in TOLD.items() if told not in refusals[damage]] == []
    decisions = [json.loads(line) for line in (tmp_path / "run" / "decisions.jsonl").read_text().splitlines()]
    assert {line["model"] for line in decisions} == {read_manifest(world_model / "manifest.json").digest}
    assert len(decisions) == summary.ledger.produced > 100
