"""The connection to Redis."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redis.asyncio import Redis


def connect(url: str, timeout_s: float = 0.25) -> "Redis":
    """Return a client that fails within ``timeout_s`` instead of trying again."""
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    return Redis.from_url(url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, retry=Retry(NoBackoff(), 0))


def told(error: Exception) -> str:
    """Return in a line what went wrong."""
    return " ".join(str(error).split())


def unanswered(error: BaseException | None) -> bool:
    """Return whether ``error`` is the lack of an answer, rather than one: the call may have been carried out."""
    from redis.exceptions import ConnectionError as ConnectionFailedError
    from redis.exceptions import TimeoutError as TimedOutError

    return isinstance(error, (ConnectionFailedError, TimedOutError, OSError))
