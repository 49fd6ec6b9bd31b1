"""The ports with lookahead keep the laws of the ports."""

from actors.adapters.memory import InMemorySource
from actors.contracts.feature_store import FeatureStoreContract
from actors.contracts.source import SourceContract
from actors.contracts.stream_state import StreamStateContract
from actors.core.arrays import I64
from actors.features.store import BatchTable, FeatureStore, InMemoryFeatureStore
from actors.features.stream_state import InMemoryStreamState, StreamState
from actors.source import Source
from sim.lookahead.pages import Pages
from sim.lookahead.wrapped_ports import LookaheadAssembly, LookaheadSource, LookaheadStore
from tests.support.sim.lookahead import FEATURES


def assembly(store: InMemoryFeatureStore) -> LookaheadAssembly:
    """Return an assembly that nothing was announced to."""
    return LookaheadAssembly(FEATURES, InMemoryStreamState(), store, Pages(), lambda _features: None)


class TestLookaheadSource(SourceContract):
    """A source that is listened to."""

    async def holding(self, raws: list[bytes], due_ns: I64 | None) -> Source:
        return LookaheadSource(InMemorySource.of(raws, due_ns), Pages())


class TestLookaheadStore(FeatureStoreContract):
    """A store that is looked up in ahead of time."""

    async def serving(self, *tables: BatchTable) -> FeatureStore:
        store = InMemoryFeatureStore()
        for each in tables:
            await store.publish(each)
        return LookaheadStore(assembly(store))


class TestLookaheadWindows(StreamStateContract):
    """Windows that are counted into ahead of time."""

    async def empty(self) -> StreamState:
        return assembly(InMemoryFeatureStore())
