"""A folder of scenarios draws one by seed, and a surprise its faults."""

from pathlib import Path

import pytest

from sim.drill.command import drawn
from sim.scenario.loader import surprises_anew
from tests.drill.test_refused import BROKEN, SOUND


def test_a_seed_always_draws_the_same_and_seeds_draw_all(tmp_path: Path) -> None:
    """Whoever knows the seed can play the drill again; what cannot be played is never drawn."""
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.yaml").write_text(BROKEN)
    (tmp_path / "d.yaml").write_text(SOUND)
    found = [drawn(tmp_path, seed, ()) for seed in range(20)]
    assert found == [drawn(tmp_path, seed, ()) for seed in range(20)]
    assert {file.stem for file in found} == {"a", "b", "c"}


ASKED = "surprise: {faults: 1, between: [0s, 5s]}\n"


@pytest.mark.parametrize(
    ("text", "overrides", "anew"),
    [
        (f"{SOUND}{ASKED}", (), True),
        (SOUND, ("surprise={between: [0s, 5s]}",), True),
        (f"{SOUND}{ASKED}seed: 7\n", (), False),
        (f"{SOUND}{ASKED}", ("seed=7",), False),
        (BROKEN, (), False),
    ],
)
def test_a_surprise_is_another_each_time_unless_a_seed_is_said(
    tmp_path: Path, text: str, overrides: tuple[str, ...], anew: bool
) -> None:
    """Whoever plays it twice does not know what comes; a seed in the file or on the command line is kept."""
    (tmp_path / "it.yaml").write_text(text)
    assert surprises_anew(tmp_path / "it.yaml", overrides) is anew
