"""Where a stream is: ``kafka://127.0.0.1:19092/riskdrill``, its topics, and settings of the client beside it."""

import os
import re
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from typing import Final

from actors.adapters.address import split_address
from actors.adapters.loopback import is_loopback
from actors.core.errors import InputError

SCHEME: Final = "kafka"
LAST_PORT: Final = 65_535
EXAMPLE: Final = "kafka://127.0.0.1:19092/riskdrill"
OURS: Final = frozenset(  # what delivery once and only once rests on, or what the address says
    {
        "auto.offset.reset",
        "bootstrap.servers",
        "enable.auto.commit",
        "enable.auto.offset.store",
        "enable.idempotence",
        "group.id",
        "group.instance.id",
        "group.protocol",
        "isolation.level",
        "metadata.broker.list",
        "transactional.id",
    }
)
STEADY: Final[Mapping[str, str | float]] = {  # of every client
    "log_level": 0,
    # or a client that is told of no broker at all, by one that its controller has shut out, drops the last one that it
    # knew and finds none again; those of a group must not, see `client.KEEPING`
    "metadata.recovery.strategy": "rebootstrap",
}
_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}")  # what a topic may be called, with room for our endings
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")
_ENVIRONMENT = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def check_topic(name: str) -> None:
    """Raise where Kafka has no topic of such a name.

    Raises:
        ValueError: its argument is the rule.
    """
    if not _TOPIC.fullmatch(name) or name in (".", ".."):
        raise ValueError("must be the name of a topic, of up to 249 letters, digits, '.', '_' and '-'")


@dataclass(frozen=True, slots=True)
class Topics:
    """The names of a stream's topics."""

    transactions: str
    decisions: str
    dead_letters: str
    control: str
    labels: str

    @classmethod
    def of(cls, prefix: str) -> "Topics":
        """Return the topics whose names begin with ``prefix``."""
        endings = ("transactions", "decisions", "dead-letters", "control", "labels")
        return cls(*(f"{prefix}.{ending}" for ending in endings))


@dataclass(frozen=True, slots=True)
class StreamAddress:
    """A stream: its brokers and the beginning of its topics' names.

    Attributes:
        servers: ``host:port``, at least one, with commas.
        prefix: what the names of its topics begin with.
        settings: of the client, from a file; never logged, as passwords are among them.
        names: of topics that are called otherwise than by the prefix, by the fields of `Topics`.
    """

    servers: str
    prefix: str
    settings: Mapping[str, str]
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def topics(self) -> Topics:
        """Its topics."""
        return replace(Topics.of(self.prefix), **self.names)

    def named(self, names: Mapping[str, str]) -> "StreamAddress":
        """Return the same stream with topics called by ``names``.

        Raises:
            ValueError: two topics would be one; its arguments are rule and name.
        """
        stream = replace(self, names=dict(names))
        called = astuple(stream.topics)
        for name in names.values():
            if called.count(name) > 1:
                raise ValueError("must be another topic than the stream's others", name)
        return stream

    @property
    def url(self) -> str:
        """The address as it is written, without any settings."""
        return f"{SCHEME}://{self.servers}/{self.prefix}"

    def group_of(self, run: str) -> str:
        """Return the consumer group of the workers of ``run``."""
        return f"{self.prefix}.{run}"

    @property
    def loopback(self) -> bool:
        """Whether all of it is on this machine."""
        return all(is_loopback(server.rpartition(":")[0].strip("[]")) for server in self.servers.split(","))

    def client(self, **own: str | float) -> dict[str, str | float]:
        """Return the settings of a client: those of the file, the brokers, and ``own``, with dots for underscores."""
        named = {name.replace("_", "."): value for name, value in own.items()}
        return {**self.settings, "bootstrap.servers": self.servers, **STEADY, **named}


def parse_stream(text: str, config: Path | None = None, place: str = "--stream") -> StreamAddress:
    """Return the stream that ``text`` names.

    Args:
        text: as in `EXAMPLE`.
        config: file of the client's settings, see `read_settings`.
        place: where it was written, for errors.

    Raises:
        InputError: it is no such address, has credentials in it, or the file cannot be used.
    """
    instead = "put sasl.username and sasl.password into a file and name it with --stream-config"
    parts = split_address(text, place, instead=instead, example=EXAMPLE)
    if parts.scheme != SCHEME:
        raise InputError(f"{place} {text}: an address of a stream begins with {SCHEME}://, as in {EXAMPLE}")
    if parts.query or parts.fragment:
        raise InputError(f"{place} {text}: nothing may follow the topics' prefix; settings go to --stream-config")
    for server in parts.netloc.split(","):
        _check_server(f"{place} {text}", server)
    prefix = parts.path.strip("/")
    if not _PREFIX.fullmatch(prefix):
        raise InputError(
            f"{place} {text}: after the brokers comes what the topics' names begin with, of letters, digits, '.', '_' "
            f"and '-', as in {EXAMPLE}"
        )
    return StreamAddress(parts.netloc, prefix, {} if config is None else read_settings(config))


def _check_server(said: str, server: str) -> None:
    host, colon, port = server.rpartition(":")
    if not (colon and host and port.isdecimal() and 0 < int(port) <= LAST_PORT):
        raise InputError(f"{said}: '{server}' is not host:port, as in {EXAMPLE}")


def read_settings(file: Path) -> dict[str, str]:
    """Return the settings in ``file``: one ``name = value`` a line, as librdkafka calls them; ``#`` begins a comment.

    ``${NAME}`` in a value stands for what the environment holds under that name, so that no secret is in the file.

    Raises:
        InputError: it cannot be read, or a line breaks a rule; no value is repeated.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read: {error}") from error
    settings: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = (part.strip() for part in line.partition("="))
        if not (equals and name):
            raise InputError(f"{file}:{number}: a line is 'name = value', as in security.protocol = SASL_SSL")
        if name in OURS or name.startswith("ssl.engine"):
            raise InputError(f"{file}:{number}: '{name}' is set by riskdrill; leave it out")
        settings[name] = _filled_in(value, f"{file}:{number}")
    return settings


def _filled_in(value: str, where: str) -> str:
    def of_environment(found: re.Match[str]) -> str:
        filled = os.environ.get(found[1])
        if filled is None:
            raise InputError(f"{where}: the environment has no {found[1]}; export it before you start riskdrill")
        return filled

    return _ENVIRONMENT.sub(of_environment, value)
