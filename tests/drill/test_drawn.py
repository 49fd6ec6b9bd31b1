"""A folder of scenarios draws one by seed."""

from pathlib import Path

from sim.drill.command import drawn
from tests.drill.test_refused import BROKEN, SOUND


def test_a_seed_always_draws_the_same_and_seeds_draw_all(tmp_path: Path) -> None:
    """Whoever knows the seed can play the drill again; what cannot be played is never drawn."""
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.yaml").write_text(BROKEN)
    (tmp_path / "d.yaml").write_text(SOUND)
    found = [drawn(tmp_path, seed, ()) for seed in range(20)]
    assert found == [drawn(tmp_path, seed, ()) for seed in range(20)]
    assert {file.stem for file in found} == {"a", "b", "c"}
