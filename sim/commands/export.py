"""The command that makes files for other systems: ``export``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from actors.core.errors import InputError, OutputError
from sim.commands.console import Overrides, scenario_argument
from sim.installation import PROGRAM

LONGEST_S: Final = 120  # Prometheus takes readings of the last five minutes


class System(StrEnum):
    """For which system a file is made."""

    PROMETHEUS = "prometheus"
    GRAFANA = "grafana"


def export(
    system: Annotated[System, typer.Argument(help="prometheus: alert rules; grafana: a dashboard.", metavar="SYSTEM")],
    scenario: Annotated[
        Path | None, scenario_argument("Whose alerts: a scenario file, or name of a shipped one; of prometheus only.")
    ] = None,
    overrides: Overrides = None,
    scrape_interval: Annotated[
        str | None,
        typer.Option(help="How often Prometheus reads the endpoint, as in 15s; 1s without it.", metavar="TIME"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; standard output without it.")
    ] = None,
) -> int:
    """Make alert rules for Prometheus from a scenario, or a dashboard for Grafana.

    The rules are the built-in alerts and the scenario's own, with its waits, severities and runbooks. What PromQL
    cannot say is named in a comment and on standard error. A rule takes two readings at least: with a --scrape-interval
    longer than 1s short windows become longer, and a comment says which.

    The dashboard shows what `run --metrics-addr` serves, and marks phases and faults.

    Exit code: 0; 2 if the scenario cannot be used or the file not be written.

    Example: python -m sim export prometheus burst -o rules.yaml
    """
    if system is System.GRAFANA:
        if scenario is not None:
            raise InputError(f"export grafana {scenario}: one dashboard shows any scenario; leave it out")
        if scrape_interval is not None:
            raise InputError(f"--scrape-interval {scrape_interval}: Grafana knows its Prometheus'; leave it out")
        from sim.exports.dashboard import dashboard

        _write(dashboard(), output)
        return 0
    if scenario is None:
        raise InputError(f"export prometheus: needs the scenario whose alerts it is; {PROGRAM} list names all")
    from sim.exports.rules import rule_file
    from sim.scenario.loader import load

    read = load(scenario, tuple(overrides or ()), files_required=False, needs_model=False)
    made = rule_file(read) if scrape_interval is None else rule_file(read, _read_every_s(scrape_interval))
    for words, lines in (("left out", made.left_out), ("not quite the same", made.remarks)):
        for line in lines:
            typer.echo(f"{words}: {line}", err=True)
    _write(made.text.encode(), output)
    return 0


def _read_every_s(text: str) -> float:
    """Return how often the endpoint is read.

    Raises:
        InputError: it is no duration, or beyond its bounds.
    """
    from sim.units import NS_PER, parse_duration

    try:
        every_s = parse_duration(text) / NS_PER["s"]
    except ValueError as error:
        raise InputError(f"--scrape-interval {text}: {error}") from error
    if not 1 <= every_s <= LONGEST_S:
        raise InputError(f"--scrape-interval {text}: must be from 1s to 2m: Prometheus forgets a reading after five")
    return every_s


def _write(text: bytes, output: Path | None) -> None:
    """Write ``text`` to the file, or to standard output.

    Raises:
        OutputError: the file cannot be written.
    """
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_bytes(text)
    except OSError as error:
        raise OutputError(f"--output {output}: cannot be written: {error.strerror}; name another file") from error
