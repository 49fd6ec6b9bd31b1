"""The address that an endpoint is asked to listen at."""

import errno
import os
import socket

import pytest

from actors.core.errors import InputError
from sim.metrics_endpoint.address import MetricsAddress, address_of


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "must be HOST:PORT, as in 127.0.0.1:9464"),
        ("9464", "must be HOST:PORT, as in 127.0.0.1:9464"),
        (":9464", "must be HOST:PORT, as in 127.0.0.1:9464"),
        ("here:", "must be HOST:PORT, as in 127.0.0.1:9464"),
        ("::1:9464", "must be HOST:PORT, as in 127.0.0.1:9464"),
        ("http://127.0.0.1:9464", "must be HOST:PORT, as in 127.0.0.1:9464"),
        ("127.0.0.1:65536", "the port must be at most 65535; 0 is any that is free"),
    ],
)
def test_what_is_no_address_is_refused_with_an_example(text: str, why: str) -> None:
    """The line quotes what was written and says how it is written."""
    with pytest.raises(InputError) as refused:
        MetricsAddress.parse(text)
    assert str(refused.value) == f"--metrics-addr {text}: {why}"


@pytest.mark.parametrize("text", ["127.0.0.1:0", "[::1]:9464", "localhost:1", "0.0.0.0:65535"])
def test_an_address_is_written_as_it_is_read(text: str) -> None:
    """What is told of an address can be typed again."""
    assert str(MetricsAddress.parse(text)) == text


def test_a_taken_port_is_refused_and_what_to_do_is_said() -> None:
    """Two endpoints have two addresses."""
    with MetricsAddress("127.0.0.1", 0).listen() as first:
        taken = address_of(first, MetricsAddress("127.0.0.1", 0))
        with pytest.raises(InputError) as refused:
            taken.check_free()
    assert str(refused.value) == (
        f"--metrics-addr {taken}: somebody else listens there; name another port, or 0 for any that is free"
    )
    taken.check_free()


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("192.0.2.7", "this machine does not have that address"),  # of the block for documentation, which nobody has
        ("no-such-host.invalid", "no-such-host.invalid is no address that is known here"),
        ("a..b", "a..b is no address that is known here"),
    ],
)
def test_an_address_elsewhere_is_refused(host: str, why: str) -> None:
    """An endpoint listens on this machine."""
    with pytest.raises(InputError, match=why):
        MetricsAddress(host, 9464).listen()


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (errno.EACCES, "this port needs rights that you do not have; name one from 1024 on"),
        (errno.ENOBUFS, f"cannot listen there: {os.strerror(errno.ENOBUFS)}; name another address"),
    ],
)
def test_what_the_system_forbids_is_said_in_a_line(monkeypatch: pytest.MonkeyPatch, number: int, why: str) -> None:
    """A privileged port, and whatever else the system has against it."""

    class Forbidden(socket.socket):
        def bind(self, place: object) -> None:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(socket, "socket", Forbidden)
    with pytest.raises(InputError, match=why):
        MetricsAddress("127.0.0.1", 80).listen()


@pytest.mark.parametrize(("host", "warned"), [("127.0.0.1", False), ("::1", False), ("0.0.0.0", True), ("::", True)])
def test_whoever_lets_others_in_is_warned(host: str, warned: bool) -> None:
    """Loopback is read by this machine alone, and needs no warning."""
    assert bool(MetricsAddress(host, 9464).warning) == warned


def test_ports_after_an_address_are_counted_and_any_free_one_stays_that() -> None:
    """Workers that a run starts itself listen on the ports behind its own."""
    assert MetricsAddress("::1", 9464).after(2) == MetricsAddress("::1", 9466)
    assert MetricsAddress("::1", 0).after(2) == MetricsAddress("::1", 0)
    with pytest.raises(InputError, match="2 more ports are needed after it"):
        MetricsAddress("127.0.0.1", 65_534).after(2)
