"""Laws of the `DeadLetterSink` port."""

from abc import ABC, abstractmethod

from actors.contracts.contract import PortContract, failure
from actors.core.batches import DeadLetter
from actors.core.errors import SinkError
from actors.output.dead_letters import DeadLetterSink


class DeadLettersContract(PortContract, ABC):
    """Wherever dead letters are kept, each can be read again as it was set aside."""

    @abstractmethod
    async def empty(self) -> DeadLetterSink:
        """Return a sink that keeps nothing yet."""

    @abstractmethod
    async def kept(self, sink: DeadLetterSink) -> list[DeadLetter]:
        """Return what ``sink`` keeps, in order."""

    async def broken(self) -> DeadLetterSink | None:
        """Return a sink that cannot keep anything; None if there is no such thing."""
        return None

    def test_letters_are_kept_in_order_with_all_they_say(self) -> None:
        """Number, reason, detail, raw bytes and instant come back, of one letter or of many at once."""

        async def law() -> None:
            sink, letters = await self.empty(), [_letter(number) for number in range(300)]
            for at in (slice(0, 1), slice(1, 2), slice(2, 280), slice(280, 300)):
                await sink.put(letters[at])
            assert await self.kept(sink) == letters

        self.run(law())

    def test_bytes_that_are_no_text_are_kept_as_far_as_they_are(self) -> None:
        """What could not even be decoded is no reason to lose the letter."""

        async def law() -> None:
            sink = await self.empty()
            await sink.put([DeadLetter(7, "not_json", "cut off", b'{"card": "\xff\xfe', 5)])
            (kept,) = await self.kept(sink)
            assert (kept.number, kept.reason, kept.detail, kept.at_ns) == (7, "not_json", "cut off", 5)
            assert kept.raw.startswith(b'{"card": "')

        self.run(law())

    def test_a_sink_that_cannot_keep_is_a_sink_error(self) -> None:
        """No other error comes out, and a letter that is lost is never passed over in silence."""

        async def law() -> None:
            sink = await self.broken()
            if sink is not None:
                assert str(await failure(_put(sink, [_letter(1), _letter(2)]), SinkError))

        self.run(law())


async def _put(sink: DeadLetterSink, letters: list[DeadLetter]) -> None:
    """Have ``sink`` keep ``letters``; also where it raises before there is anything to await."""
    await sink.put(letters)


def _letter(number: int) -> DeadLetter:
    reason = ("not_json", "out_of_range", "poison")[number % 3]
    return DeadLetter(number, reason, f"amount ≥ {number}\nand more", f'{{"id": "é{number}"}}'.encode(), number * 1_000)
