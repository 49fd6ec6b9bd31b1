"""The connection to Redis, and what its errors say to whoever can mend it."""

import asyncio
from typing import TYPE_CHECKING, Final

from actors.adapters.redis.address import PASSWORD_VARIABLE, USER_VARIABLE, StoreAddress, credentials, parse_store
from actors.core.errors import InputError

if TYPE_CHECKING:
    from redis.asyncio import Redis

TIMEOUT_S: Final = 0.25
START_TIMEOUT_S: Final = 5.0  # before a run nobody waits for a decision
PROBE_S: Final = 60
OLDEST_VERSION: Final = 7  # the first that has functions
WRONG_PASSWORD: Final = f"Redis refuses the password in {PASSWORD_VARIABLE}, or the user in {USER_VARIABLE}"

_TOLD: Final = (  # what the server's refusals begin with
    ("NOAUTH", f"Redis requires a password: export {PASSWORD_VARIABLE}"),
    ("WRONGPASS", WRONG_PASSWORD),
    ("NOPERM", f"Redis does not let the user in {USER_VARIABLE} do this"),
    ("READONLY", "Redis is read-only here: name the primary, not a replica of it"),
    ("OOM", "Redis is out of memory: raise its maxmemory, or remove what others left there"),
    ("MISCONF", "Redis refuses to write because it cannot save to its disk"),
    ("LOADING", "Redis is still loading its data"),
    ("MASTERDOWN", "Redis is a replica that has lost its primary"),
    ("LAYOUT", "Redis holds keys of another version of riskdrill under this run's prefix: end what publishes them"),
    ("UNKNOWN COMMAND", f"Redis is too old: {OLDEST_VERSION}.0 or later is needed, which has functions"),
    ("AUTHENTICATION REQUIRED", f"Redis requires a password: export {PASSWORD_VARIABLE}"),
    ("INVALID USERNAME-PASSWORD", WRONG_PASSWORD),
    ("HELLO MUST BE CALLED", f"Redis requires a password: export {PASSWORD_VARIABLE}"),
)
_AWAY: Final = "Redis is not there"
_KINDS: Final = {"READONLY": "READONLY", "OOM": "OUTOFMEMORY", "LOADING": "BUSYLOADING", "NOPERM": "NOPERMISSION"}


class PackedByHiredis:
    """A connection that puts its commands together in C.

    redis-py 8.1 does so for blocking connections only; in Python it takes an eighth of a worker's time.
    """

    def pack_command(self, command: str, *arguments: str | bytes | int) -> list[bytes]:
        """Return ``command``, which may be several words, with its arguments as they are sent."""
        from hiredis import pack_command

        return [pack_command((*command.split(), *arguments))]  # type: ignore[arg-type]  # its types say one of each


class KeepsCancellations:
    """A connection that does not go on when its caller is cancelled while it sends.

    redis-py sends by `asyncio.wait_for`, which before Python 3.12 loses a cancellation that comes together with what it
    waits for: the caller would go on as if nobody had ended it.
    """

    async def send_packed_command(self, command: object, check_health: bool = True) -> None:  # noqa: FBT001, FBT002 - as there
        """Send ``command``, and let the connection go if its caller was cancelled meanwhile: an answer is to come."""
        caller = asyncio.current_task()
        before = 0 if caller is None else caller.cancelling()
        await super().send_packed_command(command, check_health)  # type: ignore[misc]  # mixed into one that has it
        if caller is not None and caller.cancelling() > before:
            await self.disconnect(nowait=True)  # type: ignore[attr-defined]  # as above
            raise asyncio.CancelledError


def connect(address: StoreAddress | str, timeout_s: float = TIMEOUT_S) -> "Redis":
    """Return a client that fails within ``timeout_s`` instead of trying again; nothing is sent yet.

    User and password come from the environment.

    Raises:
        InputError: ``address`` is a text and none of Redis.
    """
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    place = parse_store(address) if isinstance(address, str) else address
    secrets = credentials()
    client = Redis(
        host=place.host,
        port=place.port,
        db=place.database,
        ssl=place.encrypted,
        username=secrets.get("username"),
        password=secrets.get("password"),
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 0),
    )
    pool = client.connection_pool
    kind = pool.connection_class
    pool.connection_class = type(kind.__name__, (KeepsCancellations, PackedByHiredis, kind), {})
    return client


async def check_store(address: StoreAddress, prefix: str) -> None:
    """Return if the server is there, is new enough, and lets us write under ``prefix``, where a key ends in a minute.

    Raises:
        InputError: it is not, in one line.
    """
    from redis.exceptions import RedisError

    client = connect(address, START_TIMEOUT_S)
    try:
        await client.execute_command("FUNCTION", "STATS")  # type: ignore[no-untyped-call]
        await client.set(f"{prefix}probe", 1, ex=PROBE_S)
    except (RedisError, OSError) as error:
        why = told(error)
        remedy = "; see that it runs, and that this is its address" if why.startswith(_AWAY) else ""
        raise InputError(f"{address.url}: {why}{remedy}") from error
    finally:
        await client.aclose()


def told(error: BaseException) -> str:
    """Return in a line what went wrong, and what to do where that is known; nothing that is secret."""
    from redis.exceptions import ConnectionError as ConnectionFailedError
    from redis.exceptions import TimeoutError as TimedOutError

    text = " ".join(str(error).split()).rstrip(".")
    kind = type(error).__name__.removesuffix("Error").upper()  # the client cuts the first word off some refusals
    for beginning, meaning in _TOLD:
        if text.upper().startswith(beginning) or kind == _KINDS.get(beginning):
            return meaning
    if isinstance(error, TimedOutError):
        return "Redis did not answer in time"
    if isinstance(error, ConnectionFailedError | OSError):
        return f"{_AWAY}: {text}" if text else _AWAY
    return f"Redis refuses: {text}"


def unanswered(error: BaseException | None) -> bool:
    """Return whether ``error`` is the lack of an answer, rather than one: the call may have been carried out."""
    from redis.exceptions import ConnectionError as ConnectionFailedError
    from redis.exceptions import TimeoutError as TimedOutError

    return isinstance(error, (ConnectionFailedError, TimedOutError, OSError))
