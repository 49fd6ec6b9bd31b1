"""A run's own connection to its store: whether that answers, and marks of runs.

Keys, behind the prefix of a run: ``here`` says that the run keeps its state in this store, whatever the address is
called elsewhere; ``settled`` that it left nothing undecided.
"""

import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from actors.adapters.redis.address import StoreAddress
from actors.adapters.redis.connection import TIMEOUT_S, connect, told, unanswered
from actors.core.errors import InputError

if TYPE_CHECKING:
    from redis.asyncio import Redis

KEPT_S: Final = 86_400  # as long as what runs have written
HERE: Final = "here"
SETTLED: Final = "settled"


class RunMarks:
    """Marks of runs, and the connection that they go over.

    Args:
        address: of the store.
        timeout_s: of a call.

    Attributes:
        client: for whoever writes the run's features.
        refusal: why the store did not take the last mark though it answers, in one line; "" where it took it.
    """

    def __init__(self, address: StoreAddress, timeout_s: float = TIMEOUT_S) -> None:
        self._address = address
        self.client: Redis = connect(address, timeout_s)
        self.refusal = ""

    async def mark(self, keys: str) -> bool:
        """Mark the store as that of the run whose keys begin with ``keys``; return whether it answers.

        To be repeated: a store that comes back empty has lost the mark.
        """
        from redis.exceptions import RedisError

        try:
            await self.client.set(keys + HERE, 1, ex=KEPT_S)
        except (RedisError, OSError) as error:
            self.refusal = "" if unanswered(error) else told(error)
            return not unanswered(error)
        self.refusal = ""
        return True

    async def has(self, keys: str) -> bool:
        """Return whether this is the store of the run whose keys begin with ``keys``.

        Raises:
            InputError: it does not tell.
        """
        return (await self._marked([keys], HERE))[0]

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
        return await self._marked(keys, SETTLED)

    async def _marked(self, keys: Iterable[str], mark: str) -> list[bool]:
        from redis.exceptions import RedisError

        try:
            return [bool(await self.client.exists(each + mark)) for each in keys]
        except (RedisError, OSError) as error:
            raise InputError(f"{self._address.url}: {told(error)}") from error

    async def close(self) -> None:
        """Close the connection, whatever state it is in."""
        with contextlib.suppress(Exception):
            await self.client.aclose()
