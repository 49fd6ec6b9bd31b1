"""Laws of the `StreamState` port."""

from abc import ABC, abstractmethod
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.testing import assert_array_equal

from actors.contracts.contract import PortContract, failure
from actors.core.arrays import F32, I64
from actors.core.clock import US_PER_S
from actors.core.errors import StreamStateError
from actors.core.transaction import EARLIEST_US, Columns, Transaction, cut, pick
from actors.features.catalogue import STREAM_COLUMNS
from actors.features.stream_state import InMemoryStreamState, StreamState

COUNT = 240


class StreamStateContract(PortContract, ABC):
    """Wherever windows are kept, they say of a transaction what those in memory would, and count it once."""

    @abstractmethod
    async def empty(self) -> StreamState:
        """Return windows that have seen nothing."""

    async def broken(self) -> StreamState | None:
        """Return windows whose server is gone; None if there is nothing that could go."""
        return None

    def features(self, *cuts: int) -> F32:
        """Return the features of the made-up stream, counted in batches that end before each of ``cuts``."""

        async def counted() -> F32:
            state, columns = await self.empty(), stream()
            edges = [0, *cuts, COUNT]
            parts = [slice(*edge) for edge in pairwise(edges)]
            return np.concatenate([await _advance(state, columns, at) for at in parts])

        return self.run(counted())

    def test_features_are_those_of_the_windows_in_memory(self) -> None:
        """To the last bit, for cards and shops that come often, devices that are absent, and an amount of nothing."""
        features = self.features()
        assert features.dtype == np.float32
        assert features.shape == (COUNT, len(STREAM_COLUMNS))
        assert_array_equal(features, InMemoryStreamState().count(stream()))

    def test_each_transaction_sees_those_before_it(self) -> None:
        """The counts of a card that comes again and again are one, two, three."""

        async def law() -> None:
            columns = replace(stream(), cards=["one"] * COUNT, event_us=np.full(COUNT, EARLIEST_US))
            features = await _advance(await self.empty(), columns, slice(0, 4))
            assert_array_equal(features[:, STREAM_COLUMNS.index("card_tx_1h")], [1, 2, 3, 4])

        self.run(law())

    def test_batches_change_nothing(self) -> None:
        """One by one, in one batch or in any others, the same stream has the same features."""
        whole = self.features()
        assert_array_equal(self.features(1, 2, 3, 40, 41, 200), whole)
        assert_array_equal(self.features(*range(1, COUNT)), whole)

    def test_what_is_delivered_again_is_counted_once(self) -> None:
        """Whole or one by one, as after crashes of the assembler, it gets what it got; what follows is unharmed."""

        async def law() -> None:
            state, columns, expected = await self.empty(), stream(), InMemoryStreamState().count(stream())
            again = [slice(0, 30), slice(30, 40), slice(30, 40), *(slice(at, at + 1) for at in range(30, 40))]
            for at in (*again, slice(40, COUNT)):
                assert_array_equal(await _advance(state, columns, at), expected[at])

        self.run(law())

    def test_numbers_may_have_gaps(self) -> None:
        """Dead letters and duplicates have numbers and are not counted."""

        async def law() -> None:
            state, kept = await self.empty(), np.flatnonzero(np.arange(COUNT) % 3)
            columns = pick(stream(), kept)
            expected, cuts = InMemoryStreamState().count(columns), (0, 5, 6, 90, len(kept))
            for at in [slice(*edge) for edge in pairwise(cuts)]:
                for _ in range(2):
                    assert_array_equal(await state.advance(kept[at], cut(columns, at)), expected[at])

        self.run(law())

    def test_what_is_handed_out_stays_as_it_is(self) -> None:
        """A batch may wait in a mailbox while the next ones are counted."""

        async def law() -> None:
            state, columns = await self.empty(), stream()
            first = await _advance(state, columns, slice(0, 10))
            before = first.copy()
            await _advance(state, columns, slice(10, COUNT))
            assert_array_equal(first, before)

        self.run(law())

    def test_a_server_that_is_gone_is_a_stream_state_error(self) -> None:
        """No error of a client goes on to the assembler, which would crash, and nothing passes for features."""

        async def law() -> None:
            state = await self.broken()
            if state is not None:
                assert str(await failure(_advance(state, stream(), slice(0, 3)), StreamStateError))

        self.run(law())


def stream() -> Columns:
    """Return a made-up stream of transactions, the same each time."""
    mixed = [number * number * 7_919 // 5 for number in range(COUNT)]
    event_us: I64 = EARLIEST_US + np.cumsum([each % 10_800 for each in mixed]) * US_PER_S
    return Columns.of(
        [
            Transaction(
                id=f"t{number}",
                event_time=int(event_us[number]),
                card=f"carte-é-{each % 6}",
                merchant=f"shop-{each % 4}",
                amount=number % 11 * 7.25,
                device=None if number % 4 == 0 else f"device-{each % 9}",
                lat=None if number % 5 == 0 else 48.0 + each % 6,
                lon=None if number % 5 == 0 else 2.0 + each % 4,
            )
            for number, each in enumerate(mixed)
        ]
    )


async def _advance(state: StreamState, columns: Columns, at: slice) -> F32:
    return await state.advance(np.arange(at.start, at.stop), cut(columns, at))
