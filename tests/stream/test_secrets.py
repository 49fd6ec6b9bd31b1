"""Passwords in addresses: refused wherever an address is given, and repeated nowhere."""

from pathlib import Path

import pytest

from sim.cli import main
from sim.exit_codes import USAGE

SECRET = "hunter2"
STREAM, STORE = "kafka://127.0.0.1:1/x", "redis://127.0.0.1:1"
SCENARIO = "version: 1\nname: small\nphases: [{name: steady, duration: 8s, rate: 100}]\n"
STREAMS = (
    f"kafka://me:{SECRET}@127.0.0.1:1/x",
    f"kafka:/me:{SECRET}@127.0.0.1:1/x",
    f"kafka://127.0.0.1:1/x?sasl.password={SECRET}",
    f"kafka://127.0.0.1:1,me:{SECRET}@127.0.0.1:2/x",
    f"me:{SECRET}@127.0.0.1:1/x",
    f"kafka://me:{SECRET}%40127.0.0.1:1/x",
    f"kafka://127.0.0.1:1/x#{SECRET}",
)
STORES = (
    f"redis://:{SECRET}@127.0.0.1:1",
    f"redis://me:{SECRET}@127.0.0.1:1/0",
    f"redis://127.0.0.1:1/0?password={SECRET}",
    f"http://me:{SECRET}@127.0.0.1:1",
    f"redis://:{SECRET}%40127.0.0.1:1",
    f"redis://127.0.0.1:1/0#{SECRET}",
)


@pytest.mark.parametrize("address", STREAMS)
@pytest.mark.parametrize("command", [("worker",), ("run", "burst"), ("refresh", "--run", "live", "--model", "m")])
def test_an_address_of_a_stream_with_a_password_is_refused_and_not_repeated(
    command: tuple[str, ...], address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, exit code 2, whatever command it was given to and whatever form it has."""
    assert_refused([*command, "--stream", address, "--store", STORE], capsys)


@pytest.mark.parametrize("address", STORES)
@pytest.mark.parametrize("command", [("worker",), ("run", "burst"), ("refresh", "--run", "live", "--model", "m")])
def test_an_address_of_a_store_with_a_password_is_refused_and_not_repeated(
    command: tuple[str, ...], address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, exit code 2, whatever command it was given to and whatever form it has."""
    assert_refused([*command, "--stream", STREAM, "--store", address], capsys)


@pytest.mark.parametrize(
    ("section", "address"),
    [
        *(("source: {kind: kafka, address: '%s'}", address) for address in STREAMS),
        *(
            (part + ": {store: {kind: redis, address: '%s'}}", at)
            for part in ("feature_store", "windows")
            for at in STORES
        ),
    ],
)
def test_a_scenario_with_a_password_in_it_is_not_valid(
    section: str, address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where it is only looked at: a run would write it into its folder."""
    file = tmp_path / "small.yaml"
    file.write_text(f"{SCENARIO}pipeline: {{{section % address}}}\n")
    assert_refused(["validate", str(file)], capsys)
    file.write_text(SCENARIO)
    assert_refused(["validate", str(file), "--set", f"pipeline.{section.split(':', maxsplit=1)[0]}={address}"], capsys)


def assert_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Run a command and check that it is refused in a line that has no secret."""
    assert main(words) == USAGE
    told = capsys.readouterr()
    assert len(told.err.splitlines()) == 1
    assert SECRET not in told.out + told.err
