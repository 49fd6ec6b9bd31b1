"""Where a pipeline keeps its state, as a scenario says it; reading one imports no client."""

from typing import ClassVar

import msgspec

from actors.config import Wait
from actors.core.clock import NS_PER


class StoreConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What a scenario says of where state is kept; ``kind`` is its name in a file."""

    kind: ClassVar[str] = ""


class MemoryStore(StoreConfig, frozen=True, kw_only=True):
    """In the pipeline's own process; it dies with it."""

    kind: ClassVar[str] = "memory"


class RedisStore(StoreConfig, frozen=True, kw_only=True):
    """In Redis, for the workers of a run on a stream.

    Attributes:
        address: as in redis://127.0.0.1:16379; no user and no password.
        kept_ns: how long what a run has written there outlives it.
    """

    kind: ClassVar[str] = "redis"
    address: str
    kept_ns: Wait = NS_PER["d"]

    @property
    def kept_s(self) -> int:
        """The same in whole seconds, at least 1: Redis takes no parts of one."""
        return max(1, self.kept_ns // NS_PER["s"])


def kept_s(store: StoreConfig) -> int:
    """Return how long workers' state is kept in ``store``: as long as by default where it does not say."""
    return store.kept_s if isinstance(store, RedisStore) else RedisStore(address="").kept_s


STORES: dict[str, type[StoreConfig]] = {each.kind: each for each in (MemoryStore, RedisStore)}
