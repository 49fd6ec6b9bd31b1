"""The port to whoever waits for decisions."""

from typing import Protocol

from actors.messages import DecidedBatch


class DecisionSink(Protocol):
    """Where decisions are delivered: the caller who waits for them."""

    async def deliver(self, decided: DecidedBatch) -> None:
        """Hand over ``decided``; called once a batch, again with the same batch if the logger crashed or it failed.

        Whoever takes a decision twice knows it by its transaction id, and must do nothing the second time.

        Raises:
            SinkError: none of it was delivered; it is tried again or counted as undelivered, and what the caller then
                does is its own decision (most approve).
        """
        ...
