"""Telling whoever waits how far training is."""

from typing import Protocol


class Progress(Protocol):
    """Called by training as it goes, several times a second at most; must not block."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Say that ``done`` of ``total`` steps of ``stage`` are behind; total 0 is not known yet."""
        ...


def silent(stage: str, done: int, total: int) -> None:
    """Tell no one."""
