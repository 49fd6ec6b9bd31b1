"""Where the state of workers is kept: ``redis://127.0.0.1:16379``. No secret is part of it."""

import os
from dataclasses import dataclass
from typing import Final

from actors.adapters.address import split_address
from actors.adapters.loopback import is_loopback
from actors.core.errors import InputError

SCHEMES: Final = ("redis", "rediss")  # the second one with TLS
EXAMPLE: Final = "redis://127.0.0.1:16379"
PORT: Final = 6_379
USER_VARIABLE: Final = "RISKDRILL_REDIS_USER"
PASSWORD_VARIABLE: Final = "RISKDRILL_REDIS_PASSWORD"  # noqa: S105 - where it is, not what it is


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """A Redis server and one of its databases.

    Attributes:
        host: name or address.
        database: its number.
        encrypted: whether it is spoken to over TLS.
    """

    host: str
    port: int = PORT
    database: int = 0
    encrypted: bool = False

    @property
    def url(self) -> str:
        """The address as it is written."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        database = f"/{self.database}" if self.database else ""
        return f"{SCHEMES[self.encrypted]}://{host}:{self.port}{database}"

    @property
    def loopback(self) -> bool:
        """Whether it is on this machine, and reached by no network."""
        return is_loopback(self.host)


def parse_store(text: str, place: str = "--store") -> StoreAddress:
    """Return the server that ``text`` names.

    Args:
        text: as in `EXAMPLE`, and ``/1`` behind it for a database other than the first.
        place: where the user wrote it, for the refusal.

    Raises:
        InputError: it is no such address, or has credentials in it, which are not repeated.
    """
    instead = f"export {PASSWORD_VARIABLE} (and {USER_VARIABLE}) instead"
    parts = split_address(text, place, instead=instead, example=EXAMPLE)
    if parts.scheme not in SCHEMES:
        raise InputError(f"{place} {text}: an address of Redis begins with redis:// or rediss://, as in {EXAMPLE}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InputError(f"{place} {text}: {error}; an address looks like {EXAMPLE}") from error
    if not host or port == 0:
        raise InputError(f"{place} {text}: it names no host and port, as in {EXAMPLE}")
    database = parts.path.strip("/")
    if parts.query or parts.fragment or not (database.isdecimal() or not database):
        raise InputError(f"{place} {text}: only the number of a database may follow the port, as in {EXAMPLE}/1")
    return StoreAddress(host, port or PORT, int(database or 0), encrypted=parts.scheme == SCHEMES[1])


def credentials() -> dict[str, str]:
    """Return user and password from the environment, as far as they are there; never to be shown."""
    named = {"username": USER_VARIABLE, "password": PASSWORD_VARIABLE}
    return {name: os.environ[variable] for name, variable in named.items() if os.environ.get(variable)}
