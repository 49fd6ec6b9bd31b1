"""Addresses of streams: what they mean, and each mistake in its own words."""

from pathlib import Path

import pytest

from actors.adapters.kafka.address import OURS, parse_stream, read_settings
from actors.core.errors import InputError


def test_an_address_names_brokers_and_topics() -> None:
    """Topics begin with the prefix, and the address is told again without any settings."""
    stream = parse_stream("kafka://127.0.0.1:19092,[::1]:9093/risk.drill")
    assert (stream.servers, stream.loopback) == ("127.0.0.1:19092,[::1]:9093", True)
    assert stream.topics.transactions == "risk.drill.transactions"
    assert stream.url == "kafka://127.0.0.1:19092,[::1]:9093/risk.drill"
    assert stream.client(group_id="g")["group.id"] == "g"


@pytest.mark.parametrize("host", ["192.0.2.1", "broker", "127.0.0.1:1,broker"])
def test_a_broker_elsewhere_is_no_loopback(host: str) -> None:
    """One that is not on this machine is enough."""
    assert not parse_stream(f"kafka://{host}:9092/x").loopback


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("redis://127.0.0.1:1/x", "begins with kafka://"),
        ("kafka://127.0.0.1/x", "'127.0.0.1' is not host:port"),
        ("kafka://127.0.0.1:99999/x", "is not host:port"),
        ("kafka://127.0.0.1:1,/x", "'' is not host:port"),
        ("kafka://127.0.0.1:1", "what the topics' names begin with"),
        ("kafka://127.0.0.1:1/a b", "what the topics' names begin with"),
        ("kafka://127.0.0.1:1/a/b", "what the topics' names begin with"),
        ("kafka://127.0.0.1:1/a?acks=1", "settings go to --stream-config"),
    ],
)
def test_each_mistake_has_its_own_sentence(text: str, told: str) -> None:
    """What is wrong, and an address that is right."""
    with pytest.raises(InputError, match="--stream") as caught:
        parse_stream(text)
    assert told in str(caught.value)


def test_credentials_in_an_address_are_refused_and_not_repeated() -> None:
    """Every list of processes would show them, and so would a log of the refusal."""
    with pytest.raises(InputError, match="--stream-config") as caught:
        parse_stream("kafka://ann:secret@127.0.0.1:1/x")
    assert "secret" not in str(caught.value)
    assert "ann" not in str(caught.value)


def test_secrets_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of settings has comments and empty lines, and names in the place of secrets."""
    file = tmp_path / "client.properties"
    file.write_text("# how we log in\n\nsecurity.protocol = SASL_SSL\nsasl.password = ${PASS_WORD}\n")
    monkeypatch.setenv("PASS_WORD", "a=b")
    assert read_settings(file) == {"security.protocol": "SASL_SSL", "sasl.password": "a=b"}
    monkeypatch.delenv("PASS_WORD")
    with pytest.raises(InputError, match=r"client\.properties:4: the environment has no PASS_WORD"):
        read_settings(file)


@pytest.mark.parametrize("name", sorted(OURS))
def test_settings_that_exactly_once_rests_on_are_ours(tmp_path: Path, name: str) -> None:
    """With other ones a row would be lost or decided twice."""
    file = tmp_path / "client.properties"
    file.write_text(f"{name} = x\n")
    with pytest.raises(InputError, match=f"client.properties:1: '{name}' is set by riskdrill"):
        read_settings(file)


def test_a_line_that_is_no_setting_is_told_without_its_text(tmp_path: Path) -> None:
    """It may hold a secret."""
    file = tmp_path / "client.properties"
    file.write_text("sasl.password\n")
    with pytest.raises(InputError, match=r":1: a line is 'name = value'") as caught:
        read_settings(file)
    assert "sasl.password" not in str(caught.value)
