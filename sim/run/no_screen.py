"""No screen: for runs that no one watches."""

from dashboard.frame import Message


class NoScreen:
    """An `AnyScreen` that shows nothing and has no keys."""

    @property
    def ready(self) -> bool:
        """Never, so that no frame is made."""
        return False

    def show(self, message: Message) -> None:
        """Show nothing."""

    def keys(self) -> str:
        """Return nothing."""
        return ""
