"""The two servers that a command is given: where transactions stream, and where state is kept."""

from dataclasses import dataclass
from pathlib import Path

from actors.adapters.kafka.address import StreamAddress, parse_stream
from actors.adapters.redis.address import StoreAddress, parse_store
from actors.core.errors import InputError

KEYS = "rd"  # what the name of every key of ours begins with


@dataclass(frozen=True, slots=True)
class Places:
    """The servers of a run."""

    stream: StreamAddress
    store: StoreAddress

    def keys_of(self, run: str) -> str:
        """Return what the names of all keys of ``run`` begin with."""
        return f"{KEYS}:{self.stream.prefix}:{run}:"


def agreed_places(stream: str, store: str, config: Path | None, what: str, *, agreed: bool) -> Places:
    """Return the servers that a command line names.

    Args:
        stream: address of the stream.
        store: address of the store.
        config: file of settings of the stream's client; None without.
        what: what will be done there, for the refusal.
        agreed: whether the user has agreed to do it on other machines than this one.

    Raises:
        InputError: an address cannot be used, or is another machine's and nobody has agreed.
    """
    places = Places(parse_stream(stream, config), parse_store(store))
    elsewhere = [each.url for each in (places.stream, places.store) if not each.loopback]
    if elsewhere and not agreed:
        named = " and ".join(elsewhere)
        verb = "is" if len(elsewhere) == 1 else "are"
        raise InputError(f"{named} {verb} not on this machine: {what}; say --yes if that is meant")
    return places
