"""Laws of addresses of Redis, and of what its errors are told as."""

import pytest
from redis import exceptions

from actors.adapters.redis.address import PASSWORD_VARIABLE, StoreAddress, credentials, parse_store
from actors.adapters.redis.connection import connect, told, unanswered
from actors.core.errors import InputError

SECRET = "geheim"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("redis://127.0.0.1:16379", StoreAddress("127.0.0.1", 16_379)),
        ("redis://cache/2", StoreAddress("cache", 6_379, 2)),
        ("rediss://[::1]:7000", StoreAddress("::1", 7_000, encrypted=True)),
    ],
)
def test_an_address_is_read_as_it_is_written(text: str, address: StoreAddress) -> None:
    """Host, port, database and encryption; its text names the same server."""
    assert parse_store(text) == address
    assert parse_store(address.url) == address


@pytest.mark.parametrize(
    "text",
    ["kafka://h:1/x", "127.0.0.1:6379", "redis://", "redis://h:99999", "redis://h:0", "redis://h/x", "redis://h?a"],
)
def test_what_is_no_address_is_refused_in_a_line(text: str) -> None:
    """The text names what was written and how it is written."""
    with pytest.raises(InputError) as refused:
        parse_store(text)
    said = str(refused.value)
    assert text in said
    assert "redis://" in said
    assert "\n" not in said


@pytest.mark.parametrize(
    "text", [f"redis://u:{SECRET}@h:1", f"redis://:{SECRET}@h", f"{SECRET}@h", f"redis://h/{SECRET}@"]
)
def test_credentials_in_an_address_are_refused_and_not_repeated(text: str) -> None:
    """The refusal says where they go instead."""
    with pytest.raises(InputError) as refused:
        parse_store(text)
    assert SECRET not in str(refused.value)
    assert PASSWORD_VARIABLE in str(refused.value)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("192.0.2.7", False), ("h", False)],
)
def test_only_this_machine_is_loopback(host: str, loopback: bool) -> None:
    """Whatever a name stands for elsewhere, it is another machine until it says otherwise."""
    assert StoreAddress(host).loopback is loopback


def test_secrets_come_from_the_environment_and_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither address nor client shows the password."""
    monkeypatch.setenv(PASSWORD_VARIABLE, SECRET)
    assert credentials() == {"password": SECRET}
    address = parse_store("redis://127.0.0.1")
    assert SECRET not in f"{address} {address.url} {connect(address)}"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (exceptions.AuthenticationError("HELLO must be called with the client already authenticated"), "password"),
        (exceptions.AuthenticationError("Authentication required."), "password"),
        (exceptions.ReadOnlyError("You can't write against a read only replica."), "read-only"),
        (exceptions.ResponseError("OOM command not allowed when used memory > 'maxmemory'."), "out of memory"),
        (exceptions.OutOfMemoryError("command not allowed when used memory > 'maxmemory'."), "out of memory"),
        (exceptions.ResponseError("LAYOUT a row is 3 bytes long"), "another version"),
        (exceptions.ResponseError("unknown command 'FUNCTION'"), "too old"),
        (exceptions.BusyLoadingError("Redis is loading the dataset in memory"), "loading"),
        (exceptions.TimeoutError("Timeout reading from 127.0.0.1:1"), "in time"),
        (exceptions.ConnectionError("Error 111 connecting to 127.0.0.1:1"), "not there"),
    ],
)
def test_each_refusal_of_redis_is_told_in_a_line(error: Exception, words: str) -> None:
    """What is wrong, in words that say what to do."""
    assert words in told(error)
    assert "\n" not in told(error)


def test_only_the_lack_of_an_answer_is_unanswered() -> None:
    """A refusal is an answer: nothing was carried out."""
    assert unanswered(exceptions.TimeoutError())
    assert unanswered(ConnectionResetError())
    assert not unanswered(exceptions.ReadOnlyError())
