"""Where an endpoint listens: the address that a command line names, and the socket that takes it."""

import errno
import re
import socket
from dataclasses import dataclass
from typing import Final

from actors.adapters.loopback import is_loopback
from actors.core.errors import InputError

OPTION: Final = "--metrics-addr"
EXAMPLE: Final = "127.0.0.1:9464"
LARGEST_PORT: Final = 65_535
WAITING: Final = 32  # connections that wait to be taken; a scraper has one
_FORM: Final = re.compile(r"(?:\[(?P<six>[^\]\s]+)\]|(?P<host>[^:\[\]\s]+)):(?P<port>\d{1,6})")


@dataclass(frozen=True, slots=True)
class MetricsAddress:
    """Where an endpoint listens.

    Attributes:
        host: name or address, without brackets.
        port: 0 is any that is free.
    """

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "MetricsAddress":
        """Return the address that ``text`` names.

        Raises:
            InputError: it names none.

        Example:
            >>> MetricsAddress.parse("127.0.0.1:9464"), str(MetricsAddress.parse("[::1]:0"))
            (MetricsAddress(host='127.0.0.1', port=9464), '[::1]:0')
        """
        match = _FORM.fullmatch(text)
        if match is None:
            raise InputError(f"{OPTION} {text}: must be HOST:PORT, as in {EXAMPLE}")
        port = int(match["port"])
        if port > LARGEST_PORT:
            raise InputError(f"{OPTION} {text}: the port must be at most {LARGEST_PORT}; 0 is any that is free")
        return cls(match["six"] or match["host"], port)

    def after(self, number: int) -> "MetricsAddress":
        """Return the address ``number`` ports further on; any free one stays any free one.

        Raises:
            InputError: there are not so many ports.
        """
        if not self.port:
            return self
        if self.port + number > LARGEST_PORT:
            raise InputError(f"{OPTION} {self}: {number} more ports are needed after it; name a smaller one, or 0")
        return MetricsAddress(self.host, self.port + number)

    def listen(self) -> socket.socket:
        """Return a socket that listens there.

        Raises:
            InputError: it cannot be had.
        """
        try:
            family, kind, protocol, _, place = socket.getaddrinfo(
                self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
        except (OSError, UnicodeError) as error:
            raise InputError(f"{OPTION} {self}: {self.host} is no address that is known here; {EXAMPLE} is") from error
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # after a run that has just ended
            listener.bind(place)
            listener.listen(WAITING)
        except OSError as error:
            listener.close()
            raise InputError(f"{OPTION} {self}: {_why(error)}") from error
        return listener

    def check_free(self) -> None:
        """Check that an endpoint could listen there now.

        Raises:
            InputError: it could not.
        """
        self.listen().close()

    @property
    def warning(self) -> str:
        """What whoever lets others in should know; "" where only this machine reads."""
        if is_loopback(self.host):
            return ""
        return f"{OPTION} {self}: whoever reaches this machine can read these figures, without a password"

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address_of(listener: socket.socket, asked: MetricsAddress) -> MetricsAddress:
    """Return where ``listener`` listens, for which ``asked`` was asked: with its port, whatever that was."""
    return MetricsAddress(asked.host, listener.getsockname()[1])


def _why(error: OSError) -> str:
    """Return why a socket could not be had, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return "somebody else listens there; name another port, or 0 for any that is free"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return "this port needs rights that you do not have; name one from 1024 on"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"this machine does not have that address; {EXAMPLE} can be read here, 0.0.0.0:9464 from elsewhere too"
    return f"cannot listen there: {error.strerror}; name another address, as in {EXAMPLE}"
