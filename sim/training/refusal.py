"""The error that says which gates a model missed."""

from actors.errors import RiskdrillError


class TrainingRefused(RiskdrillError):  # noqa: N818  # not an accident: the gates did their work
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
        """Go to another process, and come back, as what it was made of."""
        return type(self), (self.source, self.misses, self.figures)
