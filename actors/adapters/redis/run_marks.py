"""A run's own connection to its store: whether that answers, and a mark for each run that left nothing undecided."""

import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from actors.adapters.redis.address import StoreAddress
from actors.adapters.redis.connection import TIMEOUT_S, connect, told
from actors.core.errors import InputError

if TYPE_CHECKING:
    from redis.asyncio import Redis

KEPT_S: Final = 86_400  # as long as what runs have written
SETTLED: Final = "settled"


class RunMarks:
    """Marks of runs, and the connection that they go over.

    Args:
        address: of the store.
        timeout_s: of a call.

    Attributes:
        client: for whoever writes the run's features.
    """

    def __init__(self, address: StoreAddress, timeout_s: float = TIMEOUT_S) -> None:
        self._address = address
        self.client: Redis = connect(address, timeout_s)

    async def answers(self) -> bool:
        """Return whether the store does."""
        from redis.exceptions import RedisError

        try:
            await self.client.ping()
        except (RedisError, OSError):
            return False
        return True

    async def settle(self, keys: str) -> None:
        """Mark the run whose keys begin with ``keys`` as one that left nothing; a store that is gone learns nothing."""
        from redis.exceptions import RedisError

        with contextlib.suppress(RedisError, OSError):
            await self.client.set(keys + SETTLED, 1, ex=KEPT_S)

    async def settled(self, keys: Iterable[str]) -> list[bool]:
        """Return for each run, by what its keys begin with, whether it has such a mark.

        Raises:
            InputError: the store does not tell.
        """
        from redis.exceptions import RedisError

        try:
            return [bool(await self.client.exists(each + SETTLED)) for each in keys]
        except (RedisError, OSError) as error:
            raise InputError(f"{self._address.url}: {told(error)}") from error

    async def close(self) -> None:
        """Close the connection, whatever state it is in."""
        with contextlib.suppress(Exception):
            await self.client.aclose()
