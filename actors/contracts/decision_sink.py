"""Laws of the `DecisionSink` port."""

import asyncio
from abc import ABC, abstractmethod

from actors.contracts.contract import PortContract, decided, failure
from actors.core.batches import DecidedBatch
from actors.core.errors import SinkError
from actors.output.sinks import DecisionSink

Told = list[tuple[str, int]]  # a transaction's id and its `Decision`


class DecisionSinkContract(PortContract, ABC):
    """Whoever takes decisions is told each one once, in order, however often it is delivered."""

    @abstractmethod
    async def empty(self) -> DecisionSink:
        """Return a sink that has taken nothing yet."""

    @abstractmethod
    async def told(self, sink: DecisionSink) -> Told:
        """Return what ``sink`` has told whoever takes decisions, in order."""

    async def broken(self) -> DecisionSink | None:
        """Return a sink whose server is gone; None if there is nothing that could go."""
        return None

    def test_each_decision_is_told_in_order(self) -> None:
        """Whatever the batches, what is told is what was decided, as it was decided."""

        async def law() -> None:
            sink, first = await self.empty(), 0
            for count in (1, 5, 1, 700, 2):
                await sink.deliver(decided(first, count))
                first += count
            assert await self.told(sink) == _told(decided(0, first))

        self.run(law())

    def test_a_decision_delivered_again_changes_nothing(self) -> None:
        """Whole, or one by one as after a crash of the logger, each transaction is told once."""

        async def law() -> None:
            sink = await self.empty()
            for batch in (decided(0, 6), decided(0, 6), *(decided(number, 1) for number in range(6)), decided(6, 4)):
                await sink.deliver(batch)
            assert await self.told(sink) == _told(decided(0, 10))

        self.run(law())

    def test_a_delivery_that_was_given_up_can_be_made_again(self) -> None:
        """After a time-out nobody knows what was taken; delivered once more, each transaction is told once."""

        async def law() -> None:
            sink = await self.empty()
            given_up = asyncio.ensure_future(sink.deliver(decided(0, 4)))
            await asyncio.sleep(0)
            given_up.cancel()
            await asyncio.gather(given_up, return_exceptions=True)
            await sink.deliver(decided(0, 4))
            assert await self.told(sink) == _told(decided(0, 4))

        self.run(law())

    def test_a_batch_is_not_changed(self) -> None:
        """The decision log is written from the same arrays."""

        async def law() -> None:
            sink, batch = await self.empty(), decided(0, 9)
            await sink.deliver(batch)
            untouched = decided(0, 9)
            assert _told(batch) == _told(untouched)
            assert batch.batch.track.tobytes() == untouched.batch.track.tobytes()
            assert batch.score.tobytes() == untouched.score.tobytes()

        self.run(law())

    def test_a_server_that_is_gone_is_a_sink_error(self) -> None:
        """No error of a client goes on to the logger, which would crash, and a failure is never passed over."""

        async def law() -> None:
            sink = await self.broken()
            if sink is not None:
                assert str(await failure(sink.deliver(decided(0, 3)), SinkError))

        self.run(law())


def _told(batch: DecidedBatch) -> Told:
    return list(zip(batch.batch.ids, batch.decision.tolist(), strict=True))
