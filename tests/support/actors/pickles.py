"""Pickles that do more than hold values, for tests that nothing of them is done."""

from pathlib import Path
from typing import Any

from actors.model.lightgbm_engine import lightgbm


class Trap:
    """Touches a file when it is unpickled."""

    def __init__(self, sprung: Path) -> None:
        self._sprung = sprung

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self._sprung,)


def carrying(booster: lightgbm.Booster, burden: object) -> lightgbm.Booster:
    """Return the same model with ``burden`` among what its pickle holds beside the text."""
    loaded = lightgbm.Booster(model_str=booster.model_to_string())
    vars(loaded)["best_score"] = burden
    return loaded
