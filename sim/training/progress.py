"""What training reports: how far it is, or which gates its model missed."""

from typing import Protocol

from actors.core.errors import RiskdrillError


class Progress(Protocol):
    """Called by training as it goes, several times a second at most; must not block."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Say that ``done`` of ``total`` steps of ``stage`` are behind; total 0 is not known yet."""
        ...


def silent(stage: str, done: int, total: int) -> None:
    """Tell no one."""


class TrainingRefused(RiskdrillError):  # noqa: N818  # not an error: the gates did their work
    """A model was trained and is not good enough; nothing was written.

    Attributes:
        source: what was trained on.
        misses: one line a gate, with figure and limit.
        figures: all figures, by the rows they were measured on.
    """

    def __init__(self, source: str, misses: tuple[str, ...], figures: dict[str, dict[str, float | None]]) -> None:
        self.source = source
        self.misses = misses
        self.figures = figures
        super().__init__(f"{source}: training is refused: {'; '.join(misses)}")

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        """Return how it is made again in another process."""
        return type(self), (self.source, self.misses, self.figures)
