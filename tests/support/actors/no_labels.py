"""A source of labels for runs that have none."""

from actors.features.history import Labels


class NoLabels:
    """It never has any."""

    async def take_due(self, now_us: int) -> Labels | None:
        """Return None."""
        return None
